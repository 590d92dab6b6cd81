/** Changes that keep what a scenario does: a procedure made of some lines, a call replaced by what it does, the other name of a constant, another set-up. */
import { aliasEdits, type Block, blockOfLines, type LineEdit, VOCABULARY } from '@snoopscope/sim-core';
import { familyOf, type Snapshot } from '../snapshot.ts';
import { setUpRewrites } from './set-ups.ts';

export interface Refactoring {
  readonly title: string;
  readonly kind: 'extract' | 'inline' | 'rewrite';
  readonly edits: readonly LineEdit[];
  /** Whole lines, each with those that take its place; none where it goes. */
  readonly lines?: ReadonlyMap<number, readonly string[]>;
  /** Why it cannot be done here. */
  readonly refused?: string;
}

/** What can be done with some whole lines. */
export function refactoringsOf(snapshot: Snapshot, first: number, last: number): readonly Refactoring[] {
  const setUps = setUpRewrites(snapshot, first).map((one): Refactoring => ({ kind: 'rewrite', edits: [], ...one }));
  return [...extracting(snapshot, first, last), ...inlining(snapshot, first), ...renaming(snapshot, first), ...setUps];
}

/** Statements of one block that open and close what they contain. */
function extracting({ scenario }: Snapshot, first: number, last: number): Refactoring[] {
  const block = blockOfLines(scenario)[first];
  const lines = scenario.lines.slice(first, last + 1);
  if (block === undefined || !STATEMENTS.has(block.kind) || block.line >= first || block.endLine <= last) return [];
  if (last === first || !isBalanced(lines.map(({ content }) => content.kind))) return [];
  if (lines.some(({ content }) => content.kind === 'broken' || content.kind === 'choose-open')) return [];
  const indent = /^\s*/.exec(lines[0]?.text ?? '')?.[0] ?? '';
  const body = lines.map(({ text }) => (text.startsWith(indent) ? `  ${text.slice(indent.length)}` : text));
  const name = freeName(scenario.lines.map(({ text }) => text).join('\n'));
  const start = { start: 0, end: 0 };
  const removed = lines.map(({ text }, index): LineEdit => {
    const line = first + index;
    const whole = { start: 0, end: text.length };
    return { line, span: whole, newText: index === 0 ? `${indent}call ${name}()` : '' };
  });
  const edits = [{ line: block.line, span: start, newText: `proc ${name}() {\n${body.join('\n')}\n}\n\n` }, ...removed];
  return [{ title: 'Extract a procedure', kind: 'extract', edits }];
}

const STATEMENTS: ReadonlySet<Block['kind']> = new Set(['setup', 'thread', 'vcpu', 'device', 'host']);

function isBalanced(kinds: readonly string[]): boolean {
  let open = 0;
  for (const kind of kinds) {
    if (kind.endsWith('-open')) open++;
    if (kind === 'close' && --open < 0) return false;
  }
  return open === 0;
}

/** `call p(a)`: the statements of `p`, with `a` in place of its parameter. */
function inlining(snapshot: Snapshot, line: number): Refactoring[] {
  const { scenario } = snapshot;
  const call = scenario.lines[line];
  if (call?.content.kind !== 'call') return [];
  const { name, args } = call.content;
  for (const file of familyOf(snapshot)) {
    const block = file.scenario.blocks.find(({ proc }) => proc?.name.text === name.text);
    if (block?.proc === undefined) continue;
    const values = new Map(block.proc.params.map(({ text }, index) => [text, args[index]?.text ?? text]));
    const indent = /^\s*/.exec(call.text)?.[0] ?? '';
    const body = file.scenario.lines
      .slice(block.line + 1, block.endLine)
      .map(({ text }) => indent + text.replace(/^ {2}/, '').replace(WORD, (word) => values.get(word) ?? word));
    const edits = [{ line, span: { start: 0, end: call.text.length }, newText: body.join('\n') }];
    return [{ title: `Inline \`${name.text}\``, kind: 'inline', edits }];
  }
  return [];
}

const WORD = /(?<!["\w])[A-Za-z_]\w*/g;

/** KVM_DEV_VFIO_GROUP_* and KVM_DEV_VFIO_FILE_*, each as the other. */
function renaming({ scenario }: Snapshot, line: number): Refactoring[] {
  const subject = scenario.lines[line];
  const edits = subject === undefined ? [] : aliasEdits(subject, line, VOCABULARY);
  const last = edits.at(-1);
  return last === undefined ? [] : [{ title: `Write \`${last.newText}\``, kind: 'rewrite', edits }];
}

function freeName(text: string): string {
  let name = 'extracted';
  for (let number = 2; new RegExp(`\\b${name}\\b`).test(text); number++) name = `extracted${number}`;
  return name;
}
