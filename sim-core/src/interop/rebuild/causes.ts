/** What a person would give as the cause of a failed start: one record each, asked in this order. */
import { causeOfRefusedCall, IOMMU_ON, membersCommand, RAISE_MEMLOCK } from './errno-causes.ts';
import type { DeviceFacts, MachineFacts } from './machine-facts.ts';
import { groupDevices } from './machine-facts.ts';
import type { HostMessage } from './machine-files.ts';
import { causesOfMessages } from './message-causes.ts';
import type { Rebuilt } from './rebuild.ts';
import { type RefusedCall, refusedCallsOf } from './refused-calls.ts';
import { causesOfSignal } from './signal-causes.ts';

/** Something that went wrong. */
export interface Cause {
  readonly id: CauseId;
  /** One sentence. */
  readonly text: string;
  /** What fixes it. */
  readonly remedy?: string;
  /** A command that tells what the files do not. */
  readonly command?: string;
}

export type CauseId =
  | 'permission'
  | 'not-bound'
  | 'not-viable'
  | 'second-user'
  | 'memlock'
  | 'no-iommu'
  | 'no-iommufd'
  | 'no-kvm'
  | 'kvm-busy'
  | 'no-vfio'
  | 'container-refused'
  | 'unsafe-interrupts'
  | 'bad-mapping'
  | 'mapping-limit'
  | 'never-registered'
  | 'no-device'
  | 'attached-twice'
  | 'vmm-without-iommufd'
  | 'direct-mapping'
  | 'bar-in-use'
  | 'dma-fault'
  | 'reset'
  | 'device-error'
  | 'harmless-warning'
  | 'mostly-unread'
  | 'killed'
  | 'ended-early';

interface Known {
  readonly rebuilt: Rebuilt;
  readonly facts: MachineFacts;
  readonly messages: readonly HostMessage[];
  /** Does the process of the log end? */
  readonly ended: boolean;
  readonly failures: readonly RefusedCall[];
  readonly found: readonly Cause[];
}

type Finder = (known: Known) => readonly Cause[];

/** All causes that the logs and the files about the machine show, each once. */
export function causesOf(rebuilt: Rebuilt, messages: readonly HostMessage[]): Cause[] {
  const found: Cause[] = [];
  const ended = rebuilt.steps.some(({ text }) => text === 'exit(0)');
  const known = { rebuilt, facts: rebuilt.facts, messages, ended, failures: refusedCallsOf(rebuilt), found };
  for (const find of FINDERS)
    for (const cause of find(known)) if (!found.some(({ text }) => text === cause.text)) found.push(cause);
  return found;
}

function byErrno({ failures }: Known): Cause[] {
  return failures.flatMap((failure) => causeOfRefusedCall(failure) ?? []);
}

function notBound({ rebuilt, facts }: Known): Cause[] {
  return [...rebuilt.translation.groups].flatMap(([group, use]) => {
    if (!use.missing) return [];
    const members = groupDevices(facts, group).filter(({ bridge }) => !bridge);
    const why = members.length > 0 ? members.map(driverText).join(', ') : `/dev/vfio/${group} does not exist`;
    return [
      {
        id: 'not-bound' as const,
        text: `No device of group ${group} is bound to VFIO: ${why}.`,
        remedy: `Bind ${members[0]?.bdf ?? 'the device'} to vfio-pci: \`driverctl set-override ${members[0]?.bdf ?? 'ADDRESS'} vfio-pci\`.`,
        ...(members.length === 0 && { command: membersCommand(group) }),
      },
    ];
  });
}

function driverText({ bdf, driver }: DeviceFacts): string {
  if (driver === undefined) return `${bdf} is in it`;
  return driver === 'none' ? `${bdf} has no driver` : `${bdf} is bound to ${driver}`;
}

/** Drivers with which a function does not spoil its group. */
const HARMLESS: ReadonlySet<string> = new Set(['vfio-pci', 'none', 'pcieport', 'pci-stub']);

function notViable({ rebuilt, facts, ended }: Known): Cause[] {
  return [...rebuilt.translation.groups].flatMap(([group, use]) => {
    const asked = rebuilt.steps.some(({ text }) => text.startsWith(`ioctl(group${group}, VFIO_GROUP_GET_STATUS`));
    const used = rebuilt.steps.some(({ text }) => text.startsWith(`ioctl(group${group}, VFIO_GROUP_SET_CONTAINER`));
    if (!use.opened || use.busy || !asked || used || !ended) return [];
    const spoilers = spoilersOf(facts, group);
    if (spoilers.length > 0) return [notViableBy(group, spoilers)];
    return [
      {
        id: 'not-viable' as const,
        text: `Group ${group} is not viable: the VMM asked for its status and closed it again, which it does when a device of the group is bound to another driver.`,
        remedy: 'Bind every device of the group to vfio-pci, or unbind it.',
        command: membersCommand(group),
      },
    ];
  });
}

function spoilersOf(facts: MachineFacts, group: string): DeviceFacts[] {
  return groupDevices(facts, group).filter(
    ({ bridge, driver }) => !bridge && driver !== undefined && !HARMLESS.has(driver),
  );
}

function notViableBy(group: string, spoilers: readonly DeviceFacts[]): Cause {
  return {
    id: 'not-viable',
    text: `Group ${group} is not viable: ${spoilers.map(driverText).join(', ')}, and every device of a group must be bound to VFIO or have no driver.`,
    remedy: `Bind ${spoilers.map(({ bdf }) => bdf).join(' and ')} to vfio-pci as well, or unbind it; or move the device to a slot with a group of its own (ACS).`,
  };
}

function secondUser({ rebuilt, facts }: Known): Cause[] {
  const cdevs = (facts.nodes ?? []).filter((node) => node.startsWith('/dev/vfio/devices/'));
  const busy = [...rebuilt.translation.groups]
    .filter(([, use]) => use.busy)
    .map(
      ([group]): Cause => ({
        id: 'second-user',
        text: `Group ${group} has a second user: another process has /dev/vfio/${group} open${cdevs.length > 0 ? `, or has bound a device of the group to an iommufd through ${cdevs.join(' or ')}` : ''}.`,
        remedy:
          'A group, or a device of it through its character device, belongs to one process at a time: stop the other user first.',
        command: `fuser -v /dev/vfio/${group}${cdevs.length > 0 ? ' /dev/vfio/devices/*' : ''}`,
      }),
    );
  const refused = rebuilt.steps.find(
    ({ text, result }) => text.includes('VFIO_DEVICE_BIND_IOMMUFD') && (result === '-EINVAL' || result === '-EBUSY'),
  );
  const node = [...rebuilt.translation.cdevs.keys()][0];
  if (!refused || node === undefined) return busy;
  const group = refused.result === '-EBUSY';
  return [
    ...busy,
    {
      id: 'second-user',
      text: group
        ? `The group of /dev/vfio/devices/${node} is open: a device is used through its group or through its character device, not both.`
        : `The device of /dev/vfio/devices/${node} has a second user: another process has bound it to an iommufd.`,
      remedy: 'Stop the other user first.',
      command: `fuser -v /dev/vfio/devices/${node} /dev/vfio/*`,
    },
  ];
}

function memlock({ rebuilt, messages }: Known): Cause[] {
  const refused = rebuilt.leftOut.some(({ text }) => /(?:MAP_DMA|IOAS_MAP) = -ENOMEM$/.test(text));
  const said = messages.find(({ text }) => text.includes('RLIMIT_MEMLOCK'));
  if (!refused) return [];
  return [
    {
      id: 'memlock',
      text: `RLIMIT_MEMLOCK is too low: the memory of the guest could not be pinned${said ? ` (kernel log: ${said.text})` : ', or the host is out of memory'}.`,
      remedy: RAISE_MEMLOCK,
      ...(!said && { command: "dmesg | grep RLIMIT_MEMLOCK; grep 'Max locked' /proc/PID/limits" }),
    },
  ];
}

function noIommu({ facts, rebuilt }: Known): Cause[] {
  const opened = [...rebuilt.translation.groups.values()].some((use) => use.opened);
  return facts.iommu === false && !opened ? [NO_IOMMU] : [];
}

const NO_IOMMU: Cause = {
  id: 'no-iommu',
  text: 'No IOMMU is in use: no device of this machine has an IOMMU group, so VFIO has no device to open.',
  remedy: IOMMU_ON,
};

/** What files about a machine and messages show without a log of calls. */
export function causesWithoutLog(facts: MachineFacts, messages: readonly HostMessage[]): Cause[] {
  const found = [...(facts.iommu === false ? [NO_IOMMU] : []), ...spoiltGroups(facts)];
  const said = causesOfMessages(messages, []);
  return [...found, ...said.filter(({ id }) => !found.some((cause) => cause.id === id))];
}

/** Groups of which one device was bound for a guest, and another one spoils it. */
function spoiltGroups(facts: MachineFacts): Cause[] {
  const groups = new Set(facts.devices.flatMap(({ driver, group }) => (driver === 'vfio-pci' ? (group ?? []) : [])));
  return [...groups].flatMap((group) => {
    const spoilers = spoilersOf(facts, group);
    return spoilers.length === 0 ? [] : [notViableBy(group, spoilers)];
  });
}

function noIommufd({ facts, rebuilt, found, ended, failures }: Known): Cause[] {
  const missing = failures.find(({ call, errno }) => call === '/dev/iommu' && NO_NODE.has(errno));
  const noNode = facts.nodes !== undefined && !facts.nodes.includes('/dev/iommu');
  const early = ended && found.length === 0 && rebuilt.translation.vms.length === 0;
  if (!missing && !(noNode && early)) return [];
  return [
    {
      id: 'no-iommufd',
      text: `This kernel has no iommufd, or its module is not loaded: /dev/iommu ${missing && missing.errno !== 'ENOENT' ? `exists, and nothing answers for it (${missing.errno})` : 'does not exist'}.`,
      remedy:
        '`modprobe iommufd` shows which. Use a kernel with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV (v6.6 and later), or start the VMM without iommufd, through the group.',
    },
  ];
}

/** The node is not there, or nothing answers for it. */
const NO_NODE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV', 'ENXIO']);

function neverRegistered({ rebuilt, found, failures }: Known): Cause[] {
  const { vms, exitStatus } = rebuilt.translation;
  // A VMM that gives up for another reason may not have come as far as that; a log without its end may be of one.
  const gaveUp = found.length > 0 && (exitStatus ?? 1) > 0;
  if (vms.length === 0 || gaveUp || failures.some(({ call }) => call === 'VFIO_SET_IOMMU')) return [];
  return rebuilt.steps.flatMap(({ text, result, line }) => {
    const group = /^ioctl\((group\w+), VFIO_GROUP_SET_CONTAINER/.exec(text)?.[1];
    if (group === undefined || result?.startsWith('-')) return [];
    const adds = rebuilt.steps.filter((step) => step.text.includes('_ADD') && step.text.includes(`addr=[${group}]`));
    if (adds.some((step) => !step.result?.startsWith('-') || step.result === '-EEXIST')) return [];
    const refused =
      adds.map((step) => ({ line: step.line, errno: step.result?.slice(1) }))[0] ?? addLeftOut(rebuilt, line);
    const why = refused
      ? `KVM_SET_DEVICE_ATTR failed with ${refused.errno}${refused.line > 0 ? ` (log ${refused.line})` : ''}, and the VMM continued. KVM`
      : 'KVM';
    return [
      {
        id: 'never-registered' as const,
        text: `${group} was attached${line > 0 ? ` (log ${line})` : ''} and KVM was never told about it: ${why} considers the DMA of its devices coherent, and does not execute the guest's WBINVD.`,
        remedy: 'The VMM must add the group to a kvm-vfio device (KVM_DEV_VFIO_GROUP_ADD) after VFIO_SET_IOMMU.',
      },
    ];
  });
}

/** An attribute call after this line that the scenario cannot have, as its errno comes from outside. */
function addLeftOut(
  { leftOut }: Rebuilt,
  after: number,
): { readonly line: number; readonly errno: string } | undefined {
  const call = leftOut.find(({ text, line }) => line > after && /^KVM_SET_DEVICE_ATTR = -E/.test(text));
  return call && { line: call.line, errno: call.text.replace(/^.*-/, '') };
}

/** Not only a warning that means nothing. */
function isReal({ id }: Cause): boolean {
  return id !== 'harmless-warning';
}

/** What the VMM looked for in sysfs and did not find, where it then gave up. */
function notInSysfs({ rebuilt, found, ended }: Known): Cause[] {
  if (!ended || found.some(isReal)) return [];
  return [
    ...rebuilt.missing.map(
      (bdf): Cause => ({
        id: 'no-device',
        text: `The host has no device ${bdf}: the VMM looked for it in sysfs.`,
        remedy: 'Give the VMM the address that lspci -D shows; it may change with cards and firmware settings.',
        command: 'lspci -D -nn',
      }),
    ),
    ...rebuilt.groupless.map(
      (bdf): Cause => ({
        id: 'no-iommu',
        text: `${bdf} has no IOMMU group: no IOMMU is in use, or none translates for it.`,
        remedy: IOMMU_ON,
        command: 'ls /sys/class/iommu; dmesg | grep -e DMAR -e AMD-Vi',
      }),
    ),
  ];
}

/** What is missing in a log of which most lines could not be read proves nothing. */
function mostlyUnread({ rebuilt, found }: Known): Cause[] {
  if (found.some(isReal)) return [];
  return rebuilt.files.flatMap(({ name, counts: { lines, unread } }) =>
    unread * 2 <= lines
      ? []
      : [
          {
            id: 'mostly-unread',
            text: `${unread} of the ${lines} lines of ${name} were not understood, so nothing follows from what it does not show.`,
            remedy: 'Record it again as docs/logs.md says, into a file and not through a terminal.',
          },
        ],
  );
}

/** No cause was found: how far the VMM came, and what could be wrong there. */
function endedEarly({ rebuilt, messages, found, ended, failures }: Known): Cause[] {
  const { groups, cdevs, exitStatus } = rebuilt.translation;
  const usesVfio = groups.size > 0 || cdevs.size > 0;
  const isFine = exitStatus === 0 && rebuilt.runs.count > 0;
  if (!ended || isFine || found.some(isReal) || (usesVfio && !exitStatus)) return [];
  const { when, guess, command } = STAGES.find(({ reached }) => reached(rebuilt))!;
  const last = failures.at(-1);
  const status = exitStatus === undefined ? '' : ` with exit status ${exitStatus}`;
  const why = last
    ? `the last call that failed is ${last.text}`
    : 'the log shows no call of KVM, VFIO or iommufd that failed';
  const said = messages.some(({ source }) => source === 'vmm');
  return [
    {
      id: 'ended-early',
      text: `The VMM exited on its own${status}, ${when}; ${why}.${said || last ? '' : ` ${guess}`}`,
      remedy: said
        ? 'What the VMM said is the reason.'
        : `Its message on stderr says why. If that is lost: \`${RECORD}\``,
      ...(!said && { command }),
    },
  ];
}

/** Shows the command line of a VMM, and what it prints. */
const RECORD = 'strace -f -s 4096 -e trace=execve,write,exit_group …';

interface Stage {
  readonly reached: (rebuilt: Rebuilt) => boolean;
  readonly when: string;
  readonly guess: string;
  readonly command: string;
}

/** How far a VMM comes, the last stage first. */
const STAGES: readonly Stage[] = [
  {
    reached: ({ runs }) => runs.count > 0,
    when: 'after the guest had run',
    guess: 'The guest, or a command to the VMM, may have made it do so.',
    command: RECORD,
  },
  {
    reached: ({ steps }) => steps.some(({ text, result }) => OPENS_DEVICE.test(text) && !result?.startsWith('-')),
    when: 'after it had opened a device of VFIO',
    guess: 'The same device may be given twice, or with an option that it cannot have.',
    command: RECORD,
  },
  {
    reached: ({ translation }) => translation.groups.size > 0 || translation.cdevs.size > 0,
    when: 'after it had opened a group or a device node of VFIO',
    guess: 'A device of the group may not be bound to VFIO.',
    command: membersCommand('*'),
  },
  {
    reached: ({ translation }) => translation.vms.length > 0,
    when: 'after it created the VM, before it opened a group or a device of VFIO',
    guess: 'The device that it was given may not exist, or may have no IOMMU group because no IOMMU is in use.',
    command: 'ls -l /sys/bus/pci/devices/*/iommu_group; dmesg | grep -e DMAR -e AMD-Vi',
  },
  {
    reached: ({ steps }) => steps.some(({ text, result }) => OPENS_KVM.test(text) && !result?.startsWith('-')),
    when: 'after it opened /dev/kvm, before it created a VM',
    guess: 'It may need a capability that this KVM does not have.',
    command: RECORD,
  },
  {
    reached: () => true,
    when: 'before it opened /dev/kvm',
    guess:
      'Its command line may ask for what this build or this kernel does not have, such as iommufd, or name a file that is missing.',
    command: 'ls -l /dev/kvm /dev/iommu',
  },
];

const OPENS_DEVICE = /VFIO_GROUP_GET_DEVICE_FD|VFIO_DEVICE_BIND_IOMMUFD/;
const OPENS_KVM = /open\("\/dev\/kvm"/;

const FINDERS: readonly Finder[] = [
  noIommu,
  notBound,
  notViable,
  secondUser,
  memlock,
  byErrno,
  noIommufd,
  neverRegistered,
  notInSysfs,
  ({ messages, found }) => causesOfMessages(messages, found),
  ({ rebuilt }) => causesOfSignal(rebuilt.killedBy),
  mostlyUnread,
  endedEarly,
];
