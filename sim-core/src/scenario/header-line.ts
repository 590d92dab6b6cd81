import { LIMITS } from '../limits.ts';
import type { ActorHeader, LineContent, Option, ScheduleItem, Span, Word } from './ast.ts';
import { parseFinalCondition, takeVersion } from './condition.ts';
import type { LineScanner } from './line-scanner.ts';

/** Readers of the lines of the top level; the scanner is after the keyword. */
export const FILE_LINES: Readonly<Record<string, (scanner: LineScanner, keyword: Span) => LineContent>> = {
  scenario: (scanner) => textLine(scanner, 'scenario', 'the name of the scenario'),
  doc: (scanner) => textLine(scanner, 'doc', 'what the scenario teaches'),
  source: (scanner) => textLine(scanner, 'source', 'a commit, message or manual section'),
  include: (scanner) => textLine(scanner, 'include', 'the path of another scenario'),
  tags: (scanner) => {
    const tags: Word[] = [];
    do {
      tags.push(scanner.takeHyphenated() ?? scanner.failExpected('a tag such as `wbinvd`'));
      scanner.take(',');
    } while (!scanner.atEnd());
    return { kind: 'tags', tags };
  },
  kernel: (scanner) => {
    const version = takeVersion(scanner) ?? scanner.failExpected('a kernel version such as `v6.1`');
    scanner.finish('The kernel line');
    return { kind: 'kernel', version };
  },
  exists: (scanner, keyword) => parseFinalCondition(scanner, 'exists', keyword),
  forall: (scanner, keyword) => parseFinalCondition(scanner, 'forall', keyword),
  schedule: (scanner) => parseSchedule(scanner),
};

/** Readers of the lines that open a block. Each leaves the scanner before the `{`. */
export const OPENERS: Readonly<Record<string, (scanner: LineScanner) => LineContent>> = {
  machine: () => ({ kind: 'machine-open' }),
  setup: (scanner) => actor('setup', {}, scanner),
  host: (scanner) => actor('host', {}, scanner),
  thread: (scanner) =>
    actor(
      'thread',
      named(scanner, 'a name for the thread, such as `qemu`', 'the name of the process that it belongs to'),
      scanner,
    ),
  vcpu: (scanner) => actor('vcpu', numbered(scanner), scanner),
  device: (scanner) => actor('device', { name: scanner.identifier('the name of a device of the machine') }, scanner),
  proc: (scanner) => {
    const name = scanner.identifier('a name for the procedure');
    return { kind: 'proc-open', name, params: parameters(scanner, name) };
  },
};

/** Readers of the lines that open a block inside an actor. */
export const CONTROL_OPENERS: Readonly<Record<string, (scanner: LineScanner) => LineContent>> = {
  choose: () => ({ kind: 'choose-open' }),
  loop: () => ({ kind: 'loop-open' }),
  repeat: (scanner) => {
    const count = scanner.number('how many times to repeat');
    if (count.value < 1n || count.value > BigInt(LIMITS.repeatCount)) {
      const message = `\`repeat\` takes 1 to ${LIMITS.repeatCount}, found \`${count.text}\`. For ever is written \`loop {\`.`;
      scanner.fail('bad-number', message, count.span);
    }
    return { kind: 'repeat-open', count };
  },
};

function textLine(scanner: LineScanner, kind: 'scenario' | 'doc' | 'source' | 'include', what: string): LineContent {
  const text = scanner.string(`${what}, in double quotes`);
  scanner.finish(`The ${kind} line`);
  return { kind, text };
}

function actor(kind: ActorHeader['kind'], names: { name?: Word; of?: Word }, scanner: LineScanner): LineContent {
  const options: Option[] = scanner.options(`an option such as \`cpu=0\`, or \`{\``, (before) => {
    if (kind === 'thread' || kind === 'vcpu') refuseLateOf(before, scanner);
  });
  return { kind: 'actor-open', actor: { kind, ...names, options } };
}

/** `vcpu 0 cpu=1 of vm`: whose it is comes first. */
function refuseLateOf(before: readonly Option[], scanner: LineScanner): void {
  const start = before[0]?.span.start;
  if (start === undefined) return;
  const of = takeOf(scanner, 'a name');
  if (of === undefined) return;
  const span = { start, end: of.span.end };
  const options = scanner.text.slice(start, before.at(-1)!.span.end);
  const newText = `of ${of.text} ${options}`;
  const message = `\`of ${of.text}\` comes before the options: \`${newText}\`.`;
  scanner.fail('expected', message, span, [{ title: `Write \`${newText}\``, span, newText }]);
}

function named(scanner: LineScanner, what: string, ofWhat: string): { name: Word; of?: Word } {
  const name = scanner.identifier(what);
  const of = takeOf(scanner, ofWhat);
  return of ? { name, of } : { name };
}

function numbered(scanner: LineScanner): { name: Word; of?: Word } {
  const number = scanner.number('the number of the vCPU, as KVM_CREATE_VCPU takes it');
  const of = takeOf(scanner, 'the name of a VM');
  const name = { text: number.text, span: number.span };
  return of ? { name, of } : { name };
}

function takeOf(scanner: LineScanner, what: string): Word | undefined {
  scanner.peek();
  const before = scanner.pos;
  if (scanner.takeIdentifier()?.text === 'of') return scanner.identifier(`${what} after \`of\``);
  scanner.pos = before;
  return undefined;
}

function parameters(scanner: LineScanner, name: Word): Word[] {
  scanner.expect('(', `\`(\` and the parameters of \`${name.text}\``);
  const params: Word[] = [];
  if (!scanner.take(')')) {
    do params.push(scanner.identifier(`a parameter of \`${name.text}\``));
    while (scanner.take(','));
    scanner.expect(')', `\`,\` or \`)\` after a parameter of \`${name.text}\``);
  }
  return params;
}

/**
 * `schedule qemu*4 vcpu0`, `schedule micro qemu*4`: each item is an actor, the number of statements (or micro-steps)
 * that it makes, and the alternative it takes. `only`, `micro` and `statement` directly after the keyword are not actors.
 */
function parseSchedule(scanner: LineScanner): LineContent {
  const only = takeWord(scanner, 'only');
  const granularity = takeWord(scanner, 'micro') ? 'micro' : 'statement';
  if (granularity === 'statement') takeWord(scanner, 'statement');
  const items: ScheduleItem[] = [];
  while (!scanner.atEnd()) items.push(scheduleItem(scanner));
  if (items.length === 0) scanner.failExpected('who moves, such as `qemu*4 vcpu0`');
  return { kind: 'schedule', only, granularity, items };
}

function takeWord(scanner: LineScanner, word: string): boolean {
  scanner.peek();
  const before = scanner.pos;
  if (scanner.takeIdentifier()?.text === word) return true;
  scanner.pos = before;
  return false;
}

function scheduleItem(scanner: LineScanner): ScheduleItem {
  const actorName = scanner.identifier('who moves, such as `qemu*4` or `vcpu0`');
  const args: Word[] = [];
  if (scanner.here() === 0x28) {
    scanner.pos++;
    do args.push(scanner.takeRaw() ?? scanner.failExpected(`what \`${actorName.text}\` is done to`));
    while (scanner.take(','));
    scanner.expect(')', `\`,\` or \`)\` after an argument of \`${actorName.text}\``);
  }
  const alternative = suffix(scanner, 0x2f, 'the number of an alternative after `/`, the first is 0');
  const count = suffix(scanner, 0x2a, 'how many steps after `*`') ?? 1;
  const span = { start: actorName.span.start, end: scanner.pos };
  return { actor: actorName, args, ...(alternative !== undefined && { alternative }), count, span };
}

function suffix(scanner: LineScanner, mark: number, what: string): number | undefined {
  if (scanner.here() !== mark) return undefined;
  scanner.pos++;
  const number = scanner.number(what);
  if (number.value < 0n || number.value > 0xffff_ffffn)
    scanner.fail('bad-number', `Expected ${what}, found \`${number.text}\`.`, number.span);
  return Number(number.value);
}
