import { EQUALS_OPS } from './action.ts';
import type {
  ActorHeader,
  Condition,
  Expr,
  Line,
  LineContent,
  MachineItem,
  Operand,
  Option,
  ParsedScenario,
  ScheduleItem,
  Span,
  Statement,
  Syscall,
  Term,
  VersionRange,
  Word,
} from './ast.ts';

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
 * A broken line is printed as it stands. When the braces do not balance every line is, since indentation is then what
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

/** One line without indentation, comment and alignment. */
export function printContent(line: Line): string {
  const content = line.content;
  return content.kind === 'broken' ? code(line) : printCode(content);
}

interface Draft {
  readonly line: Line;
  readonly depth: number;
  /** Everything before the result of a call. */
  head: string;
  readonly result: string;
  readonly bind: string;
  /** Which block it stands in, so that columns end with it. */
  readonly region: number;
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
  return lines.map((line) => {
    const content = line.content;
    const closes =
      content.kind === 'close' || content.kind === 'or' || (content.kind === 'broken' && content.closes === true);
    const opens = OPENING.has(content.kind) || (content.kind === 'broken' && content.opens !== undefined);
    if (closes) depth = Math.max(0, depth - 1);
    if (closes || opens) region++;
    const draft: Draft = { line, depth, region, ...pieces(line) };
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

/** Puts `name = ` of neighbouring lines in a column. */
function alignBindings(drafts: Draft[]): void {
  runsOf(drafts, (draft) => draft.bind !== '' && draft.line.content.kind !== 'broken').forEach((run) => {
    const width = Math.max(...run.map((draft) => draft.bind.length));
    for (const draft of run) draft.head = draft.bind.padEnd(width) + draft.head.slice(draft.bind.length);
  });
}

/** Puts the conditions, and the versions behind `on`, of neighbouring final conditions in columns. */
function alignConditions(drafts: readonly Draft[]): void {
  const conditions = drafts.map((draft) => ({ draft, content: draft.line.content }));
  for (const run of runsOf(conditions, ({ content }) => content.kind === 'condition')) {
    const parts = run.map(({ draft, content }) => ({ draft, content: content as LineContent & { kind: 'condition' } }));
    const quantifiers = Math.max(...parts.map(({ content }) => content.quantifier.length));
    const heads = parts.map(
      ({ content }) => `${content.quantifier.padEnd(quantifiers)} ${printCondition(content.condition)}`,
    );
    const column = Math.max(0, ...heads.map((head) => head.length).filter((length) => length <= WIDEST_COLUMN));
    parts.forEach(({ draft, content }, index) => {
      draft.head =
        content.on.length === 0
          ? heads[index]!
          : `${heads[index]!.padEnd(column)} on ${content.on.map(printRange).join(', ')}`;
    });
  }
}

/** Puts the `=` of results in one column per block. Calls that are longer than a screen keep theirs where it falls. */
function alignResults(drafts: readonly Draft[]): string[] {
  const columns = new Map<number, number>();
  const width = (draft: Draft) => draft.head.length + INDENT.length * draft.depth;
  for (const draft of drafts) {
    if (draft.result === '' || width(draft) > WIDEST_COLUMN) continue;
    columns.set(draft.region, Math.max(columns.get(draft.region) ?? 0, width(draft)));
  }
  return drafts.map((draft) => {
    if (draft.line.content.kind === 'broken') return brokenText(draft);
    const indent = INDENT.repeat(draft.head === '' && draft.line.comment === undefined ? 0 : draft.depth);
    if (draft.result === '') return indent + draft.head;
    return `${(indent + draft.head).padEnd(columns.get(draft.region) ?? 0)} = ${draft.result}`;
  });
}

/** A broken line keeps its text, so that what is being typed does not move. */
function brokenText(draft: Draft): string {
  const { text, comment } = draft.line;
  return comment === undefined ? text : text.slice(0, comment.start).replace(/[ \t]+$/, '');
}

/** Comments behind code stand in one column as long as neighbouring lines have one. */
function withComments(drafts: readonly Draft[], texts: string[]): string[] {
  const commented = (draft: Draft) => draft.line.comment !== undefined && draft.line.content.kind !== 'blank';
  const indexed = drafts.map((draft, index) => ({ draft, index }));
  for (const run of runsOf(indexed, ({ draft }) => commented(draft))) {
    const column = Math.max(...run.map(({ index }) => texts[index]!.length)) + 2;
    for (const { draft, index } of run) texts[index] = texts[index]!.padEnd(column) + comment(draft.line);
  }
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

function printCode(content: Exclude<LineContent, { kind: 'broken' }>): string {
  switch (content.kind) {
    case 'blank':
      return '';
    case 'scenario':
    case 'doc':
    case 'source':
    case 'include':
      return `${content.kind} ${printString(content.text.value)}`;
    case 'tags':
      return `tags ${words(content.tags, ' ')}`;
    case 'kernel':
      return `kernel ${content.version.text}`;
    case 'machine-open':
      return 'machine {';
    case 'actor-open':
      return `${printActor(content.actor)} {`;
    case 'proc-open':
      return `proc ${content.name.text}(${words(content.params, ', ')}) {`;
    case 'close':
      return '}';
    case 'choose-open':
      return 'choose {';
    case 'or':
      return '} or {';
    case 'loop-open':
      return 'loop {';
    case 'repeat-open':
      return `repeat ${content.count.text} {`;
    case 'condition':
      return `${content.quantifier} ${printCondition(content.condition)}${content.on.length === 0 ? '' : ` on ${content.on.map(printRange).join(', ')}`}`;
    case 'schedule':
      return `schedule ${printGranularity(content)}${content.items.map(printScheduleItem).join(' ')}`;
    case 'cpu':
    case 'iommu':
    case 'device':
    case 'mdev':
    case 'memory':
    case 'allow':
      return printMachineItem(content);
    default:
      return printStatement(content);
  }
}

export function printActor(actor: ActorHeader): string {
  const name = actor.name ? ` ${actor.name.text}` : '';
  const of = actor.of ? ` of ${actor.of.text}` : '';
  return `${actor.kind}${name}${of}${options(actor.options)}`;
}

function printMachineItem(item: MachineItem): string {
  const tail = options(item.options);
  switch (item.kind) {
    case 'cpu':
      return `cpu ${item.vendor.text}${tail}`;
    case 'iommu':
      return `iommu ${item.name.text} ${item.driver.text}${tail}`;
    case 'device':
      return `device ${item.name.text} ${item.bdf.text}${tail}`;
    case 'mdev':
      return `mdev ${item.name.text}${tail}`;
    case 'memory':
      return `memory ${words(item.names, ' ')}${item.values.length === 0 ? '' : ` = ${item.values.map((value) => value.text).join(' ')}`}${tail}`;
    case 'allow':
      return `allow ${words([item.what, ...item.subjects], ' ')}${tail}`;
  }
}

export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'syscall':
      return printCall(statement) + (statement.result ? ` = ${printResult(statement.result)}` : '');
    case 'action': {
      const separator = EQUALS_OPS.has(statement.op.text) ? ' = ' : ', ';
      const operands = statement.operands.map(printOperand).join(separator);
      const attributes = statement.attributes.map((word) => ` ${word.text}`).join('');
      return `${bound(statement.bind)}${statement.op.text}${operands === '' ? '' : ` ${operands}`}${attributes}${options(statement.options)}`;
    }
    case 'wait':
      return `wait ${printOperand(statement.left)} ${statement.relation} ${statement.right.text}`;
    case 'call':
      return `call ${statement.name.text}(${words(statement.args, ', ')})`;
  }
}

function printCall(call: Syscall): string {
  return `${bound(call.bind)}${call.call.text}(${call.args.map(printExpr).join(', ')})`;
}

function printResult(result: NonNullable<Syscall['result']>): string {
  return result.errno === undefined ? `${result.value}` : `-${result.errno}`;
}

export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.text;
    case 'string':
      return printString(expr.value);
    case 'name':
      return expr.name;
    case 'flags':
      return expr.parts.map(printExpr).join('|');
    case 'address':
      return `&${expr.name.text}`;
    case 'pointer':
      return `[${printExpr(expr.item)}]`;
    case 'struct':
      return `{${expr.fields.map((field) => field.name.text + (field.value.kind === 'in' ? `=${printExpr(field.value.expr)}` : `=>${field.value.bind.text}`)).join(', ')}}`;
  }
}

export function printOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'memory':
      return `[${operand.name.text}${member(operand.member)}]`;
    case 'name':
      return operand.name + member(operand.member);
    case 'number':
      return operand.text;
    case 'string':
      return printString(operand.value);
  }
}

/** Binding strength: a weaker condition inside a stronger one needs parentheses. */
const STRENGTH: Readonly<Record<Condition['kind'], number>> = { or: 0, and: 1, not: 2, compare: 3, holds: 3 };

export function printCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'or':
      return `${guarded(condition.left, 0)} || ${guarded(condition.right, 1)}`;
    case 'and':
      return `${guarded(condition.left, 1)} && ${guarded(condition.right, 2)}`;
    case 'not':
      return `!${guarded(condition.operand, condition.operand.kind === 'holds' ? 0 : 4, condition.operand.kind === 'not')}`;
    case 'compare':
      return `${printTerm(condition.left)} ${condition.relation} ${printTerm(condition.right)}`;
    case 'holds':
      return printTerm(condition.term);
  }
}

function guarded(condition: Condition, strength: number, never = false): string {
  const text = printCondition(condition);
  return never || STRENGTH[condition.kind] >= strength ? text : `(${text})`;
}

export function printTerm(term: Term): string {
  switch (term.kind) {
    case 'number':
      return term.text;
    case 'name':
      return term.name.text + member(term.member);
    case 'memory':
      return `[${term.name.text}]`;
    case 'call':
      return `${term.name.text}(${words(term.args, ', ')})`;
  }
}

export function printRange(range: VersionRange): string {
  const from = range.from?.text ?? '';
  const to = range.to?.text ?? '';
  return from === to && from !== '' ? from : `${from}..${to}`;
}

export function printScheduleItem(item: ScheduleItem): string {
  const args = item.args.length === 0 ? '' : `(${words(item.args, ',')})`;
  const alternative = item.alternative === undefined ? '' : `/${item.alternative}`;
  return `${item.actor.text}${args}${alternative}${item.count === 1 ? '' : `*${item.count}`}`;
}

function printGranularity(schedule: LineContent & { kind: 'schedule' }): string {
  if (schedule.granularity === 'micro') return 'micro ';
  const first = schedule.items[0]?.actor.text;
  return first === 'micro' || first === 'statement' ? 'statement ' : '';
}

export function printString(value: string): string {
  return `"${value.replace(ESCAPED, (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

function options(list: readonly Option[]): string {
  return list.map((option) => ` ${option.key.text}=${option.value.text}`).join('');
}

function words(list: readonly Word[], separator: string): string {
  return list.map((word) => word.text).join(separator);
}

function bound(name: Word | undefined): string {
  return name === undefined ? '' : `${name.text} = `;
}

function member(name: Word | undefined): string {
  return name === undefined ? '' : `.${name.text}`;
}

function code(line: Line): string {
  return line.text.slice(0, line.comment?.start ?? line.text.length).trim();
}

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
// Control characters, quotes, backslashes and what would break the line or not survive UTF-8.

const ESCAPED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must be escaped.
  /["\\\u0000-\u001f\u007f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
