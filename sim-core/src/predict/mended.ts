/**
 * A scenario with errors, made executable: what a fix puts right is put right, other lines with errors are left out, and
 * so is everything that depends on them. What is left happens as it will once the text is right.
 */
import type { Diagnostic, ParsedScenario } from '../scenario/ast.ts';
import { blockOfLines, contentsOfKind, linesOfKind } from '../scenario/blocks.ts';
import { brokenNames } from '../scenario/broken-names.ts';
import { checkingText } from '../scenario/checks/run-checks.ts';
import type { ReadInclude } from '../scenario/elaborate/scenario-sources.ts';
import { parse } from '../scenario/parser.ts';
import { remembered } from '../scenario/remembered.ts';
import { namesOf } from '../scenario/roles.ts';
import { symbolsOf } from '../scenario/symbols.ts';
import { VOCABULARY } from '../scenario/vocabulary.ts';

export interface Mended {
  readonly scenario: ParsedScenario;
  /** Lines whose text is another one than the author's: nothing is said about them. */
  readonly changed: ReadonlySet<number>;
  /** What was left out: nothing; something that runs after `setup`; something of `setup`, the machine or a procedure. */
  readonly missing: 'nothing' | 'later' | 'setup';
}

/** In slices. Undefined when the blocks themselves are in doubt. */
export function* mending(scenario: ParsedScenario, includes: ReadInclude): Generator<void, Mended | undefined> {
  const changed = new Set<number>();
  const dropped = new Set<number>();
  let now = scenario;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const errors = yield* errorsOf(now, includes);
    if (errors.length === 0) return { scenario: now, changed, missing: missingIn(scenario, dropped) };
    const texts = now.lines.map(({ text }) => text);
    const before = dropped.size;
    for (const error of errors) {
      const fixed = round === 0 && !changed.has(error.line) ? fixedText(texts[error.line] ?? '', error) : undefined;
      if (fixed !== undefined) texts[error.line] = fixed;
      else {
        const left = leftOut(now, error.line);
        if (left.length === 0) return undefined;
        for (const line of left) dropped.add(line);
      }
      changed.add(error.line);
    }
    yield;
    if (dropped.size > before) for (const line of dependentOn(scenario, dropped)) dropped.add(line);
    for (const line of dropped) {
      texts[line] = '';
      changed.add(line);
    }
    yield;
    now = parse(texts.join('\n'), now, scenario.named);
    yield;
  }
  return undefined;
}

const MOST_ROUNDS = 5;

function* errorsOf(scenario: ParsedScenario, includes: ReadInclude): Generator<void, Diagnostic[]> {
  const found = yield* checkingText(scenario, { includes });
  return [...scenario.diagnostics, ...found].filter(({ severity }) => severity === 'error');
}

/** The line as a fix would have it, when the fix is about this line alone and does not change what is meant. */
function fixedText(text: string, { line, fixes }: Diagnostic): string | undefined {
  const fix = fixes?.find(({ meaning }) => meaning === undefined);
  const [edit, more] = fix?.edits ?? [];
  if (edit === undefined || more !== undefined || edit.line !== line || edit.newText.includes('\n')) return undefined;
  return text.slice(0, edit.span.start) + edit.newText + text.slice(edit.span.end);
}

/** What goes with a line that is left out: the block that it begins, other than the machine and `setup`; nothing when it cannot go. */
function leftOut(scenario: ParsedScenario, line: number): readonly number[] {
  const block = blockOfLines(scenario)[line];
  if (block === undefined || block.line !== line) return droppable(scenario, line) ? [line] : [];
  if (block.kind === 'machine' || block.kind === 'setup' || !scenario.balanced) return [];
  return Array.from({ length: block.endLine - line + 1 }, (_, index) => line + index);
}

/** Only a line that neither opens nor closes a block can be left out alone. */
function droppable({ lines }: ParsedScenario, index: number): boolean {
  const content = lines[index]?.content;
  if (content === undefined) return false;
  if (content.kind === 'broken') return content.opens === undefined && content.closes === undefined;
  return !content.kind.endsWith('-open') && content.kind !== 'close' && content.kind !== 'or';
}

/** The system calls that use a descriptor, or open a path, which a line that is left out uses too. */
function dependentOn(scenario: ParsedScenario, dropped: ReadonlySet<number>): Set<number> {
  const { lines } = scenario;
  const blocks = blockOfLines(scenario);
  const found = new Set(dropped);
  const statements = [...dropped].filter((line) => lines[line]?.block !== 'file');
  const inMachine = statements.some((line) => blocks[line]?.kind === 'machine');
  const calls = linesOfKind(scenario, 'syscall');
  const tainted = new Set(statements.flatMap((line) => thingsOf(scenario, line)));
  // A line that is just begun names nothing yet, and could be about any descriptor.
  const begun = statements.some(
    (line) => /^\s*(?:\w+\s*=\s*)?ioctl\b/.test(lines[line]!.text) && !namesAny(scenario, line),
  );
  if (begun) for (const name of symbolsOf(scenario, VOCABULARY).names('name')) tainted.add(name);
  // What a descriptor was opened from is in doubt with it.
  for (const line of calls) {
    const content = lines[line]!.content;
    if (content.kind === 'syscall' && content.bind !== undefined && tainted.has(content.bind.text))
      for (const one of thingsOf(scenario, line)) if (HARDWARE.test(one)) tainted.add(one);
  }
  // Groups, containers and devices act on each other.
  const ofVfio = vfioNames(scenario);
  if ([...ofVfio].some((name) => tainted.has(name))) for (const name of ofVfio) tainted.add(name);
  const early = statements.filter((line) => ['setup', 'machine', 'proc'].includes(blocks[line]?.kind ?? ''));
  const first = inMachine ? 0 : Math.min(...early);
  for (const line of calls) {
    if (blocks[line]?.kind === 'setup' && line < first) continue;
    const things = thingsOf(scenario, line);
    if (!things.some((one) => tainted.has(one) || (inMachine && HARDWARE.test(one)))) continue;
    found.add(line);
    for (const one of things) tainted.add(one);
  }
  return found;
}

function namesAny(scenario: ParsedScenario, line: number): boolean {
  const bound = symbolsOf(scenario, VOCABULARY).names('name');
  return (scenario.lines[line]!.text.match(/[A-Za-z_]\w*/g) ?? []).some((word) => bound.includes(word));
}

/** Descriptors by their names, and paths that not everybody may open at the same time. */
function thingsOf(scenario: ParsedScenario, line: number): string[] {
  const { text, content } = scenario.lines[line]!;
  const strings = (text.match(/"[^"]*"/g) ?? []).map((one) => one.slice(1, -1)).filter((one) => HARDWARE.test(one));
  const names =
    content.kind === 'broken'
      ? (text.match(/[A-Za-z_]\w*/g) ?? []).filter((word) => brokenNames(scenario).mentioned.has(word))
      : namesOf(scenario.lines[line]!, VOCABULARY).flatMap(({ symbol }) =>
          symbol.space === 'name' ? [symbol.name] : [],
        );
  // /dev/kvm has no state but whether it is open.
  const lasting = /\bclose\b/.test(text) ? names : names.filter((name) => !kvmNames(scenario).has(name));
  return [...strings, ...lasting];
}

const kvmNames = remembered((scenario: ParsedScenario) => namesOpening(scenario, /^\/dev\/kvm$/));
const vfioNames = remembered((scenario: ParsedScenario) => namesOpening(scenario, /^\/dev\/(?:vfio\/|iommu$)/));

/** The names that are bound to what an `open` of such a path gives. */
function namesOpening(scenario: ParsedScenario, path: RegExp): ReadonlySet<string> {
  const opens = contentsOfKind(scenario, 'syscall').filter(({ content: { args } }) =>
    args.some((arg) => arg.kind === 'string' && path.test(arg.value)),
  );
  return new Set(opens.flatMap(({ content: { bind } }) => (bind === undefined ? [] : [bind.text])));
}

/** What there is once in a machine: a group, a device. */
const HARDWARE = /^\/dev\/vfio\/(?:noiommu-)?\d|^\/dev\/vfio\/devices\/|^[0-9a-f]{4}:[0-9a-f]{2}:/i;

function missingIn(scenario: ParsedScenario, dropped: ReadonlySet<number>): Mended['missing'] {
  const blocks = blockOfLines(scenario);
  let missing: Mended['missing'] = 'nothing';
  for (const line of dropped) {
    const kind = blocks[line]?.kind;
    if (kind === 'setup' || kind === 'machine' || kind === 'proc') return 'setup';
    if (kind !== undefined || scenario.lines[line]?.content.kind === 'include') missing = 'later';
  }
  return missing;
}
