import { LIMITS } from '../limits.ts';
import type { ActorHeader, LineContent, Option, ScheduleItem, Span, Word } from './ast.ts';
import { parseFinalCondition, takeVersion } from './condition.ts';
import type { Cursor } from './cursor.ts';

/** Readers of the lines of the top level; the cursor is after the keyword. */
export const FILE_LINES: Readonly<Record<string, (cursor: Cursor, keyword: Span) => LineContent>> = {
  scenario: (cursor) => textLine(cursor, 'scenario', 'the name of the scenario'),
  doc: (cursor) => textLine(cursor, 'doc', 'what the scenario teaches'),
  source: (cursor) => textLine(cursor, 'source', 'a commit, message or manual section'),
  include: (cursor) => textLine(cursor, 'include', 'the path of another scenario'),
  tags: (cursor) => {
    const tags: Word[] = [];
    do {
      tags.push(cursor.takeHyphenated() ?? cursor.failExpected('a tag such as `wbinvd`'));
      cursor.take(',');
    } while (!cursor.atEnd());
    return { kind: 'tags', tags };
  },
  kernel: (cursor) => {
    const version = takeVersion(cursor) ?? cursor.failExpected('a kernel version such as `v6.1`');
    cursor.finish('The kernel line');
    return { kind: 'kernel', version };
  },
  exists: (cursor, keyword) => parseFinalCondition(cursor, 'exists', keyword),
  forall: (cursor, keyword) => parseFinalCondition(cursor, 'forall', keyword),
  schedule: (cursor) => parseSchedule(cursor),
};

/** Readers of the lines that open a block. Each leaves the cursor before the `{`. */
export const OPENERS: Readonly<Record<string, (cursor: Cursor) => LineContent>> = {
  machine: () => ({ kind: 'machine-open' }),
  setup: (cursor) => actor('setup', {}, cursor),
  host: (cursor) => actor('host', {}, cursor),
  thread: (cursor) =>
    actor(
      'thread',
      named(cursor, 'a name for the thread, such as `qemu`', 'the name of the process that it belongs to'),
      cursor,
    ),
  vcpu: (cursor) => actor('vcpu', numbered(cursor), cursor),
  device: (cursor) => actor('device', { name: cursor.identifier('the name of a device of the machine') }, cursor),
  proc: (cursor) => {
    const name = cursor.identifier('a name for the procedure');
    return { kind: 'proc-open', name, params: parameters(cursor, name) };
  },
};

/** Readers of the lines that open a block inside an actor. */
export const CONTROL_OPENERS: Readonly<Record<string, (cursor: Cursor) => LineContent>> = {
  choose: () => ({ kind: 'choose-open' }),
  loop: () => ({ kind: 'loop-open' }),
  repeat: (cursor) => {
    const count = cursor.number('how many times to repeat');
    if (count.value < 1n || count.value > BigInt(LIMITS.repeatCount)) {
      const message = `\`repeat\` takes 1 to ${LIMITS.repeatCount} (limit repeatCount), found \`${count.text}\`. For ever is written \`loop {\`.`;
      cursor.fail('bad-number', message, count.span);
    }
    return { kind: 'repeat-open', count };
  },
};

function textLine(cursor: Cursor, kind: 'scenario' | 'doc' | 'source' | 'include', what: string): LineContent {
  const text = cursor.string(`${what}, in double quotes`);
  cursor.finish(`The ${kind} line`);
  return { kind, text };
}

function actor(kind: ActorHeader['kind'], names: { name?: Word; of?: Word }, cursor: Cursor): LineContent {
  const options: Option[] = cursor.options(`an option such as \`cpu=0\`, or \`{\``);
  return { kind: 'actor-open', actor: { kind, ...names, options } };
}

function named(cursor: Cursor, what: string, ofWhat: string): { name: Word; of?: Word } {
  const name = cursor.identifier(what);
  const of = takeOf(cursor, ofWhat);
  return of ? { name, of } : { name };
}

function numbered(cursor: Cursor): { name: Word; of?: Word } {
  const number = cursor.number('the number of the vCPU, as KVM_CREATE_VCPU takes it');
  const of = takeOf(cursor, 'the name of a VM');
  const name = { text: number.text, span: number.span };
  return of ? { name, of } : { name };
}

function takeOf(cursor: Cursor, what: string): Word | undefined {
  cursor.peek();
  const before = cursor.pos;
  if (cursor.takeIdentifier()?.text === 'of') return cursor.identifier(`${what} after \`of\``);
  cursor.pos = before;
  return undefined;
}

function parameters(cursor: Cursor, name: Word): Word[] {
  cursor.expect('(', `\`(\` and the parameters of \`${name.text}\``);
  const params: Word[] = [];
  if (!cursor.take(')')) {
    do params.push(cursor.identifier(`a parameter of \`${name.text}\``));
    while (cursor.take(','));
    cursor.expect(')', `\`,\` or \`)\` after a parameter of \`${name.text}\``);
  }
  return params;
}

/**
 * `schedule qemu*4 vcpu0`, `schedule micro qemu*4`: each item is an actor, the number of statements (or micro-steps)
 * that it makes, and the alternative it takes. `only`, `micro` and `statement` directly after the keyword are not actors.
 */
function parseSchedule(cursor: Cursor): LineContent {
  const only = takeWord(cursor, 'only');
  const granularity = takeWord(cursor, 'micro') ? 'micro' : 'statement';
  if (granularity === 'statement') takeWord(cursor, 'statement');
  const items: ScheduleItem[] = [];
  while (!cursor.atEnd()) items.push(scheduleItem(cursor));
  if (items.length === 0) cursor.failExpected('who moves, such as `qemu*4 vcpu0`');
  return { kind: 'schedule', only, granularity, items };
}

function takeWord(cursor: Cursor, word: string): boolean {
  cursor.peek();
  const before = cursor.pos;
  if (cursor.takeIdentifier()?.text === word) return true;
  cursor.pos = before;
  return false;
}

function scheduleItem(cursor: Cursor): ScheduleItem {
  const actorName = cursor.identifier('who moves, such as `qemu*4` or `vcpu0`');
  const args: Word[] = [];
  if (cursor.here() === 0x28) {
    cursor.pos++;
    do args.push(cursor.takeRaw() ?? cursor.failExpected(`what \`${actorName.text}\` is done to`));
    while (cursor.take(','));
    cursor.expect(')', `\`,\` or \`)\` after an argument of \`${actorName.text}\``);
  }
  const alternative = suffix(cursor, 0x2f, 'the number of an alternative after `/`, the first is 0');
  const count = suffix(cursor, 0x2a, 'how many steps after `*`') ?? 1;
  const span = { start: actorName.span.start, end: cursor.pos };
  return { actor: actorName, args, ...(alternative !== undefined && { alternative }), count, span };
}

function suffix(cursor: Cursor, mark: number, what: string): number | undefined {
  if (cursor.here() !== mark) return undefined;
  cursor.pos++;
  const number = cursor.number(what);
  if (number.value < 0n || number.value > 0xffff_ffffn)
    cursor.fail('bad-number', `Expected ${what}, found \`${number.text}\`.`, number.span);
  return Number(number.value);
}
