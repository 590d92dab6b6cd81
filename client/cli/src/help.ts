/** Help pages, made from the table of commands. */
import { COMMON_OPTIONS } from './arguments.ts';
import type { Command, CommandOption } from './commands/command.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { type Paint, wrap } from './paint.ts';

const ABOUT = 'Snoopscope: does the CPU see what the device wrote, and does the device see what the CPU wrote?';

/** What `snoopscope help` prints. */
export function generalHelp(commands: readonly Command[], paint: Paint, width: number): string {
  return [
    wrap(ABOUT, width),
    '',
    paint('heading', 'Usage'),
    `  ${wrap('snoopscope COMMAND [options] [FILE…]', width, 6, 2)}`,
    '',
    paint('heading', 'Commands'),
    ...rows(
      commands.map(({ name, summary }) => [name, summary]),
      paint,
      width,
    ),
    '',
    paint('heading', 'Exit codes'),
    ...rows(Object.entries(EXIT_MEANINGS), paint, width),
    '',
    wrap('`snoopscope help COMMAND` prints the options of a command, `snoopscope --version` the version.', width),
  ].join('\n');
}

/** What `snoopscope help COMMAND` prints. */
export function commandHelp(command: Command, paint: Paint, width: number): string {
  const options = [...command.options, ...COMMON_OPTIONS].map(
    (spec) => [optionSignature(spec), optionDoc(spec)] as const,
  );
  return [
    wrap(command.summary, width),
    '',
    paint('heading', 'Usage'),
    `  ${wrap(`snoopscope ${command.name} [options] ${command.operands}`.trim(), width, 6, 2)}`,
    '',
    ...command.description.flatMap((paragraph) => [wrap(paragraph, width), '']),
    paint('heading', 'Options'),
    ...rows(options, paint, width),
    '',
    paint('heading', 'Examples'),
    ...command.examples.flatMap(({ line, about }) => [
      `  ${wrap(`snoopscope ${line}`, width, 6, 2)}`,
      `      ${paint('faint', wrap(about, width, 6))}`,
    ]),
  ].join('\n');
}

/** `--kernel KERNEL`; `-h, --help`. */
export function optionSignature({ name, value, short }: CommandOption): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;
}

export function optionDoc(spec: CommandOption): string {
  if (!spec.choices) return spec.doc;
  return `${spec.doc} One of ${spec.choices.join(', ')}.`;
}

/** A column of names and a column of texts; below 60 columns the texts go under the names. */
function rows(table: readonly (readonly [string, string])[], paint: Paint, width: number): string[] {
  const longest = Math.max(...table.map(([name]) => name.length));
  const stacked = width < 60;
  const indent = stacked ? 6 : longest + 4;
  return table.map(([name, text]) => {
    const hanging = wrap(text, width, indent);
    const shown = paint('name', name);
    return stacked
      ? `  ${shown}\n${' '.repeat(indent)}${hanging}`
      : `  ${shown}${' '.repeat(longest - name.length + 2)}${hanging}`;
  });
}
