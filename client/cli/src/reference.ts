/** docs/cli.md, made from the table of commands. */
import { COMMON_OPTIONS } from './arguments.ts';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/table.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { optionDoc, optionSignature } from './help.ts';

/** The page as Markdown. A test compares it with the file. */
export function commandReference(): string {
  return [
    '# The command',
    '',
    'Written from the table of commands in `client/cli/src/commands`; `npm run generate` writes it.',
    '',
    '`snoopscope COMMAND [options] [FILE…]`, in a checkout `npm run -s snoopscope -- COMMAND …`.',
    '',
    '| exit code | meaning |',
    '| ---: | --- |',
    ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    'Runs that are drawn (`--random`) decide only what they find: when none shows a failure, `explore` exits with 0, even if every',
    'condition remains open.',
    '',
    'With `--format json` stdout holds one JSON document and nothing else. `format` in it is the version of its shape. An',
    'error is a document too: `{"error": {"code", "message", "file", "diagnostics"}}`, the last two where they',
    'apply; lines and columns count from 1. Colours are left out on pipes and where `NO_COLOR` is set.',
    '',
    'The first call of a command that ends well leaves what Node compiled for it in `snoopscope` in the cache folder of the',
    'user (`~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`), about a megabyte a command; later calls start in half the time.',
    '`NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` disables it.',
    '',
    ...COMMANDS.flatMap(section),
  ].join('\n');
}

function section({ name, summary, operands, description, options, examples }: Command): string[] {
  return [
    `## ${name}`,
    '',
    summary,
    '',
    '```',
    `snoopscope ${`${name} [options] ${operands}`.trim()}`,
    '```',
    '',
    ...description.flatMap((paragraph) => [paragraph, '']),
    '| option | |',
    '| --- | --- |',
    ...[...options, ...COMMON_OPTIONS].map((spec) => `| \`${optionSignature(spec)}\` | ${optionDoc(spec)} |`),
    '',
    ...examples.flatMap(({ line, about }) => [about, '', '```', `snoopscope ${line}`, '```', '']),
  ];
}
