/** From the words after the program's name to a checked call of a command. */
import { parseArgs } from 'node:util';
import { didYouMean, nearest } from '@snoopscope/sim-core';
import type { Command, CommandOption } from './commands/command.ts';
import { Failure } from './failure.ts';

/** Every command understands these. */
export const COMMON_OPTIONS: readonly CommandOption[] = [{ name: 'help', short: 'h', doc: 'Print this help.' }];

export interface Arguments {
  readonly operands: readonly string[];
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
  readonly count: (option: string, most?: number) => number | undefined;
}

export function parseArguments(command: Command, words: readonly string[]): Arguments {
  const specs = [...command.options, ...COMMON_OPTIONS];
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      specs.map(({ name, value, short }) => [
        name,
        { type: value ? 'string' : 'boolean', ...(short && { short }) } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = specs.find(({ name, short }) => token.rawName === `--${name}` || token.rawName === `-${short}`);
    if (!spec) throw unknownOption(command, token.rawName, specs);
    const value = checked(command, spec, token.value);
    const before = values.get(spec.name) ?? value;
    if (before !== value) throw givenTwice(spec.name, String(before), String(value));
    values.set(spec.name, value);
  }
  if (!values.has('help')) checkOperands(command, operands, values);
  return {
    operands,
    text: (option) => {
      const value = values.get(option);
      return value === true ? undefined : value;
    },
    flag: (option) => values.has(option),
    count: (option, most) => {
      const value = values.get(option);
      return value === undefined ? undefined : countOf(option, String(value), most);
    },
  };
}

function checked(command: Command, spec: CommandOption, value: string | undefined): string | true {
  if (!spec.value) {
    if (value === undefined) return true;
    throw new Failure(`--${spec.name} takes no value, found \`${value}\`.`, { code: 'unexpected-value' });
  }
  // A following option is not meant as the value; a negative number would be written with `=`.
  if (value === undefined || (value === '' && !spec.allowsEmpty)) {
    throw new Failure(`--${spec.name} needs a value: --${spec.name} ${spec.choices?.join('|') ?? spec.value}.`, {
      code: 'missing-value',
    });
  }
  if (spec.choices && !spec.choices.includes(value)) {
    const near = didYouMean(nearest(value, spec.choices));
    throw new Failure(
      `\`${value}\` is not a ${spec.name} of \`${command.name}\`, which knows ${listed(spec.choices)}${near}`,
      { code: `unknown-${spec.name}` },
    );
  }
  return value;
}

function givenTwice(option: string, first: string, second: string): Failure {
  const message = `--${option} is given twice, with ${shellWord(first)} and with ${shellWord(second)}; it takes one value.`;
  return new Failure(message, { code: 'option-given-twice' });
}

function unknownOption(command: Command, written: string, specs: readonly CommandOption[]): Failure {
  const word = written.replace(/^-+/, '');
  const near = nearest(
    word,
    specs.map(({ name }) => name),
  );
  const message = `\`${command.name}\` has no option \`${written}\`${didYouMean(near && `--${near}`)}`;
  return new Failure(`${message} \`snoopscope help ${command.name}\` lists its options.`, { code: 'unknown-option' });
}

const SCENARIO_ENDING = '.snoop';

function checkOperands(
  command: Command,
  operands: readonly string[],
  values: ReadonlyMap<string, string | true>,
): void {
  if (operands.includes('')) {
    throw new Failure('An operand is empty.', { code: 'empty-operand' });
  }
  if (operands.filter((operand) => operand === '-').length > 1) {
    throw new Failure('- is standard input, which can be read only once.', { code: 'surplus-operand' });
  }
  const usage = `snoopscope ${command.name} ${command.operands}`.trim();
  if (operands.length < command.minOperands) {
    const taken = [...values].find(([, value]) => String(value).endsWith(SCENARIO_ENDING));
    const where = taken === undefined ? '' : ` \`${taken[1]}\` was taken as the value of --${taken[0]}.`;
    throw new Failure(`\`${command.name}\` needs ${command.operands}: \`${usage}\`.${where}`, {
      code: 'missing-operand',
    });
  }
  if (operands.length > command.maxOperands) {
    const surplus = operands[command.maxOperands];
    throw new Failure(`\`${command.name}\` does not know what to do with \`${surplus}\`: \`${usage}\`.`, {
      code: 'surplus-operand',
    });
  }
}

function countOf(option: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text.replaceAll('_', ''));
  if (/^[\d_]+$/.test(text) && value > 0 && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? 'from 1 on' : `from 1 to ${most}`;
  throw new Failure(`--${option} takes a whole number ${range}, found \`${text}\`.`, { code: 'not-a-count' });
}

/** `a, b and c`. */
export function listed(words: readonly string[], conjunction = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}

/** A word as one types it in a shell. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}
