// Machines and openings that the tests of VFIO and the IOMMU share, and what to read from the state after a run.
import {
  type DeviceId,
  EVENT_WIDTH,
  type Executor,
  elaborate,
  IOPTE,
  type Model,
  NOTE,
  type PageId,
  parse,
  profileNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { ERRNOS } from '../../sim-core/src/kernel/errno.ts';

/** Two groups of one function each behind one unit, and a third with a function that the host drives. */
export function machine(unit = 'vt-d snoop-control=off', extra = ''): string {
  return `machine {
  cpu intel count=2
  iommu dmar0 ${unit}
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  device nic 0000:02:00.0 iommu=dmar0 group=27 no-snoop=on
  device audio 0000:03:00.0 iommu=dmar0 group=28 no-snoop=on
  device modem 0000:03:00.1 iommu=dmar0 group=28 driver=snd_hda_intel
  memory x = 0
  memory y = 0
  ${extra}
}
`;
}

export const CONTAINER = `
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)`;
export const ATTACHED = `${CONTAINER}
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])`;
export const READY = `${ATTACHED}
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`;
export const KVM = `
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})`;
export const ADD =
  '\n  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})';

export function modelOf(text: string, kernel: string): Model {
  const profile = profileNamed(kernel);
  if (!profile) throw new Error(`no kernel ${kernel}`);
  const { model, diagnostics } = elaborate(parse(text), { profile });
  if (!model) throw new Error(diagnostics.map((d) => `${d.line + 1}: ${d.message}`).join('\n'));
  return model;
}

/** A machine after its setup ran, with questions about its state. */
export interface After {
  readonly model: Model;
  readonly executor: Executor;
  /** What the statements of setup returned: numbers, or names of errnos. */
  readonly results: readonly (number | string)[];
  /** The value of a name that a call bound. */
  value(name: string): number;
  /** The page table entry that a device meets at a word's page: '', 'rw', 'rw+snp'. */
  entry(device: string, page: number): string;
  slot(field: string, index?: number): number;
}

/** Runs `setup { … }` of a text on a kernel, to its end. */
export function runSetup(machineText: string, statements: string, kernel: string): After {
  const model = modelOf(`${machineText}setup {${statements}\n}\n`, kernel);
  const results: (number | string)[] = [];
  const run = new Run(model);
  const end = run.runToEnd();
  if (end.kind !== 'completed') throw new Error(`the run ended as ${end.kind} after ${results.length} calls`);
  const { executor } = run;
  const { log, length } = executor.machine;
  for (let at = 0; at < length; at += EVENT_WIDTH) {
    if (log[at] !== NOTE.done) continue;
    const value = log[at + 3]!;
    results.push(value < 0 ? (ERRNOS.find((e) => e.value === -value)?.name ?? value) : value);
  }
  const { state } = executor.machine;
  return {
    model,
    executor,
    results,
    value: (name) => state[model.names.get(name)!]!,
    entry(device, page) {
      const index = model.world.topology.devices.findIndex((d) => d.name === device);
      const entry = model.world.iommu.lookup(executor.machine, index as DeviceId, page as PageId);
      const access = `${entry & IOPTE.read ? 'r' : ''}${entry & IOPTE.write ? 'w' : ''}`;
      return access + (entry & IOPTE.snoop ? '+snp' : '');
    },
    slot(name, index = 0) {
      const field = model.layout.fields.find((f) => f.name === name);
      if (!field) throw new Error(`no field ${name}`);
      return state[field.base + index]!;
    },
  };
}
