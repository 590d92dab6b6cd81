// Documents as nobody writes them on purpose, and everything that the server does with one.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { foldingRanges, format, type KernelGroup, outline, predicting } from '@snoopscope/sim-core';
import { offersAt } from '../../server/src/features/completion.ts';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { elaboratingOnce } from '../../server/src/features/elaboration.ts';
import { hoverAt } from '../../server/src/features/hover.ts';
import { inlineValues } from '../../server/src/features/inline-values.ts';
import { lensesOf } from '../../server/src/features/lenses.ts';
import { linksOf } from '../../server/src/features/links.ts';
import { refactoringsOf } from '../../server/src/features/refactorings.ts';
import { referencesAt, usesAt } from '../../server/src/features/references.ts';
import { RenameRefused, renamed } from '../../server/src/features/rename.ts';
import { resultHints } from '../../server/src/features/results.ts';
import { stretchesAt } from '../../server/src/features/selection.ts';
import { signatureAt } from '../../server/src/features/signature.ts';
import { lineNotes } from '../../server/src/features/states.ts';
import { colouredWords } from '../../server/src/features/tokens.ts';
import { typeDefinitionAt } from '../../server/src/features/type-definition.ts';
import { includedScenario, type Snapshot } from '../../server/src/snapshot.ts';
import type { Prng } from '../../sim-core/src/explore/prng.ts';
import { CHECKS } from '../../sim-core/src/scenario/checks/table.ts';
import { snapshotOf } from './marked.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Scenarios that ship, those of the tests of predictions, and the wrong and right examples of every diagnostic. */
export function corpus(): readonly string[] {
  const files = (folder: string): string[] =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.snoop'))
      .sort()
      .map((name) => readFileSync(path.join(root, folder, name), 'utf8'));
  const examples = CHECKS.flatMap(({ examples: { bad, good } }) => [bad, good]);
  return [...files('scenarios'), ...files('test/predict'), ...examples];
}

/** Document `number` of a seed, always the same: one of the corpus with up to a dozen changes, most of them small. */
export function documentOf(texts: readonly string[], random: Prng): string {
  let text = texts[random.below(texts.length)]!;
  const changes = 1 + random.below(random.below(4) === 0 ? 12 : 3);
  for (let change = 0; change < changes; change++) text = CHANGES[random.below(CHANGES.length)]!(text, random, texts);
  return text.slice(0, LONGEST);
}

const LONGEST = 60_000;

type Change = (text: string, random: Prng, texts: readonly string[]) => string;

const CHANGES: readonly Change[] = [
  // A piece cut out, doubled, or something put in.
  (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + random.below(20));
  },
  (text, random) => {
    const at = random.below(text.length + 1);
    return text.slice(0, at) + ODD[random.below(ODD.length)]! + text.slice(at);
  },
  // Lines left out, doubled, moved, or taken from another scenario.
  lines((all, random) => all.splice(random.below(all.length), 1)),
  lines((all, random) => all.splice(random.below(all.length), 0, all[random.below(all.length)]!)),
  lines((all, random) => all.splice(random.below(all.length), 0, ...all.splice(random.below(all.length), 1))),
  (text, random, texts) => {
    const other = texts[random.below(texts.length)]!.split('\n');
    const from = random.below(other.length);
    return lines((all) => all.splice(random.below(all.length), 0, ...other.slice(from, from + 1 + random.below(8))))(
      text,
      random,
      texts,
    );
  },
  // A word in place of another, as a rule of the same kind.
  (text, random, texts) => {
    const words = [...text.matchAll(WORD)];
    const word = words[random.below(Math.max(1, words.length))];
    const others = texts[random.below(texts.length)]!.match(WORD) ?? ['x'];
    const put = random.below(3) === 0 ? NUMBERS[random.below(NUMBERS.length)]! : others[random.below(others.length)]!;
    return word === undefined ? put : text.slice(0, word.index) + put + text.slice(word.index + word[0].length);
  },
  (text, random) => (random.below(8) === 0 ? text.replaceAll('\n', random.below(2) === 0 ? '\r\n' : '\r') : text),
];

function lines(change: (all: string[], random: Prng) => unknown): Change {
  return (text, random) => {
    const all = text.split('\n');
    change(all, random);
    return all.join('\n');
  };
}

const WORD = /[A-Za-z_]\w*|\d\w*/g;
const NUMBERS = ['0', '-1', '3', '64', '4096', '0xffffffff', '0x100000000', '18446744073709551616', 'PAGE', 'NULL'];
const ODD = [
  ...['{', '}', '(', ')', '[', ']', '"', '//', '=', '=>', '==', ',', '|', '&', '*', ';', '\\', '\t', '\n', '\r', '\0'],
  ...['𝕏', '🧨', '\ud83d', '\udc00', '\u00a0', 'é', '“', '‮', '\ufeff'],
  ...[
    'loop {\n',
    'repeat 99 {\n',
    'choose {\n',
    '} or {\n',
    'wait [x] == 9\n',
    'call p(p)\n',
    'proc p(p) {\n',
    'exit(0)\n',
  ],
  ...[
    'machine {\n',
    'setup {\n',
    'thread t {\n',
    'vcpu 9 {\n',
    'host {\n',
    'device gpu {\n',
    'kernel v3.12\n',
    'on v2.6',
  ],
  ...[
    'exists deadlock\n',
    '~exists stale-read\n',
    'schedule gpu*99\n',
    'include "a.snoop"\n',
    '{'.repeat(200),
    'x '.repeat(400),
  ],
];

/** What took longest of a document: milliseconds of CPU time between two moments at which the server hears its client. */
export interface Examined {
  readonly slowest: number;
  readonly doing: string;
}

/** Does with a document what the server does: whatever it says, it says without an exception. */
export function examine(text: string, kernel: string, random: Prng): Examined {
  let worst: Examined = { slowest: 0, doing: '' };
  const timed = <Result>(doing: string, work: () => Result): Result => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > worst.slowest) worst = { slowest: ms, doing };
    return result;
  };
  const sliced = (doing: string, work: Generator<unknown, unknown>): void => {
    while (timed(doing, () => work.next().done) !== true) {
      // Between two slices the server answers others.
    }
  };
  const snapshot = timed('parsing', () => snapshotOf(text, { kernel }));
  sliced('checking', checkingSnapshot(snapshot));
  sliced('elaborating', elaboratingOnce(snapshot));
  const groups: KernelGroup[] = [];
  sliced('predicting', predictions(snapshot, groups));
  sliced('hints', resultHints(snapshot));
  sliced('notes of lines', lineNotes(snapshot, groups));
  const line = random.below(snapshot.scenario.lines.length + 1);
  const column = random.below((snapshot.scenario.lines[line]?.text.length ?? 0) + 2);
  for (const [doing, ask] of Object.entries(QUESTIONS)) timed(doing, () => ask(snapshot, { line, column }));
  return worst;
}

function* predictions(snapshot: Snapshot, groups: KernelGroup[]): Generator<unknown, unknown> {
  const elaborated = yield* elaboratingOnce(snapshot);
  const observed = (found: readonly KernelGroup[]): void => void groups.push(...found);
  return yield* predicting(snapshot.scenario, { includes: includedScenario(snapshot), elaborated, observed });
}

const QUESTIONS: Readonly<Record<string, (snapshot: Snapshot, at: { line: number; column: number }) => unknown>> = {
  hover: hoverAt,
  completion: (snapshot, at) => offersAt(snapshot, at),
  signature: signatureAt,
  references: (snapshot, at) => referencesAt(snapshot, at, true),
  uses: usesAt,
  'type definition': typeDefinitionAt,
  selection: stretchesAt,
  refactorings: (snapshot, { line }) => refactoringsOf(snapshot, line, line + 2),
  'inline values': (snapshot, { line }) => inlineValues(snapshot, 0, line, line),
  lenses: (snapshot) => lensesOf(snapshot, true),
  links: linksOf,
  outline: ({ scenario }) => outline(scenario),
  folding: ({ scenario }) => foldingRanges(scenario),
  formatting: ({ scenario }) => format(scenario),
  colours: (snapshot) => [...colouredWords(snapshot)],
  rename: (snapshot, at) => {
    try {
      return renamed(snapshot, at, 'other');
    } catch (error) {
      if (error instanceof RenameRefused) return [];
      throw error;
    }
  },
};
