/** What people ask in bug reports, answered from logs of one run and files about the machine. */
import { counted } from '../../counted.ts';
import { type Cause, causesOf, causesWithoutLog } from './causes.ts';
import { type CoherencyReport, coherencyOf } from './coherency.ts';
import type { WbinvdExit } from './evidence.ts';
import type { Imported } from './kernel-choice.ts';
import type { DeviceFacts, MachineFacts } from './machine-facts.ts';
import type { HostMessage } from './machine-files.ts';
import type { Rebuilt } from './rebuild.ts';
import type { Assumption } from './step.ts';

/** Sections of a report, each a list of sentences. */
export interface LogReport {
  readonly machine: readonly string[];
  readonly vm: readonly string[];
  /** What the answer about the VM hangs on, and no file says. */
  readonly assumptions: readonly Assumption[];
  readonly wrong: readonly string[];
  /** Calls that failed, and which check of the kernel decided. */
  readonly failed: readonly string[];
  readonly causes: readonly Cause[];
  readonly remedies: readonly string[];
  readonly unknown: readonly { readonly what: string; readonly command: string }[];
}

export function reportOf(rebuilt: Rebuilt, result: Imported, given: readonly HostMessage[]): LogReport {
  const messages = [...given, ...ownMessages(rebuilt, given)];
  const causes = causesOf(rebuilt, messages);
  const coherency = rebuilt.translation.vms.length === 0 ? NO_VM : coherencyOf(rebuilt, result, causes);
  return {
    machine: machineSentences(rebuilt, result),
    vm: [...coherency.sentences, ...costSentences(rebuilt)],
    assumptions: coherency.assumptions,
    wrong: [...causes.map(({ text }) => text), ...differenceSentences(result), ...saidSentences(messages, causes)],
    failed: failedSentences(result),
    causes,
    remedies: causes.flatMap(({ remedy }) => remedy ?? []),
    unknown: [...commandsOf(causes), ...unknownOf(rebuilt, result)],
  };
}

/** What files about a machine and messages show where there is no log of a run; undefined when that is nothing. */
export function reportWithoutLog(facts: MachineFacts, messages: readonly HostMessage[]): LogReport | undefined {
  const causes = causesWithoutLog(facts, messages);
  const isKnown =
    facts.units.length + facts.devices.length > 0 || facts.iommu !== undefined || facts.release !== undefined;
  if (causes.length === 0 && messages.length === 0 && !isKnown) return undefined;
  return {
    machine: [
      ...(facts.release === undefined ? [] : [`Kernel: ${facts.release}.`]),
      ...hostSentences(facts),
      ...facts.devices.filter(({ driver }) => driver === 'vfio-pci').map(deviceSentence),
    ],
    vm: ['No file is a log of a run: what a VM did is not known.', ...prospectSentences(facts)],
    assumptions: [],
    wrong: [...causes.map(({ text }) => text), ...saidSentences(messages, causes)],
    failed: [],
    causes,
    remedies: causes.flatMap(({ remedy }) => remedy ?? []),
    unknown: [
      ...commandsOf(causes),
      ...(facts.release === undefined ? [WHICH_KERNEL] : []),
      ...(facts.units.some(({ snoopControl }) => snoopControl !== undefined) || facts.iommu === false
        ? []
        : [CAN_ENFORCE]),
      {
        what: 'What the VMM asked for, and what the kernel answered.',
        command: 'strace -f -y -s 256 -v -ttt -o qemu.strace …',
      },
    ],
  };
}

/** What becomes of a VM that is given a device, by the unit that translates for it. */
function prospectSentences({ units }: MachineFacts): string[] {
  return units.flatMap(({ name, snoopControl }) =>
    snoopControl === undefined
      ? []
      : [
          snoopControl
            ? `A VM stays coherent with a device that ${name} translates for, and its WBINVDs are skipped.`
            : `A VM that is given a device that ${name} translates for becomes non-coherent once the VMM tells KVM of it: its WBINVDs are executed.`,
        ],
  );
}

/** Messages as they are. What a cause quotes is not said twice, and what the kernel said counts if it is a cause. */
function saidSentences(messages: readonly HostMessage[], causes: readonly Cause[]): string[] {
  const others = messages.filter(({ text }) => !causes.some((cause) => cause.text.includes(text)));
  const kernel = others.filter(({ source }) => source === 'kernel').slice(0, MOST_SAID);
  return [
    ...others.filter(({ source }) => source === 'vmm').map(({ text }) => `The VMM said: ${text}`),
    ...kernel.map(({ text }) => `The kernel said: ${text}`),
  ];
}

/** The report has said each cause in full; with several, their first words tell which one a command is about. */
function commandsOf(causes: readonly Cause[]): LogReport['unknown'] {
  const about = (text: string): string =>
    causes.length === 1 ? '' : `: ${text.replace(/[:;(.,] .*$|\.$/s, '').trim()}`;
  return causes.flatMap(({ text, command }) =>
    command === undefined ? [] : [{ what: `More about this${about(text)}.`, command }],
  );
}

/** What a VMM that failed wrote on stderr last, where the log shows it and no file was given. */
function ownMessages({ translation, stderr }: Rebuilt, given: readonly HostMessage[]): HostMessage[] {
  if (!translation.exitStatus) return [];
  const texts = new Set(stderr.slice(-MOST_SAID));
  for (const { text } of given) texts.delete(text);
  return [...texts].map((text) => ({ text, source: 'vmm' }));
}

const MOST_SAID = 5;

const NO_VM: CoherencyReport = { sentences: ['No VM was created.'], assumptions: [] };

function machineSentences({ facts, translation }: Rebuilt, { kernel }: Imported): string[] {
  const assigned = facts.devices.filter(
    ({ bdf, group }) =>
      (group !== undefined && translation.groups.has(group)) ||
      [...translation.cdevs.values()].some((use) => use.devices.has(bdf)),
  );
  return [`Kernel: ${kernel}`, ...hostSentences(facts), ...assigned.map(deviceSentence)];
}

function hostSentences({ vendor, cpus, units, iommu, selfSnoop }: MachineFacts): string[] {
  return [
    ...(vendor === undefined
      ? []
      : [
          `CPUs: ${cpus ?? 'an unknown number of'} from ${vendor === 'intel' ? 'Intel' : 'AMD'}${selfSnoop === undefined ? '' : `, ${selfSnoop ? 'with' : 'without'} self-snoop`}.`,
        ]),
    ...units.map(
      ({ name, driver, snoopControl, source }) =>
        `IOMMU unit ${name} (${driver})${snoopControl === undefined ? '' : ` ${snoopControl ? 'can' : 'cannot'} enforce snooping (${source})`}.`,
    ),
    ...(iommu === false ? ['No IOMMU is in use.'] : []),
  ];
}

function deviceSentence({ bdf, title, group, driver, noSnoop }: DeviceFacts): string {
  const parts = [
    `Device ${bdf}${title === undefined ? '' : ` (${title})`}`,
    group === undefined ? 'no group' : `group ${group}`,
    ...(driver === undefined ? [] : [driver === 'none' ? 'no driver' : `driver ${driver}`]),
    ...(noSnoop === undefined ? [] : [`Enable No Snoop ${noSnoop ? 'on' : 'off'}`]),
  ];
  return `${parts.join(', ')}.`;
}

function costSentences({ translation, deeds, evidence, knowsFlushes }: Rebuilt): string[] {
  if (!evidence || translation.vms.length === 0) return [];
  const exits = (deeds ?? []).flatMap((deed) => (deed.kind === 'wbinvd' ? [deed] : []));
  const executed = exits.filter(({ flushed }) => flushed.length > 0);
  const flushes = tally(executed.flatMap(({ flushed }) => flushed.map((cpu) => `cpu${cpu}`)));
  const zaps = evidence.functions.get('kvm_zap_gfn_range')?.count;
  return [
    `WBINVD exits: ${exits.length}${knowsFlushes ? `, executed ${executed.length}` : ', executed or not is not in the log'} (${tally(exits.map(({ vcpu, tid }) => (vcpu === undefined ? `thread ${tid}` : `vcpu${vcpu}`))) || 'no vCPU'}).`,
    ...(flushes === '' ? [] : [`Flushes of physical CPUs: ${flushes}.`]),
    ...timeSentences(exits),
    ...(evidence.leaves.size === 0
      ? []
      : [
          `Leaves of EPT that were made, by memory type: ${[...evidence.leaves].map(([type, { count }]) => `${type} ${count}`).join('; ')}.`,
        ]),
    ...(zaps === undefined
      ? []
      : [`Page tables of the guest were zapped ${zaps} times because memory types changed (kvm_zap_gfn_range).`]),
  ];
}

/** How long vCPUs were out of the guest for it, where the log has entries. */
function timeSentences(exits: readonly WbinvdExit[]): string[] {
  const times = exits.flatMap(({ time, entered }) =>
    time === undefined || entered === undefined || entered < time ? [] : [(entered - time) * 1000],
  );
  if (times.length === 0) return [];
  const all = times.reduce((sum, one) => sum + one, 0);
  const most = times.reduce((a, b) => Math.max(a, b));
  return [
    `From a WBINVD exit to the next entry the vCPU was out of the guest for ${milliseconds(all)} in all, at most ${milliseconds(most)}.`,
  ];
}

function milliseconds(time: number): string {
  return `${time < 10 ? time.toPrecision(2) : Math.round(time)} ms`;
}

function tally(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function differenceSentences({ outcome, agreeing }: Imported): string[] {
  const named = outcome.profile.name;
  const sentences = outcome.differences
    .slice(0, MOST)
    .map(
      ({ text, kernel, profile }) =>
        `The kernel and ${named} differ: ${text}: the log says ${kernel}, ${named} ${profile}.`,
    );
  if (agreeing.length > 0) sentences.push(`No difference with ${agreeing.map(({ name }) => name).join(', ')}.`);
  return [...sentences, ...outcome.findings.map((finding) => `On ${named} this run shows ${finding}.`)];
}

/** Each call once, however often it failed in the same way. */
function failedSentences({ outcome, text }: Imported): string[] {
  const lines = text.split('\n');
  const times = new Map<string, { line: number; count: number }>();
  for (const { line, why } of outcome.failed) {
    const call = (lines[line] ?? '').replace(/ *\/\/.*$/, '').replace(/ = -?\w+$/, '');
    const key = `${call.trim()} = ${why}`;
    const known = times.get(key);
    if (known) known.count++;
    else times.set(key, { line, count: 1 });
  }
  const sentences = [...times].map(([what, { line, count }]) => {
    const [, note] = / \/\/ (.*)$/.exec(lines[line] ?? '') ?? [];
    const where = note === undefined ? '' : ` (${/^\d/.test(note) ? 'log' : 'inferred,'} ${note})`;
    return `${what}${where}${count > 1 ? `, and ${count - 1} more times` : ''}.`;
  });
  const more = sentences.length - MOST;
  return more > 0 ? [...sentences.slice(0, MOST), `And ${counted(more, 'more call')}.`] : sentences;
}

const MOST = 10;

const WHICH_KERNEL = { what: 'Which kernel it was.', command: 'uname -a' };
const CAN_ENFORCE = {
  what: 'Whether the IOMMU can enforce snooping.',
  command: 'grep . /sys/class/iommu/*/intel-iommu/ecap',
};

/** What no file that was given says, with the command that would. */
function unknownOf({ facts, evidence, translation }: Rebuilt, { otherwise }: Imported): LogReport['unknown'] {
  const assigned = translation.groups.size + translation.cdevs.size > 0;
  return [
    ...(facts.release === undefined ? [WHICH_KERNEL] : []),
    ...(otherwise !== undefined || (assigned && facts.units.length === 0 && facts.iommu !== false)
      ? [CAN_ENFORCE]
      : []),
    ...(assigned && facts.devices.every(({ noSnoop }) => noSnoop === undefined)
      ? [{ what: 'Whether Enable No Snoop of the device is set.', command: 'lspci -vvv -nn' }]
      : []),
    ...(evidence?.hasFunctions
      ? []
      : [
          {
            what: 'Whether WBINVDs of the guest were executed, and where.',
            command:
              "trace-cmd record -e kvm:kvm_exit -p function -l '*noncoherent_dma*' -l '*wbinvd*' -l 'kvm_vfio_*' …",
          },
        ]),
  ];
}

/** The report as text, or as Markdown. */
export function reportText(report: LogReport, markdown: boolean): string {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : [
          markdown ? `## ${title}` : title,
          '',
          ...lines.map((line) => (markdown ? `- ${escaped(line)}` : `  ${line}`)),
          '',
        ];
  const unknown = report.unknown.map(({ what, command }) =>
    markdown ? `${what} \`\`${command}\`\`` : `${what}\n      ${command}`,
  );
  return [
    ...section('Machine', report.machine),
    ...section('VM', report.vm),
    ...section(
      'What was assumed',
      report.assumptions.map(({ text }) => text),
    ),
    ...section('What went wrong', report.wrong.length > 0 ? report.wrong : ['Nothing that the logs show.']),
    ...section('Calls that failed, and why', report.failed),
    ...section('What to do', report.remedies),
    ...(unknown.length === 0
      ? []
      : [
          markdown ? '## What would tell more' : 'What would tell more',
          '',
          ...unknown.map((line) => (markdown ? `- ${line}` : `  ${line}`)),
          '',
        ]),
  ]
    .join('\n')
    .trimEnd();
}

/** Text of a log in Markdown: nothing in it is markup. */
function escaped(text: string): string {
  return text.replace(/[<>&|*_[\]#\\]/g, (sign) => `\\${sign}`);
}
