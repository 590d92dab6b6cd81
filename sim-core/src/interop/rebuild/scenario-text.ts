/** A rebuilt scenario as text. */
import { counted } from '../../counted.ts';
import { LIMITS } from '../../limits.ts';
import { printString } from '../../scenario/printer.ts';
import { type Folded, folded } from './fold.ts';
import { type MachineChoices, machineLines } from './machine-block.ts';
import type { Rebuilt } from './rebuild.ts';
import type { RebuiltStep, StepActor } from './step.ts';

/** The scenario for a kernel; without one its first line that names a kernel is missing. */
export function scenarioText(rebuilt: Rebuilt, choices: MachineChoices, kernel: string | undefined): string {
  const { files } = rebuilt;
  const machine = machineLines(rebuilt, choices);
  const other = otherProcess(rebuilt);
  const steps = [...other, ...rebuilt.steps];
  const names = actorNames(rebuilt, steps);
  const alone = new Set(steps.map(({ actor }) => names(actor))).size <= 1;
  const title = files.map(({ name }) => name.slice(name.lastIndexOf('/') + 1)).join(' + ');
  return [
    `scenario ${printString(title)}`,
    ...files.map(
      ({ name, source, counts }, index) =>
        `doc ${printString(`${files.length > 1 ? `${index + 1}: ` : ''}${name.slice(name.lastIndexOf('/') + 1)} (${source?.title ?? 'unknown'}), ${counted(counts.lines, 'line')}.`)}`,
    ),
    ...(kernel === undefined ? [] : [`kernel ${kernel}`]),
    '',
    'machine {',
    ...machine.map((line) => `  ${line}`),
    '}',
    ...comments(rebuilt),
    ...blocks(rebuilt, steps, names, alone),
    ...(alone ? [] : ['', ...scheduleLines(steps, names)]),
    ...(steps.length > 0 ? ['', '~exists unexpected-result'] : []),
    '',
  ].join('\n');
}

/** What was assumed, left out and counted, as comments. */
function comments(rebuilt: Rebuilt): string[] {
  const lines: string[] = [];
  const { assumptions, leftOut, runs, translation, cut } = rebuilt;
  for (const { text, lines: at } of assumptions.all)
    lines.push(`// Assumed: ${text}${at.length > 0 ? ` (log ${at.join(', ')})` : ''}`);
  for (const { text, why, line } of leftOut.slice(0, MOST_LEFT_OUT))
    lines.push(`// Left out: ${text} (log ${line}): ${why}.`);
  if (leftOut.length > MOST_LEFT_OUT)
    lines.push(`// Left out: ${leftOut.length - MOST_LEFT_OUT} more calls of these kinds.`);
  if (runs.count > 0)
    lines.push(
      `// KVM_RUN returned ${counted(runs.count, 'time')}${runs.interrupted > 0 ? `, ${counted(runs.interrupted, 'time')} because of a signal` : ''}: what the guest did is in the vcpu blocks, as far as a log shows it.`,
    );
  lines.push(...countLines('Without effect here', rebuilt.counted));
  lines.push(...countLines('Events of the kernel without effect here', rebuilt.harmless));
  for (const [name, { count, line }] of [...translation.unknown, ...rebuilt.unknownEvents])
    lines.push(`// Unknown: ${name}, ${count} times, first on line ${line}`);
  for (const { file, line, calls } of cut)
    lines.push(
      `// Cut: ${file.slice(file.lastIndexOf('/') + 1)} from line ${line} on, ${calls} ${calls === 1 ? 'call' : 'calls'}`,
    );
  return lines.length === 0 ? [] : ['', ...lines.map(printable)];
}

/** Names with how often they occur, most first, a few a line. */
function countLines(title: string, counts: Rebuilt['counted']): string[] {
  const known = [...counts].sort(([, a], [, b]) => b.count - a.count).map(([name, { count }]) => `${name} ${count}`);
  const lines: string[] = [];
  for (let at = 0; at < known.length; at += NAMES_A_LINE)
    lines.push(`// ${at === 0 ? `${title}:` : '  '} ${known.slice(at, at + NAMES_A_LINE).join(', ')}`);
  return lines;
}

const MOST_LEFT_OUT = 20;
const NAMES_A_LINE = 5;

/** Text of a log in a comment: one line, no control characters, no longer than a line may be. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/g, '?').slice(0, 1000);
}

/** Does the log itself show who had it open when it was busy? */
function isOpenedBefore(steps: readonly RebuiltStep[], call: string): boolean {
  const opens = steps.filter(({ text }) => text.includes(call));
  const busy = opens.findIndex(({ result }) => result === '-EBUSY');
  return opens.slice(0, Math.max(0, busy)).some(({ result }) => result !== undefined && !result.startsWith('-'));
}

/** Somebody else has what this process was refused. */
function otherProcess({ translation, steps, assumptions }: Rebuilt): RebuiltStep[] {
  const actor = { kind: 'thread', tid: OTHER } as const;
  const made: RebuiltStep[] = [];
  const step = (text: string): void => void made.push({ actor, text, line: 0, file: 0, note: 'assumed' });
  for (const [group, use] of translation.groups) {
    if (!use.busy || isOpenedBefore(steps, `open("/dev/vfio/${group}"`)) continue;
    assumptions.add(`Another process has group ${group} open, or a device of it: /dev/vfio/${group} was busy.`);
    step(`open("/dev/vfio/${group}", O_RDWR)`);
  }
  for (const [node] of translation.cdevs) {
    const refused = steps.some(({ text, result }) => text.includes('VFIO_DEVICE_BIND_IOMMUFD') && result === '-EINVAL');
    if (!refused) continue;
    assumptions.add(`Another process has bound /dev/vfio/devices/${node} to an iommufd: BIND was refused.`);
    step(`other_device = open("/dev/vfio/devices/${node}", O_RDWR)`);
    step('other_iommufd = open("/dev/iommu", O_RDWR)');
    step('ioctl(other_device, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=other_iommufd})');
  }
  return made;
}

const OTHER = -1;

function actorNames({ runners, vcpuNames, steps }: Rebuilt, all: readonly RebuiltStep[]): (actor: StepActor) => string {
  const main = steps.find(({ actor }) => actor.kind === 'thread')?.actor;
  const tids = new Set(all.flatMap(({ actor }) => (actor.kind === 'thread' ? [actor.tid] : [])));
  return (actor) => {
    switch (actor.kind) {
      case 'host':
        return 'host';
      case 'vcpu':
        return vcpuNames.get(`${actor.vm}/${actor.id}`) ?? `vcpu${actor.id}`;
      case 'thread': {
        if (actor.tid === OTHER) return 'other';
        if (main?.kind === 'thread' && main.tid === actor.tid) return 'vmm';
        const vcpu = runners.get(actor.tid);
        return vcpu === undefined || !tids.has(actor.tid) ? `thread_${actor.tid}` : `run_vcpu${vcpu}_${actor.tid}`;
      }
    }
  };
}

function blocks(
  rebuilt: Rebuilt,
  steps: readonly RebuiltStep[],
  names: (actor: StepActor) => string,
  alone: boolean,
): string[] {
  const by = new Map<string, RebuiltStep[]>();
  for (const step of steps) by.set(names(step.actor), [...(by.get(names(step.actor)) ?? [])]);
  for (const step of steps) by.get(names(step.actor))?.push(step);
  return [...by].flatMap(([name, own]) => [
    '',
    `${opener(rebuilt, own[0]!, name, alone)} {`,
    ...folded(own, LIMITS.repeatCount).flatMap((item) => statementLines(rebuilt, item)),
    '}',
  ]);
}

function opener(
  { starts, vcpuNames, translation }: Rebuilt,
  { actor }: RebuiltStep,
  name: string,
  alone: boolean,
): string {
  switch (actor.kind) {
    case 'host':
      return 'host';
    case 'vcpu': {
      const cpu = starts.get(`${actor.vm}/${actor.id}`) ?? 0;
      const of = translation.vms.length > 1 && vcpuNames.size > 0 ? ` of ${actor.vm}` : '';
      return `vcpu ${actor.id}${of}${cpu === 0 ? '' : ` cpu=${cpu}`}`;
    }
    case 'thread':
      if (alone) return 'setup';
      return actor.tid === OTHER ? `thread ${name} of another` : `thread ${name}`;
  }
}

function statementLines(rebuilt: Rebuilt, item: Folded): string[] {
  if ('step' in item) return [`  ${statement(rebuilt, item.step)}`];
  return [`  repeat ${item.times} {`, ...item.body.map((step) => `    ${statement(rebuilt, step)}`), '  }'];
}

function statement({ files, begins }: Rebuilt, { text, result, line, file, time, note }: RebuiltStep): string {
  const declared = result === undefined ? '' : ` = ${result}`;
  const name = files.length > 1 ? `${file + 1}:` : '';
  const begin = begins[file];
  const after = time === undefined || begin === undefined ? '' : `, +${(time - begin).toFixed(6)} s`;
  const place = line > 0 ? `${name}${line}${after}` : '';
  const comment = [place, note].filter((part) => part !== undefined && part !== '').join(': ');
  return `${text}${declared}${comment === '' ? '' : `  // ${printable(comment)}`}`;
}

/** Characters of one schedule line: what people read at once. */
const SCHEDULE_WIDTH = 100;

function scheduleLines(steps: readonly RebuiltStep[], names: (actor: StepActor) => string): string[] {
  const items: { name: string; count: number }[] = [];
  for (const { actor } of steps) {
    const name = names(actor);
    const last = items.at(-1);
    if (last?.name === name) last.count++;
    else items.push({ name, count: 1 });
  }
  const lines: string[] = [];
  let line = 'schedule only';
  for (const { name, count } of items) {
    const item = count === 1 ? ` ${name}` : ` ${name}*${count}`;
    if (line.length + item.length > SCHEDULE_WIDTH) {
      lines.push(line);
      line = 'schedule only';
    }
    line += item;
  }
  return [...lines, line];
}
