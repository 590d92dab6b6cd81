// The tests in the Test Explorer: folder, scenario, condition, range of kernels. They follow the files and the editors.
import { Disposable, Range, type TestController, type TestItem, TestTag, Uri, workspace } from 'vscode';
import { readText } from '../files.ts';
import { type ConditionTest, testsOf } from './test-tree.ts';
import type { TestQuestion } from './test-verdict.ts';

/** A scenario's item, or one below it: what it asks for. */
export interface ScenarioItem {
  readonly scenario: TestItem;
  readonly uri: Uri;
  readonly asked: TestQuestion;
}

export class TestItems {
  readonly #controller: TestController;
  readonly #asked = new WeakMap<TestItem, ScenarioItem>();
  readonly #listeners: Disposable;
  #discovery: Promise<void> | undefined;

  constructor(controller: TestController) {
    this.#controller = controller;
    const files = workspace.createFileSystemWatcher('**/*.snoop');
    this.#listeners = Disposable.from(
      files,
      files.onDidCreate((uri) => this.#load(uri)),
      files.onDidChange((uri) => this.#load(uri)),
      files.onDidDelete((uri) => this.#remove(uri)),
      workspace.onDidOpenTextDocument(({ uri, languageId }) => {
        if (languageId === 'snoop') void this.#load(uri);
      }),
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document.languageId === 'snoop') this.#update(document.uri, document.getText());
      }),
      workspace.onDidChangeWorkspaceFolders(() => void this.discover(true)),
    );
    for (const { uri, languageId } of workspace.textDocuments) if (languageId === 'snoop') void this.#load(uri);
  }

  dispose(): void {
    this.#listeners.dispose();
  }

  /** Finds all scenarios of the workspace; once, unless `again`. */
  discover(again = false): Promise<void> {
    if (again) this.#discovery = undefined;
    this.#discovery ??= this.#discover();
    return this.#discovery;
  }

  /** Undefined for a folder. */
  of(item: TestItem): ScenarioItem | undefined {
    return this.#asked.get(item);
  }

  /** The scenario's item, if the file has tests. */
  find(uri: Uri): TestItem | undefined {
    return this.#parentOf(uri, false)?.get(uri.toString());
  }

  async #discover(): Promise<void> {
    const found = await workspace.findFiles('**/*.snoop');
    const known = new Set(found.map(String));
    for (const uri of found) await this.#load(uri);
    for (const item of this.#scenarios())
      if (item.uri && !known.has(item.id) && !isOpen(item.uri)) this.#remove(item.uri);
  }

  async #load(uri: Uri): Promise<void> {
    const read = await readText(uri).catch(() => undefined);
    // While it was read from its file it may have been opened, and edited.
    const open = workspace.textDocuments.find((document) => String(document.uri) === String(uri));
    const text = open?.getText() ?? read;
    if (text === undefined) this.#remove(uri);
    else this.#update(uri, text);
  }

  #update(uri: Uri, text: string): void {
    // Comparisons with a version control's state are not tests.
    if (uri.scheme === 'untitled' || uri.scheme === 'git') return;
    const tests = testsOf(text);
    if (!tests) {
      this.#remove(uri);
      return;
    }
    const siblings = this.#parentOf(uri, true);
    if (!siblings) return;
    const id = uri.toString();
    const name = (uri.path.split('/').at(-1) ?? '').replace(/\.snoop$/, '');
    const item = siblings.get(id) ?? this.#controller.createTestItem(id, name, uri);
    if (tests.title === undefined) delete item.description;
    else item.description = tests.title;
    item.range = lineRange(tests.line);
    item.tags = tests.tags.map((tag) => new TestTag(tag));
    item.children.replace(tests.conditions.map((test) => this.#condition(item, uri, test)));
    siblings.add(item);
    this.#asked.set(item, { scenario: item, uri, asked: { condition: undefined } });
  }

  #condition(scenario: TestItem, uri: Uri, test: ConditionTest): TestItem {
    const id = `${uri} ${test.id}`;
    const item = scenario.children.get(id) ?? this.#controller.createTestItem(id, test.label, uri);
    item.range = lineRange(test.line);
    item.sortText = String(test.line).padStart(6, '0');
    item.tags = scenario.tags;
    const asked = { condition: test.index, ...(test.kernels && { kernels: test.kernels }) };
    this.#asked.set(item, { scenario, uri, asked });
    item.children.replace(
      test.ranges.map(({ label, kernels }, index) => {
        const range = this.#controller.createTestItem(`${id} ${index} ${label}`, label, uri);
        range.range = lineRange(test.line);
        range.sortText = String(index).padStart(3, '0');
        range.tags = scenario.tags;
        this.#asked.set(range, { scenario, uri, asked: { condition: test.index, kernels } });
        return range;
      }),
    );
    return item;
  }

  #remove(uri: Uri): void {
    const siblings = this.#parentOf(uri, false);
    siblings?.delete(uri.toString());
    if (siblings?.size === 0 && siblings !== this.#controller.items) this.#controller.items.delete(folderId(uri));
  }

  #parentOf(uri: Uri, create: boolean): TestItem['children'] | undefined {
    const { items } = this.#controller;
    const folder = Uri.joinPath(uri, '..');
    // What is at the top of the only folder of the workspace needs no folder of its own.
    if (workspace.workspaceFolders?.length === 1 && String(workspace.workspaceFolders[0]?.uri) === String(folder)) {
      return items;
    }
    const found = items.get(folderId(uri));
    if (found || !create) return found?.children;
    const item = this.#controller.createTestItem(folderId(uri), workspace.asRelativePath(folder), folder);
    items.add(item);
    return item.children;
  }

  #scenarios(): TestItem[] {
    const all = [...this.#controller.items].map(([, item]) => item);
    return all.flatMap((item) => (this.#asked.has(item) ? [item] : [...item.children].map(([, child]) => child)));
  }
}

function folderId(uri: Uri): string {
  return `folder ${Uri.joinPath(uri, '..')}`;
}

function isOpen(uri: Uri): boolean {
  return workspace.textDocuments.some((document) => String(document.uri) === String(uri));
}

function lineRange(line: number): Range {
  return new Range(line, 0, line, 0);
}
