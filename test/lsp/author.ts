// An author who knows the field and no manual: takes what the server offers, and invents names only.
import type { CodeAction, CompletionItem, Diagnostic, TextEdit } from 'vscode-languageserver';
import type { Client } from './client.ts';

/** What the author does next. */
export type Act =
  /** Takes an offer; `choices` are what is put at its stops instead of what they show, from the offer's own lists or a new name. */
  | { readonly take: string; readonly choices?: Readonly<Record<string, string>> }
  /** A name that the author invents, a number, or a blank. */
  | { readonly type: string }
  /** Goes to the first empty line of the block that a text opens, or to the end of the file. */
  | { readonly goto: string }
  | { readonly enter: true }
  /** Takes a quick fix of the diagnostic with a code. */
  | { readonly fix: string; readonly of: string };

export class Author {
  readonly uri = 'file:///untitled.snoop';
  text = '';
  #line = 0;
  #column = 0;
  #version = 1;
  readonly #client: Client;
  /** How often an offer was taken, and at which place of the list it was, at worst. */
  taken = 0;
  worst = { label: '', place: 0 };

  constructor(client: Client) {
    this.#client = client;
  }

  async begin(): Promise<void> {
    await this.#client.open(this.uri, '');
  }

  async act(act: Act): Promise<void> {
    if ('take' in act) await this.#take(act.take, act.choices ?? {});
    else if ('type' in act) await this.#insert(act.type);
    else if ('enter' in act) await this.#insert(`\n${/^\s*/.exec(this.#lines()[this.#line] ?? '')?.[0] ?? ''}`);
    else if ('goto' in act) await this.#goto(act.goto);
    else await this.#fix(act.fix, act.of);
  }

  diagnostics(wanted: (found: readonly Diagnostic[]) => boolean): Promise<Diagnostic[]> {
    return this.#client.diagnostics(this.uri, (one) => one.version === this.#version && wanted(one.diagnostics));
  }

  #lines(): string[] {
    return this.text.split('\n');
  }

  async #take(label: string, choices: Readonly<Record<string, string>>): Promise<void> {
    const place = { line: this.#line, column: this.#column };
    const items = await this.#client.at<CompletionItem[]>('completion', this.uri, place);
    const sorted = [...items].sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
    const index = sorted.findIndex((item) => item.label === label);
    const item = sorted[index];
    if (item === undefined)
      throw new Error(
        `\`${label}\` is not offered at line ${this.#line + 1}: ${sorted.map((one) => one.label).join(', ')}`,
      );
    this.taken++;
    if (index > this.worst.place) this.worst = { label, place: index };
    const { range, newText } = item.textEdit as TextEdit;
    const [before = '', after = ''] = filled(newText, choices).split(CURSOR);
    const indent = /^\s*/.exec(this.#lines()[this.#line] ?? '')?.[0] ?? '';
    const indented = (text: string): string => text.replaceAll('\n', `\n${indent}`);
    await this.#replace(range.start.character, range.end.character, indented(before), indented(after));
  }

  async #insert(text: string): Promise<void> {
    await this.#replace(this.#column, this.#column, text, '');
  }

  /** Replaces in the line of the cursor, which is then after `before`. */
  async #replace(start: number, end: number, before: string, after: string): Promise<void> {
    const lines = this.#lines();
    const line = lines[this.#line] ?? '';
    lines[this.#line] = line.slice(0, start) + before + after + line.slice(end);
    const added = before.split('\n');
    this.#column = added.length === 1 ? start + before.length : (added.at(-1) ?? '').length;
    this.#line += added.length - 1;
    await this.#change(lines.join('\n'));
  }

  async #goto(opener: string): Promise<void> {
    const lines = this.#lines();
    const open = opener === '' ? -1 : lines.findIndex((line) => line.startsWith(opener));
    if (opener === '') {
      await this.#change(`${this.text.trimEnd()}\n\n`);
      this.#line = this.#lines().length - 1;
    } else {
      const close = lines.findIndex((line, index) => index > open && line === '}');
      lines.splice(close, 0, '  ');
      this.#line = close;
      await this.#change(lines.join('\n'));
    }
    this.#column = (this.#lines()[this.#line] ?? '').length;
  }

  async #fix(title: string, code: string): Promise<void> {
    // What comes from a run comes later than what is in the text.
    const found = await this.diagnostics((all) => all.some((one) => one.code === code));
    const { range } = found.find((one) => one.code === code)!;
    const params = { textDocument: { uri: this.uri }, range, context: { diagnostics: found } };
    const actions = await this.#client.request<CodeAction[]>('textDocument/codeAction', params);
    const action = actions.find((one) => one.title === title);
    if (action === undefined)
      throw new Error(`no fix \`${title}\` among ${actions.map((one) => one.title).join(', ')}`);
    const edits = action.edit?.changes?.[this.uri] ?? [];
    const lines = this.#lines();
    for (const { range: at, newText } of [...edits].sort((a, b) => b.range.start.line - a.range.start.line)) {
      const line = lines[at.start.line] ?? '';
      const changed = line.slice(0, at.start.character) + newText + line.slice(at.end.character);
      lines.splice(at.start.line, 1, ...changed.split('\n'));
      if (at.start.line <= this.#line) this.#line += newText.split('\n').length - 1;
    }
    this.taken++;
    await this.#change(lines.join('\n'));
  }

  async #change(text: string): Promise<void> {
    this.text = text;
    this.#version = await this.#client.change(this.uri, [{ text }]);
  }
}

const CURSOR = '\u0000';

/** A snippet with what the author puts at its stops; the cursor is at `$0`, else at its end. */
function filled(snippet: string, choices: Readonly<Record<string, string>>): string {
  const shown = (text: string): string => choices[text] ?? text;
  const text = snippet
    .replace(/\$\{\d+\|([^|]*)\|\}/g, (_, list: string) => {
      const all = list.split(',');
      return all.find((one) => Object.values(choices).includes(one)) ?? shown(all[0] ?? '');
    })
    .replace(/\$\{\d+:((?:\\.|[^}\\])*)\}/g, (_, one: string) => shown(one.replace(/\\(.)/g, '$1')))
    .replace(/\$(?:0|\{0\})/, CURSOR)
    .replace(/\$(?:\d+|\{\d+\})/g, '')
    .replace(/\\([$}\\])/g, '$1');
  return text.includes(CURSOR) ? text : `${text}${CURSOR}`;
}
