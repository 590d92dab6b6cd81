/** All scenarios around those that are open: what a rename has to reach beside them. */
import type { Connection, InitializeParams, WorkspaceFolder } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import type { Family } from './families.ts';
import { keyOf } from './includes.ts';
import { FIND_SCENARIOS_REQUEST, type FindScenariosResult } from './protocol.ts';

/** Lists the scenarios in a folder, or in all those inside it too; undefined for folders that it cannot look into. */
export type FindScenarios = (folder: string, deep: boolean) => Promise<FoundScenarios> | undefined;

export interface FoundScenarios {
  readonly uris: readonly string[];
  /** Whether a limit ended the search before all was seen. */
  readonly cut: boolean;
}

/** Scenarios of a workspace that are read; with more, a rename says that it cannot reach all. */
export const MOST_SCENARIOS = 5_000;

export class Workspace {
  readonly #connection: Connection;
  readonly #documents: Documents;
  readonly #find: FindScenarios;
  readonly #changed: () => void;
  #folders: readonly string[] = [];
  /** Whether the client answers {@link FIND_SCENARIOS_REQUEST}. */
  asksClient = false;

  /** `changed` is called when files turn out to be others than they were. */
  constructor(connection: Connection, documents: Documents, find: FindScenarios, changed: () => void) {
    this.#connection = connection;
    this.#documents = documents;
    this.#find = find;
    this.#changed = changed;
  }

  initialize({ workspaceFolders, rootUri }: InitializeParams): void {
    this.#folders = workspaceFolders?.map(({ uri }) => uri) ?? (rootUri ? [rootUri] : []);
  }

  changeFolders(added: readonly WorkspaceFolder[], removed: readonly WorkspaceFolder[]): void {
    const gone = new Set(removed.map(({ uri }) => keyOf(uri)));
    this.#folders = [...this.#folders.filter((uri) => !gone.has(keyOf(uri))), ...added.map(({ uri }) => uri)];
  }

  /**
   * The families of all scenarios there are, as they are in the editor or on disk at this moment. Without a folder, of
   * those beside the document. `cut`: there are more than anybody wants to read.
   */
  async families(uri: string): Promise<{ readonly families: readonly Family[]; readonly cut: boolean }> {
    const { uris, cut } = await this.#scenarios(uri);
    const open = new Set(this.#documents.uris.map(keyOf));
    const closed = uris.filter((one) => !open.has(keyOf(one)));
    if (await this.#documents.includes.reread(closed)) {
      this.#documents.refresh();
      this.#changed();
    }
    // What those include may lie outside the folders.
    for (;;) {
      const missing = this.#documents.missingOf(closed);
      if (missing.length === 0) break;
      await this.#documents.includes.read(missing);
    }
    return { families: this.#documents.families(closed), cut };
  }

  /** The scenarios that a document may include, by their path relative to it. */
  async beside(uri: string): Promise<readonly string[]> {
    const { uris } = await this.#scenarios(uri);
    return uris
      .filter((one) => keyOf(one) !== keyOf(uri))
      .flatMap((one) => relativePath(uri, one))
      .sort();
  }

  /** Every scenario of the folders. */
  async all(): Promise<readonly string[]> {
    return (await this.#scenarios('')).uris;
  }

  async #scenarios(uri: string): Promise<FoundScenarios> {
    const folders = this.#folders.length > 0 ? this.#folders : besides(uri);
    const found = folders.map((folder) => this.#find(folder, this.#folders.length > 0));
    const lists = await Promise.all(found.filter((list) => list !== undefined));
    const asked = found.includes(undefined) ? await this.#askClient() : [];
    const uris = [...new Set([...lists.flatMap((list) => list.uris), ...asked])];
    return { uris: uris.slice(0, MOST_SCENARIOS), cut: uris.length > MOST_SCENARIOS || lists.some(({ cut }) => cut) };
  }

  async #askClient(): Promise<readonly string[]> {
    if (!this.asksClient) return [];
    const result = await this.#connection.sendRequest<FindScenariosResult | null>(FIND_SCENARIOS_REQUEST);
    return (result?.uris ?? []).filter((uri) => typeof uri === 'string');
  }
}

/** The folder of a document; none for one that was never saved. */
function besides(uri: string): readonly string[] {
  try {
    return [new URL('.', uri).href];
  } catch {
    return [];
  }
}

/** From the folder of a document to another of the same place; none to one elsewhere. */
export function relativePath(from: string, to: string): string[] {
  const [left, right] = [from.split('/').slice(0, -1), to.split('/')];
  if (left.slice(0, 3).join('/') !== right.slice(0, 3).join('/')) return [];
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  return [[...left.slice(same).map(() => '..'), ...right.slice(same).map(decodeURIComponent)].join('/')];
}
