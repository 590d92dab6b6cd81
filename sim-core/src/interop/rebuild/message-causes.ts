/**
 * What a line on the stderr of a VMM or in the kernel log means, without a log of calls: one row for each message, in the
 * words of several VMMs and releases. Where a message has several reasons, the sentence says "may".
 */
import type { Cause, CauseId } from './causes.ts';
import { IOMMU_ON, LOAD_KVM, membersCommand, RAISE_MEMLOCK } from './errno-causes.ts';
import type { HostMessage } from './machine-files.ts';

/** A PCI function in a message. */
const BDF = '(?<bdf>(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])';
const VFIO_NODE = '(?<node>/dev/vfio/(?:devices/)?[\\w-]+)';
/** "failed to open" of QEMU up to 9.0, "Could not open" of later ones. */
const OPEN_FAILED = `(?:[Ff]ailed to open|[Cc]ould not open) '?${VFIO_NODE}'?`;

/** What a message names. */
interface Named {
  readonly bdf: string;
  readonly node: string;
  readonly group: string;
  readonly other: string;
}

interface Row {
  readonly says: RegExp;
  readonly id: CauseId;
  readonly text: (named: Named) => string;
  readonly remedy?: string | ((named: Named) => string);
  readonly command?: string | ((named: Named) => string);
  /** Something of its own, whatever else went wrong. */
  readonly beside?: true;
}

/** Causes that messages name and that are not found yet, each once. */
export function causesOfMessages(messages: readonly HostMessage[], found: readonly Cause[]): Cause[] {
  const causes = messages.flatMap(({ text }) => causeOfMessage(text) ?? []);
  return causes.flatMap(({ cause, beside }, i) => {
    const isFirst = causes.findIndex((other) => other.cause.text === cause.text) === i;
    return isFirst && (beside || found.length === 0) ? [cause] : [];
  });
}

/** Does a row tell what it means? */
export function isKnownMessage(text: string): boolean {
  return MAY_MATTER.test(text) && ROWS.some(({ says }) => says.test(text));
}

const MAY_MATTER = /vfio|kvm|iommu|DMAR|AMD-Vi|RLIMIT|\bsvm\b|\bvmx\b|GroupViable/i;

function causeOfMessage(text: string): { readonly cause: Cause; readonly beside: boolean } | undefined {
  for (const { says, id, text: meaning, remedy, command, beside } of ROWS) {
    const groups = says.exec(text)?.groups;
    if (!says.test(text)) continue;
    const { bdf = 'the device', node = '/dev/vfio/GROUP', group = 'GROUP', other = '' } = { ...groups };
    const named = { bdf, node, group, other };
    const filled = (part: Row['remedy']): string | undefined => (typeof part === 'function' ? part(named) : part);
    const does = filled(remedy);
    const tells = filled(command);
    const cause = {
      id,
      text: meaning(named),
      ...(does !== undefined && { remedy: does }),
      ...(tells !== undefined && { command: tells }),
    };
    return { cause, beside: beside === true };
  }
  return undefined;
}

const BY_VMM: readonly Row[] = [
  {
    says: new RegExp(`${BDF}: group (?<group>\\d+) is not viable|group (?<other>\\d+) is not viable|GroupViable`),
    id: 'not-viable',
    text: ({ group, other, bdf }) =>
      `Group ${other || group}${bdf === 'the device' ? '' : `, that of ${bdf},`} is not viable: another device of the group is bound to a driver of the host, and every device of a group must be bound to VFIO or have no driver.`,
    remedy:
      'Bind every device of the group to vfio-pci, or unbind it; or move the device to a slot with a group of its own (ACS).',
    command: ({ group, other }) => membersCommand(/\d/.test(other || group) ? other || group : '*'),
  },
  {
    says: new RegExp(`${OPEN_FAILED}[^:]*: No such file`),
    id: 'not-bound',
    text: ({ node }) => `No device is bound to VFIO there: ${node} does not exist.`,
    remedy: 'Bind the device to vfio-pci: `driverctl set-override ADDRESS vfio-pci`.',
    command: ({ node }) => (/\d+$/.test(node) ? membersCommand(node.replace(/^.*\D/, '')) : 'ls -l /dev/vfio'),
  },
  {
    says: new RegExp(`${OPEN_FAILED}[^:]*: Permission denied`),
    id: 'permission',
    text: ({ node }) => `Opening ${node} was refused: the user of the VMM is not permitted to read and write it.`,
    remedy: ({ node }) => `Give that user access to ${node}, with a udev rule or by starting the VMM from libvirt.`,
    command: ({ node }) => `ls -l ${node}; id`,
  },
  {
    says: new RegExp(`${OPEN_FAILED}[^:]*: Operation not permitted`),
    id: 'permission',
    text: ({ node }) => `Opening ${node} was refused with EPERM: the device cgroup of the VMM may not allow it.`,
    remedy: ({ node }) =>
      `Allow ${node}: DeviceAllow= of the service, cgroup_device_acl of libvirt, or --device of the container.`,
    command: 'cat /proc/PID/cgroup; systemctl show --property=DevicePolicy,DeviceAllow UNIT',
  },
  {
    says: new RegExp(`${OPEN_FAILED}[^:]*: Device or resource busy`),
    id: 'second-user',
    text: ({ node }) =>
      `${node} has a second user: another process has it open, or has bound a device of the group to an iommufd.`,
    remedy: 'A group, or a device of it, belongs to one process at a time: stop the other user first.',
    command: ({ node }) => `fuser -v ${node} /dev/vfio/devices/*`,
  },
  {
    says: new RegExp(`(?:${BDF}: )?(?:error bind device fd=\\d+ to iommufd=\\d+|.*BIND_IOMMUFD.*): Invalid argument`),
    id: 'second-user',
    text: ({ bdf }) => `Binding ${bdf} to an iommufd failed with EINVAL: another process may have bound it to its own.`,
    remedy: 'Stop the other user first.',
    command: 'fuser -v /dev/vfio/devices/* /dev/vfio/*',
  },
  {
    says: new RegExp(`(?:${BDF}: )?error bind device fd=\\d+ to iommufd=\\d+: (?:Inappropriate ioctl|Not a tty)`),
    id: 'no-iommufd',
    text: () => 'This kernel cannot bind a device to an iommufd (before v6.6, or without CONFIG_VFIO_DEVICE_CDEV).',
    remedy: 'Use a kernel with both, or start the VMM without iommufd, through the group.',
    command: 'uname -r; ls -l /dev/iommu /dev/vfio/devices',
  },
  {
    says: new RegExp(`${BDF}: no iommu_group found`),
    id: 'no-iommu',
    text: ({ bdf }) => `${bdf} has no IOMMU group: no IOMMU is in use, or none translates for it.`,
    remedy: IOMMU_ON,
    command: 'ls /sys/class/iommu; dmesg | grep -e DMAR -e AMD-Vi',
  },
  {
    says: new RegExp(`${BDF}: no such host device`),
    id: 'no-device',
    text: ({ bdf }) => `The host has no device ${bdf}.`,
    remedy: 'Give the VMM the address that lspci -D shows; it may change with cards and firmware settings.',
    command: 'lspci -D -nn',
  },
  {
    says: new RegExp(`${BDF}: device is already attached`),
    id: 'attached-twice',
    text: ({ bdf }) => `${bdf} is given to this VMM twice.`,
    remedy: 'Name each device once on the command line of the VMM.',
  },
  {
    says: /(?:[Ff]ailed to (?:add|create)\b.*\bKVM VFIO device|failed to (?:add|set)\b.*\bto KVM)/,
    id: 'never-registered',
    text: () =>
      "KVM was not told about the device: it considers its DMA coherent, and does not execute the guest's WBINVD.",
    remedy:
      'The VM runs all the same. Stop it, and find out why the kernel refused: the errno is at the end of the line.',
    command: 'strace -f -y -e trace=ioctl,openat,close …',
  },
  {
    says: /(?:VFIO_MAP_DMA failed|IOMMU_IOAS_MAP failed|vfio_(?:container_)?dma_map\(.*\) = -12\b).*Cannot allocate memory|vfio_(?:container_)?dma_map\(.*\) = -12\b/,
    id: 'memlock',
    text: () =>
      'RLIMIT_MEMLOCK may be too low: the memory of the guest could not be pinned; or the host is out of memory.',
    remedy: RAISE_MEMLOCK,
    command: "dmesg | grep RLIMIT_MEMLOCK; grep 'Max locked' /proc/PID/limits",
  },
  {
    says: /warning: .*(?:IOMMU_IOAS_MAP failed: Bad address, PCI BAR|dma_map\(.*\) = -14\b)|PCI peer-to-peer transactions on BARs are not supported/,
    id: 'harmless-warning',
    text: () =>
      'That registers of the device could not be mapped for other devices is harmless: only DMA from device to device needs it.',
    beside: true,
  },
  {
    says: /dma_map\(.*\) = -22\b/,
    id: 'bad-mapping',
    text: () =>
      'A range of the guest could not be mapped (EINVAL): it may be outside of what the IOMMU can address, or in a reserved region.',
    remedy: 'Fewer physical address bits of the guest, or less memory, may do.',
    command: 'cat /sys/kernel/iommu_groups/*/reserved_regions; dmesg | grep -e DMAR -e AMD-Vi',
  },
  {
    says: /dma_map\(.*\) = -28\b/,
    id: 'mapping-limit',
    text: () => 'The container has as many mappings as dma_entry_limit allows.',
    remedy: 'Raise dma_entry_limit of vfio_iommu_type1 (65535 by default), or map larger ranges.',
    command: 'cat /sys/module/vfio_iommu_type1/parameters/dma_entry_limit',
  },
  {
    says: /failed to set(?:up)? (?:iommu for )?container: Operation not permitted/i,
    id: 'unsafe-interrupts',
    text: () =>
      'VFIO_SET_IOMMU failed with EPERM: the host may have no interrupt remapping, or the firmware may reserve memory for a device of the group (RMRR).',
    remedy:
      'Enable interrupt remapping in the firmware. Where every guest is trusted, allow_unsafe_interrupts=1 of vfio_iommu_type1 lifts that check. A reservation of the firmware cannot be lifted.',
    command: 'dmesg | grep -i -e remapping -e RMRR',
  },
  {
    says: /No interrupt remapping(?: support| for this platform)|allow_unsafe_interrupts/i,
    id: 'unsafe-interrupts',
    text: () => 'The host has no interrupt remapping, and VFIO refuses to work without.',
    remedy:
      'Enable interrupt remapping in the firmware. Where every guest is trusted, allow_unsafe_interrupts=1 of vfio_iommu_type1 lifts that check.',
    command: 'dmesg | grep -i remapping',
  },
  {
    says: /[Nn]o available IOMMU models/,
    id: 'no-vfio',
    text: () => 'VFIO has no IOMMU driver: the module vfio_iommu_type1 is not loaded.',
    remedy: 'Load vfio_iommu_type1.',
    command: 'lsmod | grep vfio; ls -l /dev/vfio',
  },
  {
    says: new RegExp(`error getting device from group (?<group>\\d+): No such device|(?:${BDF}: )?not found in.*group`),
    id: 'not-bound',
    text: ({ group }) => `The device that the VMM named is not bound to VFIO, or not in group ${group}.`,
    remedy: 'Bind that device to vfio-pci, not only another one of its group.',
    command: ({ group }) => membersCommand(/\d/.test(group) ? group : '*'),
  },
  {
    says: /iommufd'? *(?:is not a valid object type)|does not accept value 'iommufd'|invalid object type: iommufd|[Pp]roperty 'vfio-pci\.iommufd' not found/,
    id: 'vmm-without-iommufd',
    text: () => 'This QEMU was built without iommufd: it has it from 9.0 on, if its headers were there.',
    remedy: 'Start it without iommufd, through the group, or use another build.',
    command: 'qemu-system-x86_64 -object help | grep iommufd; ls -l /dev/iommu',
  },
  {
    says: /[Cc]ould not access KVM kernel module: Permission denied|failed to initialize (?:kvm|KVM): Permission denied/,
    id: 'permission',
    text: () => 'Opening /dev/kvm was refused: the user of the VMM is not permitted to read and write it.',
    remedy: 'Give that user access to /dev/kvm, mostly by the group kvm.',
    command: 'ls -l /dev/kvm; id',
  },
  {
    says: /[Cc]ould not access KVM kernel module: No such|failed to initialize (?:kvm|KVM): (?:No such|.*not (?:supported|permitted))/,
    id: 'no-kvm',
    text: () =>
      '/dev/kvm does not exist, or nothing answers for it: kvm_intel or kvm_amd is not loaded, or VT-x or AMD-V may be off in the firmware.',
    remedy: LOAD_KVM,
    command: "lsmod | grep kvm; grep -m1 -o -w -E 'vmx|svm' /proc/cpuinfo; dmesg | grep -i kvm",
  },
  {
    says: /KVM_CREATE_VM\)? failed: 16\b|failed to initialize (?:kvm|KVM): Device or resource busy/,
    id: 'kvm-busy',
    text: () => 'Another hypervisor of the host may hold VT-x or AMD-V.',
    remedy: 'Stop the other hypervisor and unload its modules.',
    command: 'lsmod | grep -e vboxdrv -e vmmon; dmesg | grep -i kvm',
  },
  {
    says: new RegExp(`Cannot reset device ${BDF}, (?:depends on group (?<group>\\d+)|no available reset)`),
    id: 'reset',
    text: ({ bdf, group }) =>
      `${bdf} could not be reset${/\d/.test(group) ? `: a reset of its bus needs group ${group}, which this VMM does not own` : ': it has no way to'}. It keeps what it did before, DMA included, until it is set up again.`,
    remedy: 'Give the VMM all functions of the slot, or use a device with function-level reset.',
    command: ({ bdf }) => `cat /sys/bus/pci/devices/*${bdf}/reset_method; lspci -vvs ${bdf} | grep -i flreset`,
    beside: true,
  },
  {
    says: new RegExp(`vfio_err_notifier_handler\\(${BDF}\\)`),
    id: 'device-error',
    text: ({ bdf }) => `${bdf} reported an uncorrectable PCIe error, and the VM was stopped.`,
    remedy: 'The kernel log says which error; reseat the card, or look for its firmware.',
    command: 'dmesg | grep -i -e AER -e pcieport',
    beside: true,
  },
];

const BY_KERNEL: readonly Row[] = [
  {
    says: /RLIMIT_MEMLOCK \((?<other>\d+)\) exceeded/,
    id: 'memlock',
    text: ({ other }) => `RLIMIT_MEMLOCK (${other} bytes) is too low: the memory of the guest could not be pinned.`,
    remedy: RAISE_MEMLOCK,
  },
  {
    says: new RegExp(
      `vfio-pci: probe of ${BDF} failed with error -22|vfio-pci ${BDF.replace('bdf', 'other')}: probe .*failed with error -22`,
    ),
    id: 'no-iommu',
    text: ({ bdf, other }) =>
      `vfio-pci did not take ${other || bdf} (EINVAL): it has no IOMMU group, as no IOMMU is in use or none translates for it.`,
    remedy: IOMMU_ON,
    command: 'ls /sys/class/iommu; dmesg | grep -e DMAR -e AMD-Vi',
  },
  {
    says: new RegExp(`${BDF}: .*(?:RMRR requirement|requested this device have a 1:1 IOMMU mapping)`),
    id: 'direct-mapping',
    text: ({ bdf }) =>
      `${bdf} cannot be passed to a guest: the firmware reserves memory that it must reach untranslated (RMRR).`,
    remedy: 'Only the firmware can change that: look for an option, or an update, of the vendor.',
    command: 'cat /sys/kernel/iommu_groups/*/reserved_regions',
    beside: true,
  },
  {
    says: new RegExp(`vfio-pci ${BDF}: BAR (?<other>\\d+)(?: \\[.*?\\])?: can't reserve`),
    id: 'bar-in-use',
    text: ({ bdf, other }) =>
      `BAR ${other} of ${bdf} is in use by the host, mostly by its framebuffer on that card: the guest cannot reach it.`,
    remedy: 'Boot with the console on another card, or with `video=efifb:off` or `initcall_blacklist=sysfb_init`.',
    command: 'grep -i -e efifb -e simplefb -e BOOTFB /proc/iomem',
    beside: true,
  },
  {
    says: new RegExp(
      `(?:\\[DMA (?<other>Read|Write).*\\] Request device \\[${BDF}\\]|IO_PAGE_FAULT device=${BDF.replace('bdf', 'group')}|vfio-pci ${BDF.replace('bdf', 'node')}: AMD-Vi: Event logged \\[IO_PAGE_FAULT)`,
    ),
    id: 'dma-fault',
    text: ({ bdf, group, node, other }) =>
      `${[bdf, group, node].find((one) => /^[0-9a-f:]+\.[0-7]$/.test(one)) ?? bdf} ${other === '' ? 'reached' : other === 'Read' ? 'read' : 'wrote'} an address that no mapping covers, and the IOMMU refused it: DMA continued after an unmap, before a mapping, or to memory that the VMM did not map.`,
    remedy: 'Look at which mappings the VMM had at that time.',
    command: 'strace -f -y -ttt -e trace=ioctl …; dmesg | grep -e DMAR -e AMD-Vi',
    beside: true,
  },
  {
    says: new RegExp(
      `vfio-pci ${BDF}: (?:not ready \\d+ms after|timed out waiting for pending transaction|Unable to change power state|Refused to change power state)`,
    ),
    id: 'reset',
    text: ({ bdf }) => `${bdf} does not come back from a reset or from D3: reads of its registers give all ones.`,
    remedy: 'Keep it out of D3 (disable_idle_d3=1 of vfio-pci), or power the host off and on.',
    command: ({ bdf }) => `cat /sys/bus/pci/devices/*${bdf}/reset_method; lspci -vvs ${bdf}`,
    beside: true,
  },
  {
    says: /kvm.*(?:disabled by bios|VMX not enabled \(by BIOS\)|VMX not supported by CPU|SVM not supported by CPU|no hardware support|SVM disabled \(by BIOS\))/i,
    id: 'no-kvm',
    text: () => 'KVM did not load: VT-x or AMD-V is off in the firmware, or the machine has none.',
    remedy: LOAD_KVM,
    command: "grep -m1 -o -w -E 'vmx|svm' /proc/cpuinfo; dmesg | grep -i kvm",
  },
];

const ROWS: readonly Row[] = [...BY_VMM, ...BY_KERNEL];
