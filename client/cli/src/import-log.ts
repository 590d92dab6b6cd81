/** `snoopscope import` of logs and of files about a machine. */
import {
  Assumptions,
  choiceRefused,
  fileRemarks,
  type Imported,
  imported,
  importRemarks,
  leftOutRemarks,
  type MachineChoices,
  machineBlock,
  NOTHING_TO_IMPORT,
  Rebuilder,
  type RebuildOptions,
  type Rebuilt,
  type RunFiles,
} from '@snoopscope/sim-core';
import { type CommandOption, type Invocation, KERNELS } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { FORMAT_VERSION } from './json.ts';
import { askedProfile } from './kernels.ts';
import { readLogs } from './read-logs.ts';

export async function importLogs(
  call: Invocation,
  names: readonly string[],
  kind: string | undefined,
): Promise<ExitCode> {
  const rebuilder = rebuilderOf(call);
  const choices = choicesOf(call);
  const asked = call.text('kernel');
  const profile = asked === undefined ? undefined : askedProfile(call, asked);
  const read = await readLogs(call, names, rebuilder, kind);
  if (call.io.interrupt.aborted) return EXIT.interrupted;
  if (read.files.every(({ what }) => what === 'machine')) {
    refuseOptions(call, [...LOG_OPTIONS, 'kernel', 'assume'], 'is about logs, and no file is one');
    return importMachine(call, read);
  }
  const rebuilt = rebuiltOf(call, rebuilder);
  const result = imported(rebuilt, choices, profile);
  if (call.format === 'json') call.printJson(documentOf(rebuilt, result, read));
  else {
    call.print(result.text.trimEnd());
    for (const line of [...fileRemarks(read), ...importRemarks(rebuilt, result)]) call.remark(line);
  }
  const differs = result.outcome.differences.some(({ what }) => what === 'result' || what === 'order');
  return differs ? EXIT.failed : EXIT.fine;
}

export function rebuilderOf(call: Invocation): Rebuilder {
  const options = rebuildOptionsOf(call);
  const { from, to } = options;
  if (from !== undefined && to !== undefined && from > to)
    throw new Failure(`--from ${from} is after --to ${to}: no line is left.`, { code: 'options-exclude-each-other' });
  return new Rebuilder({ ...options, encoder: new TextEncoder() });
}

/** What the logs come to; a choice of lines, of a process or of a VM that takes nothing of them is refused. */
export function rebuiltOf(call: Invocation, rebuilder: Rebuilder): Rebuilt {
  refuseSeveral(rebuilder);
  const rebuilt = rebuilder.finish();
  const refused = choiceRefused(rebuilt, rebuildOptionsOf(call));
  if (refused !== undefined) throw new Failure(refused, { code: 'no-such-choice' });
  refuseEmpty(rebuilt);
  return rebuilt;
}

/** Refuses options that would have no effect: `why` follows the name of the option. */
export function refuseOptions(call: Invocation, names: readonly string[], why: string): void {
  const given = names.find((name) => call.flag(name) || call.text(name) !== undefined);
  if (given !== undefined) throw new Failure(`--${given} ${why}.`, { code: 'surplus-option' });
}

/** Options that say what is taken of a log. */
export const LOG_OPTIONS: readonly string[] = ['all', 'from', 'to', 'pid', 'vm'];

function rebuildOptionsOf(call: Invocation): RebuildOptions {
  const [from, to, vm, pid] = [call.count('from'), call.count('to'), call.count('vm'), call.count('pid')];
  return {
    all: call.flag('all'),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(vm !== undefined && { vm }),
    ...(pid !== undefined && { pid }),
  };
}

/** Options of everything that reads logs. */
export const importOptions: readonly CommandOption[] = [
  {
    name: 'kernel',
    value: 'KERNEL',
    doc: 'The kernel that wrote the log. Default: the one that the files name, else the release whose answers agree.',
    offers: KERNELS,
  },
  {
    name: 'assume',
    value: 'LIST',
    doc: 'Facts that no file states, separated by commas: `snoop-control=off`, `vendor=amd`, `self-snoop=on`.',
  },
  { name: 'all', doc: 'Also keep, as statements, calls that touch nothing modelled.' },
  {
    name: 'from',
    value: 'LINE',
    doc: 'Start at this line of the log. Of the lines before it, only those that open or set up something are kept.',
  },
  { name: 'to', value: 'LINE', doc: 'Stop after this line of the log.' },
  {
    name: 'pid',
    value: 'PID',
    doc: 'Which process of the log, by its number or that of a thread; needed when several use KVM or VFIO.',
  },
  {
    name: 'vm',
    value: 'N',
    doc: 'Which VM of the log the exits are of, and so which process, counted from 1. Default: 1.',
  },
];

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'snoop-control': ['on', 'off'],
  vendor: ['intel', 'amd'],
  'self-snoop': ['on', 'off'],
};

/** What `--assume` says. */
export function choicesOf(call: Invocation): MachineChoices {
  const given = new Map<string, string>();
  for (const item of (call.text('assume') ?? '').split(',').filter((part) => part !== '')) {
    const [key = '', value = ''] = item.split('=', 2);
    const values = Object.hasOwn(CHOICES, key) ? CHOICES[key] : undefined;
    if (!values?.includes(value)) {
      const known = Object.entries(CHOICES).map(([name, all]) => `${name}=${all.join('|')}`);
      throw new Failure(`--assume takes ${known.join(', ')}, with commas between; found \`${item}\`.`, {
        code: 'unknown-assumption',
      });
    }
    const before = given.get(key);
    if (before !== undefined && before !== value)
      throw new Failure(`--assume has \`${key}=${before}\` and \`${key}=${value}\`: say one of them.`, {
        code: 'unknown-assumption',
      });
    given.set(key, value);
  }
  const onOff = (key: string): boolean | undefined => (given.has(key) ? given.get(key) === 'on' : undefined);
  return {
    snoopControl: onOff('snoop-control'),
    vendor: given.get('vendor') as 'intel' | 'amd' | undefined,
    selfSnoop: onOff('self-snoop'),
  };
}

/** Calls of two VMMs are not those of one. */
function refuseSeveral(rebuilder: Rebuilder): void {
  const open = rebuilder.leftOpen();
  if (open !== undefined) throw new Failure(open, { code: 'several-processes' });
}

function refuseEmpty({ files, steps }: Rebuilt): void {
  if (steps.length > 0) return;
  const first = files[0];
  throw new Failure(NOTHING_TO_IMPORT, { code: 'nothing-to-import', ...(first && { file: first.name }) });
}

function importMachine(call: Invocation, read: RunFiles): ExitCode {
  const { machine, leftOut } = read;
  const assumptions = new Assumptions();
  const facts = machine.facts();
  const lines = ['machine {', ...machineBlock(facts, assumptions).map((line) => `  ${line}`), '}'];
  if (call.format === 'json')
    call.printJson({
      format: FORMAT_VERSION,
      machine: facts,
      scenario: `${lines.join('\n')}\n`,
      assumptions: assumptions.all,
      filesLeftOut: leftOut,
    });
  else {
    call.print(lines.join('\n'));
    for (const line of leftOutRemarks(read)) call.remark(line);
    for (const { text } of assumptions.all) call.remark(`Assumed: ${text}`);
  }
  return EXIT.fine;
}

function documentOf(
  rebuilt: Rebuilt,
  { text, outcome, kernel, agreeing }: Imported,
  { files, leftOut }: RunFiles,
): object {
  return {
    format: FORMAT_VERSION,
    scenario: text,
    kernel: { name: outcome.profile.name, how: kernel, agreeing: agreeing.map(({ name }) => name) },
    files: files.map(({ name, what, log, broken }) => ({
      name,
      kind: log?.source?.id ?? what,
      ...(log && { lines: log.counts.lines, unread: log.counts.unread }),
      ...(broken !== undefined && { broken }),
    })),
    filesLeftOut: leftOut,
    statements: rebuilt.steps.length,
    withoutEffect: Object.fromEntries([...rebuilt.counted].map(([name, { count }]) => [name, count])),
    eventsWithoutEffect: Object.fromEntries([...rebuilt.harmless].map(([name, { count }]) => [name, count])),
    unknown: Object.fromEntries(
      [...rebuilt.translation.unknown, ...rebuilt.unknownEvents].map(([name, { count, line }]) => [
        name,
        { count, line },
      ]),
    ),
    assumptions: rebuilt.assumptions.all,
    leftOut: rebuilt.leftOut,
    cut: rebuilt.cut,
    differences: outcome.differences,
  };
}
