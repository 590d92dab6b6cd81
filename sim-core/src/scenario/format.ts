import type { Line, LineContent, ParsedScenario, Span } from './ast.ts';
import { columnsOf } from './columns.ts';
import { printCall, printCondition, printContent, printRange, printResult } from './printer.ts';

/** A change of one line; lines are never joined or split, so breakpoints and diagnostics stay where they are. */
export interface LineEdit {
  readonly line: number;
  readonly span: Span;
  readonly newText: string;
}

/**
 * The canonical text: two blanks of indentation per block, one blank between words, `=` of bindings and of results in
 * columns. `parse(print(scenario))` says the same as `scenario`, and printing it again gives the same text.
 *
 * A broken line is printed as it is. When the braces do not balance every line is, since indentation is then what
 * shows where the author saw the end of a block.
 */
export function print(scenario: ParsedScenario): string {
  return printLines(scenario).join('\n');
}

/** What the formatter changes: one edit per line that is not canonical, its line ending untouched. */
export function format(scenario: ParsedScenario): LineEdit[] {
  const edits: LineEdit[] = [];
  printLines(scenario).forEach((newText, line) => {
    const old = scenario.lines[line]!.text;
    if (old !== newText) edits.push({ line, span: { start: 0, end: old.length }, newText });
  });
  return edits;
}

interface Draft {
  readonly line: Line;
  readonly depth: number;
  /** Everything before the result of a call. */
  head: string;
  readonly result: string;
  readonly bind: string;
  /** Which block it is in, so that columns end with it. */
  readonly region: number;
  /** Which block of the top level it is in, or 0. */
  readonly scope: number;
}

function printLines(scenario: ParsedScenario): string[] {
  if (!scenario.balanced) return scenario.lines.map((line) => line.text);
  const drafts = draftLines(scenario.lines);
  alignBindings(drafts);
  alignConditions(drafts);
  return withComments(drafts, alignResults(drafts));
}

function draftLines(lines: readonly Line[]): Draft[] {
  let depth = 0;
  let region = 0;
  let scope = 0;
  return lines.map((line, index) => {
    const content = line.content;
    const closes =
      content.kind === 'close' || content.kind === 'or' || (content.kind === 'broken' && content.closes === true);
    const opens = OPENING.has(content.kind) || (content.kind === 'broken' && content.opens !== undefined);
    if (closes) depth = Math.max(0, depth - 1);
    if (closes || opens) region++;
    if (opens && depth === 0) scope = index + 1;
    const draft: Draft = { line, depth, region, scope, ...pieces(line) };
    if (closes && depth === 0) scope = 0;
    if (opens) {
      depth++;
      region++;
    }
    return draft;
  });
}

function pieces(line: Line): { head: string; result: string; bind: string } {
  const content = line.content;
  if (content.kind !== 'syscall')
    return { head: printContent(line), result: '', bind: 'bind' in content ? (content.bind?.text ?? '') : '' };
  return {
    head: printCall(content),
    result: content.result ? printResult(content.result) : '',
    bind: content.bind?.text ?? '',
  };
}

/** Where something of a line would be if nothing but the indentation changed; unknown after a tab. */
function foundAt({ line, depth }: Draft, column: number): number | undefined {
  const before = line.text.slice(0, column);
  if (column < 0 || before.includes('\t')) return undefined;
  return column - (before.length - before.trimStart().length) + INDENT.length * depth;
}

/** Puts `name = ` of neighbouring lines in a column. */
function alignBindings(drafts: Draft[]): void {
  const runs = runsOf(drafts, (draft) => draft.bind !== '' && draft.line.content.kind !== 'broken');
  const columns = columnsOf(
    runs.map((run) => ({
      scope: run[0]!.region,
      cells: run.map((draft) => ({
        least: INDENT.length * draft.depth + draft.bind.length + 1,
        found: foundAt(draft, draft.line.text.indexOf('=')),
      })),
    })),
  );
  runs.forEach((run, index) => {
    for (const draft of run) {
      const width = columns[index]! - INDENT.length * draft.depth - 1;
      draft.head = draft.bind.padEnd(width) + draft.head.slice(draft.bind.length);
    }
  });
}

/** Puts the conditions, and the versions after `on`, of neighbouring final conditions in columns. */
function alignConditions(drafts: readonly Draft[]): void {
  const conditions = drafts.flatMap((draft) => {
    const { content } = draft.line;
    return [content.kind === 'condition' ? { draft, content } : undefined];
  });
  const runs = runsOf(conditions, (one) => one !== undefined) as { draft: Draft; content: FinalCondition }[][];
  const starts = columnsOf(
    runs.map((run) => ({
      scope: 0,
      cells: run.map(({ draft, content }) => {
        const rest = draft.line.text.slice(content.quantifierSpan.end);
        const start = content.quantifierSpan.end + rest.length - rest.trimStart().length;
        return { least: content.quantifier.length + 1, found: foundAt(draft, start) };
      }),
    })),
  );
  runs.forEach((run, index) => {
    for (const { draft, content } of run)
      draft.head = `${content.quantifier.padEnd(starts[index]! - 1)} ${printCondition(content.condition)}`;
  });
  const columns = columnsOf(
    runs.map((run) => ({
      scope: 0,
      cells: run.flatMap(({ draft, content }) => {
        const first = content.on[0];
        if (first === undefined) return [];
        const on = draft.line.text.lastIndexOf('on', first.span.start - 1);
        return [{ least: draft.head.length + 1, found: foundAt(draft, on) }];
      }),
    })),
    WIDEST_COLUMN + 1,
  );
  runs.forEach((run, index) => {
    for (const { draft, content } of run) {
      if (content.on.length > 0)
        draft.head = `${draft.head.padEnd(columns[index]! - 1)} on ${content.on.map(printRange).join(', ')}`;
    }
  });
}

/** Puts the `=` of results in one column per block. Calls that are longer than a screen keep theirs where it falls. */
function alignResults(drafts: readonly Draft[]): string[] {
  const regions = new Map<number, { scope: number; drafts: Draft[] }>();
  for (const draft of drafts) {
    if (draft.result === '') continue;
    const known = regions.get(draft.region);
    if (known === undefined) regions.set(draft.region, { scope: draft.scope, drafts: [draft] });
    else known.drafts.push(draft);
  }
  const found = columnsOf(
    [...regions.values()].map((region) => ({
      scope: region.scope,
      cells: region.drafts.map((draft) => ({
        least: INDENT.length * draft.depth + draft.head.length + 1,
        found: foundAt(draft, resultColumn(draft.line)),
      })),
    })),
    WIDEST_COLUMN + 1,
  );
  const columns = new Map([...regions.keys()].map((region, index) => [region, found[index]!]));
  return drafts.map((draft) => {
    if (draft.line.content.kind === 'broken') return brokenText(draft);
    const indent = INDENT.repeat(draft.head === '' && draft.line.comment === undefined ? 0 : draft.depth);
    if (draft.result === '') return indent + draft.head;
    return `${(indent + draft.head).padEnd((columns.get(draft.region) ?? 1) - 1)} = ${draft.result}`;
  });
}

function resultColumn({ text, content }: Line): number {
  const span = content.kind === 'syscall' ? content.result?.span : undefined;
  return span === undefined ? -1 : text.lastIndexOf('=', span.start);
}

/** A broken line keeps its text, so that what is being typed does not move. */
function brokenText(draft: Draft): string {
  const { text, comment } = draft.line;
  return comment === undefined ? text : text.slice(0, comment.start).replace(/[ \t]+$/, '');
}

/** Comments after code are in one column as long as neighbouring lines have one. */
function withComments(drafts: readonly Draft[], texts: string[]): string[] {
  const indexed = drafts.map((draft, index) => ({ draft, index }));
  const runs = runsOf(indexed, ({ draft: { line } }) => line.comment !== undefined && line.content.kind !== 'blank');
  const columns = columnsOf(
    runs.map((run) => ({
      scope: 0,
      cells: run.map(({ draft, index }) => ({
        least: texts[index]!.length + 2,
        found: foundAt(draft, draft.line.comment!.start),
      })),
    })),
  );
  runs.forEach((run, at) => {
    for (const { draft, index } of run) texts[index] = texts[index]!.padEnd(columns[at]!) + comment(draft.line);
  });
  for (const { draft, index } of indexed) {
    if (draft.line.comment !== undefined && draft.line.content.kind === 'blank') texts[index] += comment(draft.line);
  }
  return texts;
}

function comment(line: Line): string {
  return line.text.slice(line.comment!.start, line.comment!.end).trimEnd();
}

/** Maximal runs of neighbours that satisfy a test, each in one region when they have one. */
function runsOf<Entry>(entries: readonly Entry[], test: (entry: Entry) => boolean): Entry[][] {
  const runs: Entry[][] = [];
  let run: Entry[] = [];
  for (const entry of entries) {
    if (test(entry)) {
      if (run.length === 0) runs.push(run);
      run.push(entry);
    } else run = [];
  }
  return runs;
}

type FinalCondition = LineContent & { readonly kind: 'condition' };

const INDENT = '  ';
/** A result further right than this is off most screens beside a side bar. */
const WIDEST_COLUMN = 80;
const OPENING: ReadonlySet<LineContent['kind']> = new Set([
  'machine-open',
  'actor-open',
  'proc-open',
  'choose-open',
  'or',
  'loop-open',
  'repeat-open',
]);
