/**
 * The kernels that folders name in their `snoopscope.json`. For a document the nearest one counts, from its own folder up.
 * Reading takes time, answers do not wait: a document is looked at with what has been read, and again when a file has arrived.
 */
import {
  KERNELS_FILE,
  type KernelsFile,
  type KernelsProblem,
  type NamedKernels,
  readKernelsFile,
} from '@snoopscope/sim-core';
import type { Diagnostic } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { keyOf, type ReadFile } from './includes.ts';

/** What is wrong in a file, for its user; nothing when it has been put right or is gone. */
export type Complain = (uri: string, problems: readonly KernelsProblem[], text: string) => void;

export class KernelFiles {
  readonly #readFile: ReadFile;
  /** By key; undefined when there is no such file. */
  readonly #files = new Map<string, KernelsFile | undefined>();
  readonly #reading = new Map<string, Promise<void>>();
  readonly #wrong = new Set<string>();
  /** Called once for each version of a file that is not right, and once when it no longer is wrong. */
  complain: Complain = () => {};

  constructor(readFile: ReadFile) {
    this.#readFile = readFile;
  }

  /** The names that count for a document, as far as the files were read. */
  namedFor(uri: string): NamedKernels | undefined {
    for (const candidate of candidates(uri)) {
      const key = keyOf(candidate);
      if (!this.#files.has(key)) return undefined;
      const file = this.#files.get(key);
      if (file !== undefined) return file.named;
    }
    return undefined;
  }

  /** The nearest place where a file may be and nobody has looked yet; undefined when the names are known. */
  missingFor(uri: string): string | undefined {
    for (const candidate of candidates(uri)) {
      const key = keyOf(candidate);
      if (!this.#files.has(key)) return candidate;
      if (this.#files.get(key) !== undefined) return undefined;
    }
    return undefined;
  }

  /** Reads what is missing for a document. True when there was anything to read. */
  async read(uri: string): Promise<boolean> {
    let some = false;
    for (let next = this.missingFor(uri); next !== undefined; next = this.missingFor(uri)) {
      await (this.#reading.get(keyOf(next)) ?? this.#read(next));
      some = true;
    }
    return some;
  }

  /** A file changed on disk. False when it is another kind of file. */
  forget(uri: string): boolean {
    if (!uri.endsWith(`/${KERNELS_FILE}`)) return false;
    this.#files.delete(keyOf(uri));
    return true;
  }

  #read(uri: string): Promise<void> {
    const key = keyOf(uri);
    const reading = this.#readFile(uri).then((text) => {
      this.#reading.delete(key);
      const file = text === undefined ? undefined : readKernelsFile(text);
      this.#files.set(key, file);
      const problems = file?.problems ?? [];
      if (problems.length === 0 && !this.#wrong.delete(key)) return;
      if (problems.length > 0) this.#wrong.add(key);
      this.complain(uri, problems, text ?? '');
    });
    this.#reading.set(key, reading);
    return reading;
  }
}

/** As the client wants it. */
export function problemOfFile({ message, start, end }: KernelsProblem, text: string): Diagnostic {
  const file = TextDocument.create('', '', 0, text);
  const range = { start: file.positionAt(start), end: file.positionAt(end) };
  return { range, severity: 1, source: 'snoopscope', message };
}

/** Where the file may be, the nearest place first; none for a document that was never saved. */
function candidates(uri: string): readonly string[] {
  const places: string[] = [];
  try {
    for (let folder = new URL('.', uri); ; folder = new URL('..', folder)) {
      const place = new URL(KERNELS_FILE, folder).href;
      if (places.at(-1) === place) return places;
      places.push(place);
    }
  } catch {
    return places;
  }
}
