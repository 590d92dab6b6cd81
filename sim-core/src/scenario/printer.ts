/** Each kind of line as text, without indentation, comment and columns: those are layout.ts's. */
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
  ScheduleItem,
  Statement,
  StructField,
  Syscall,
  Term,
  VersionRange,
  Word,
} from './ast.ts';

/** One line without indentation, comment and alignment. */
export function printContent(line: Line): string {
  const content = line.content;
  return content.kind === 'broken' ? code(line) : printCode(content);
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

export function printCall(call: Syscall): string {
  return `${bound(call.bind)}${call.call.text}(${call.args.map(printExpr).join(', ')})`;
}

export function printResult(result: NonNullable<Syscall['result']>): string {
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
      return `[${[expr.item, ...expr.more].map(printExpr).join(', ')}]`;
    case 'struct':
      return `{${expr.fields.map(printField).join(', ')}}`;
  }
}

function printField({ name, value }: StructField): string {
  if (value.kind === 'in') return `${name.text}=${printExpr(value.expr)}`;
  return `${name.text}=>${value.bind.text}${value.declared ? `=${value.declared.text}` : ''}`;
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
      return `${inOr(condition.left, 0)} || ${inOr(condition.right, 1)}`;
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

/** Not everybody knows that && binds stronger: parentheses say it, though none are needed. */
function inOr(condition: Condition, strength: number): string {
  return condition.kind === 'and' ? `(${printCondition(condition)})` : guarded(condition, strength);
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
  const only = schedule.only ? 'only ' : '';
  if (schedule.granularity === 'micro') return `${only}micro `;
  const first = schedule.items[0]?.actor.text;
  const misread = first === 'micro' || first === 'statement' || (first === 'only' && !schedule.only);
  return misread ? `${only}statement ` : only;
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

// Control characters, quotes, backslashes and what would break the line or not survive UTF-8.

const ESCAPED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must be escaped.
  /["\\\u0000-\u001f\u007f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
