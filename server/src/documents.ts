import { contentsOfKind, type ParsedScenario, parse } from '@snoopscope/sim-core';
import type { Position, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Positions } from './encodings.ts';
import type { Family } from './families.ts';
import { Includes, keyOf, type ReadFile } from './includes.ts';
import { KernelFiles } from './kernel-files.ts';
import type { Settings } from './protocol.ts';
import { familyFrom, type IncludedFile, profileFor, type Snapshot } from './snapshot.ts';

interface Open {
  text: TextDocument;
  scenario: ParsedScenario;
  /** Whether it depends on other files. */
  includes: boolean;
  settings: Settings;
  /** Made when somebody asks, gone when anything that it depends on changes. */
  snapshot: Snapshot | undefined;
}

/** The documents that are open in the editor. Each change is parsed once, and only the lines that changed. */
export class Documents {
  readonly includes: Includes;
  readonly kernelFiles: KernelFiles;
  /** Converts changes for a client that does not count UTF-16. */
  positions: Positions | undefined;
  readonly #open = new Map<string, Open>();

  constructor(readFile: ReadFile) {
    this.includes = new Includes(readFile, (key) => this.#byKey(key));
    this.kernelFiles = new KernelFiles(readFile);
  }

  get uris(): readonly string[] {
    return [...this.#open.keys()];
  }

  open(uri: string, language: string, version: number, text: string): void {
    const scenario = parse(text, undefined, this.kernelFiles.namedFor(uri));
    this.#open.set(uri, {
      text: TextDocument.create(uri, language, version, text),
      scenario,
      includes: hasIncludes(scenario),
      settings: {},
      snapshot: undefined,
    });
    this.refresh();
  }

  /** False when the document is not open. */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): boolean {
    const open = this.#open.get(uri);
    if (open === undefined) return false;
    // One after the other: a change is about the text that the changes before it left.
    for (const change of changes) {
      const read = this.positions?.incoming(change, uri, (_, line) => lineOf(open.text, line)) ?? change;
      open.text = TextDocument.update(open.text, [read], version);
    }
    if (changes.length === 0) open.text = TextDocument.update(open.text, [], version);
    open.scenario = parse(open.text.getText(), open.scenario, this.kernelFiles.namedFor(uri));
    open.includes = hasIncludes(open.scenario);
    open.snapshot = undefined;
    this.refresh();
    return true;
  }

  /** Looks again at the names of kernels that count for each document; the documents for which they are others now. */
  refreshKernels(): readonly string[] {
    const changed: string[] = [];
    for (const [uri, open] of this.#open) {
      const named = this.kernelFiles.namedFor(uri);
      if (open.scenario.named === named) continue;
      open.scenario = parse(open.text.getText(), open.scenario, named);
      open.snapshot = undefined;
      changed.push(uri);
    }
    return changed;
  }

  close(uri: string): void {
    this.#open.delete(uri);
    this.refresh();
  }

  /** Whether a document includes files. */
  dependsOnOthers(uri: string): boolean {
    return this.#open.get(uri)?.includes ?? false;
  }

  settings(uri: string): Settings {
    return this.#open.get(uri)?.settings ?? {};
  }

  configure(uri: string, settings: Settings): void {
    const open = this.#open.get(uri);
    if (open === undefined) return;
    open.settings = settings;
    open.snapshot = undefined;
  }

  /** The document as it is now; undefined when it is not open. */
  snapshot(uri: string): Snapshot | undefined {
    const open = this.#open.get(uri);
    if (open === undefined) return undefined;
    open.snapshot ??= {
      uri,
      version: open.text.version,
      scenario: open.scenario,
      profile: profileFor(open.scenario, open.settings.kernel),
      included: this.includes.collect(uri, open.scenario).files,
    };
    return open.snapshot;
  }

  /** A scenario that is not open, as it was when it was last read. */
  closed(uri: string): Snapshot | undefined {
    const file = this.includes.file(uri);
    if (file === undefined) return undefined;
    const { files: included } = this.includes.collect(file.uri, file.scenario);
    const { scenario } = file;
    return { uri: file.uri, version: 0, scenario, profile: profileFor(scenario, undefined), included };
  }

  /** The files that have to be read before everything can be said about a document. */
  missing(uri: string): readonly string[] {
    const open = this.#open.get(uri);
    return open === undefined ? [] : this.includes.collect(uri, open.scenario).missing;
  }

  /** The files that have to be read before the families of these are whole. */
  missingOf(uris: readonly string[]): readonly string[] {
    return uris.flatMap((uri) => {
      const file = this.includes.file(uri);
      return file === undefined ? [] : this.includes.collect(file.uri, file.scenario).missing;
    });
  }

  /** The open documents that include a file, directly or not. */
  including(uri: string): readonly string[] {
    const key = keyOf(uri);
    return this.uris.filter((other) => {
      const { files } = this.includes.collect(other, this.#open.get(other)!.scenario);
      return [...files.values()].some((file) => keyOf(file.uri) === key);
    });
  }

  /** A file arrived or changed: every document that includes some file may depend on it. */
  refresh(): void {
    for (const open of this.#open.values()) if (open.includes) open.snapshot = undefined;
  }

  /** The families of scenarios: of those that are open, and of others that have been read. */
  families(others: readonly string[]): readonly Family[] {
    const files = new Map<string, IncludedFile>();
    for (const uri of [...this.uris, ...others]) {
      const file = this.includes.file(uri);
      if (file !== undefined) files.set(keyOf(uri), file);
    }
    return [...files.values()].map((file) =>
      familyFrom(file, this.includes.collect(file.uri, file.scenario).files.values()),
    );
  }

  #byKey(key: string): IncludedFile | undefined {
    const found = [...this.#open].find(([uri]) => uri === key || keyOf(uri) === key);
    return found && { uri: found[0], scenario: found[1].scenario };
  }
}

function lineOf(text: TextDocument, line: number): string {
  const [start, end] = [line, line + 1].map((at) => ({ line: at, character: 0 })) as [Position, Position];
  return text.getText({ start, end }).replace(/[\r\n]+$/, '');
}

function hasIncludes(scenario: ParsedScenario): boolean {
  return contentsOfKind(scenario, 'include').length > 0;
}
