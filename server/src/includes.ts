/**
 * The files of `include` lines. Reading takes time, answers do not wait: a document is looked at with the files read so
 * far, and again when a file has arrived.
 */
import { includedFiles, LIMITS, type ParsedScenario, parse } from '@snoopscope/sim-core';
import type { IncludedFile } from './snapshot.ts';

/** Reads a file that is not open; undefined when there is none. Must not reject. */
export type ReadFile = (uri: string) => Promise<string | undefined>;

/** A document that is open in the editor, whose unsaved text counts. */
export type OpenScenario = (key: string) => IncludedFile | undefined;

export class Includes {
  readonly #readFile: ReadFile;
  readonly #open: OpenScenario;
  /** By key; undefined when there is no such file. */
  readonly #files = new Map<string, ReadScenario | undefined>();
  readonly #reading = new Map<string, Promise<void>>();

  constructor(readFile: ReadFile, open: OpenScenario) {
    this.#readFile = readFile;
    this.#open = open;
  }

  /** The files that a scenario includes, by their path relative to it, and the URIs of those that are not read yet. */
  collect(
    uri: string,
    scenario: ParsedScenario,
  ): { files: ReadonlyMap<string, IncludedFile>; missing: readonly string[] } {
    const files = new Map<string, IncludedFile>();
    const missing: string[] = [];
    const paths = includedFiles(scenario);
    for (let next = paths.next(); !next.done; ) {
      const path = next.value;
      const target = resolve(uri, path);
      const file = target === undefined ? undefined : this.file(target);
      if (file !== undefined) files.set(path, file);
      else if (target !== undefined && !this.#files.has(keyOf(target))) missing.push(target);
      next = paths.next(file?.scenario);
    }
    return { files, missing };
  }

  /** A file as it is in the editor, or as it was read last. */
  file(uri: string): IncludedFile | undefined {
    const key = keyOf(uri);
    const read = this.#files.get(key);
    return this.#open(key) ?? (read && { uri, scenario: read.scenario });
  }

  /** Reads again files whose changes are not announced, as far as they are not open. True when one of them had. */
  async reread(uris: readonly string[]): Promise<boolean> {
    const before = uris.map((uri) => this.#files.get(keyOf(uri)));
    await Promise.all(uris.map((uri) => this.#reading.get(keyOf(uri)) ?? this.#read(uri)));
    return uris.some((uri, index) => this.#files.get(keyOf(uri)) !== before[index]);
  }

  /** Reads files; those that cannot be read are remembered as such. */
  async read(uris: readonly string[]): Promise<void> {
    await Promise.all(uris.map((uri) => this.#reading.get(keyOf(uri)) ?? this.#read(uri)));
  }

  /** A file changed on disk. */
  forget(uri: string): void {
    this.#files.delete(keyOf(uri));
  }

  #read(uri: string): Promise<void> {
    const key = keyOf(uri);
    const reading = this.#readFile(uri).then((text) => {
      const known = this.#files.get(key);
      if (text === undefined) this.#files.set(key, undefined);
      else if (known?.text !== text) this.#files.set(key, { text, scenario: parse(text) });
      this.#reading.delete(key);
    });
    this.#reading.set(key, reading);
    return reading;
  }
}

interface ReadScenario {
  readonly text: string;
  readonly scenario: ParsedScenario;
}

/** The same file has the same key, however its URI is encoded, and whatever case its drive has on Windows. */
export function keyOf(uri: string): string {
  const written = decoded(uri);
  return /^file:\/\/\/[A-Z]:/.test(written) ? `file:///${written.charAt(8).toLowerCase()}${written.slice(9)}` : written;
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

/** Bytes of the largest file that is worth reading: a larger one would be refused by the parser anyway. */
export const LARGEST_INCLUDE_BYTES = LIMITS.scenarioCharacters * 4;

/** The URI of a path relative to another file; undefined where files have no folder, as in an untitled document. */
function resolve(base: string, path: string): string | undefined {
  try {
    return new URL(path.replace(/[%?#]/g, encodeURIComponent), base).href;
  } catch {
    return undefined;
  }
}
