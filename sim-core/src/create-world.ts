/** Makes the machine's parts and wires them together. Only what elaborates a scenario calls it. */
import { createCpu } from './cpu/cpu.ts';
import { createCounters } from './engine/counters.ts';
import { createMonitors } from './engine/monitors/monitors.ts';
import { RefusalTable } from './engine/refusal.ts';
import { type PlaceIn, RoutineTable } from './engine/routine.ts';
import { createFiles } from './files/files.ts';
import { createIommu } from './iommu/iommu.ts';
import type { ChangeId } from './kernel/changes.ts';
import { placeIn } from './kernel/functions.ts';
import type { Profile } from './kernel/profiles.ts';
import { createKvm } from './kvm/kvm.ts';
import { createKvmVfio } from './kvm-vfio/kvm-vfio.ts';
import { createGhost } from './memory/ghost.ts';
import { createMemory } from './memory/memory.ts';
import { requests } from './ops/table.ts';
import { createPcie } from './pcie/pcie.ts';
import type { LayoutBuilder } from './state/layout.ts';
import type { Topology } from './topology.ts';
import { createVfio } from './vfio/vfio.ts';
import { createInterner, type Dims, type Kernel, type World, type WorldBase } from './world.ts';

export function createWorld(
  layout: LayoutBuilder,
  topology: Topology,
  dims: Dims,
  profile: Profile,
  tracked: Parameters<typeof createMonitors>[2],
): { base: WorldBase; world: World } {
  const place: PlaceIn = (name, source) => placeIn(profile, name, source);
  const kernel = createKernel(profile);
  const base: WorldBase = {
    kernel,
    topology,
    dims,
    layout,
    routines: new RoutineTable(place, kernel),
    refusals: new RefusalTable(place),
    wide: createInterner(),
  };
  // Parts are made one after another and reach each other through this record once all of them are there.
  const world = { ...base } as { -readonly [K in keyof World]: World[K] };
  const wired = (): World => world;
  world.memory = createMemory(base);
  world.ghost = createGhost(base, world.memory);
  world.monitors = createMonitors(base, wired, tracked);
  world.counters = createCounters(base);
  world.iommu = createIommu(base, wired);
  world.pcie = createPcie(base, wired);
  world.files = createFiles(base, wired);
  world.vfio = createVfio(base, wired);
  world.kvm = createKvm(base, wired);
  world.kvmVfio = createKvmVfio(base, wired);
  world.cpu = createCpu(base, wired);
  world.memory.onWriteback = (machine, cpu, line) => world.monitors.writeback(machine, cpu, line);
  world.files.setRequests(requests(world));
  return { base, world };
}

function createKernel(profile: Profile): Kernel {
  const consulted = new Set<ChangeId>();
  const kernel: Kernel = {
    profile,
    consulted,
    listener: undefined,
    has(change) {
      consulted.add(change);
      kernel.listener?.(change);
      return profile.changes.has(change);
    },
  };
  return kernel;
}
