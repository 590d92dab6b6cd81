/** What the environment does: what posted writes do by themselves, then one move for each way of doing what is allowed. */
import { migrate } from '../../cpu/migrate.ts';
import type { EnvironmentMove } from '../../engine/model.ts';
import type { CpuId, DeviceId } from '../../state/ids.ts';
import type { Machine } from '../../state/machine.ts';
import type { World, WorldBase } from '../../world.ts';
import { ARRIVAL } from '../machine-words.ts';
import type { Allowance } from './topology.ts';

export function environmentMoves(
  base: WorldBase,
  world: () => World,
  allowed: readonly Allowance[],
): EnvironmentMove[] {
  return [
    ...arrivals(base, world),
    ...cpuMoves(base, world),
    ...allowed.flatMap((a) => bounded(base, a, movesOf(world, a))),
  ];
}

/** The posted requests of a device arrive one after the other, at any time. */
function arrivals({ topology }: WorldBase, world: () => World): EnvironmentMove[] {
  return topology.devices.flatMap((device, index) =>
    device.postedWrites > 0
      ? [
          {
            name: `${ARRIVAL}(${device.name})`,
            run: (machine: Machine) => world().pcie.arrive(machine, index as DeviceId),
            inevitable: true,
          },
        ]
      : [],
  );
}

/** What store buffers and the supply of clean lines do by themselves. */
function cpuMoves({ topology }: WorldBase, world: () => World): EnvironmentMove[] {
  const cpus = Array.from({ length: topology.cpu.count }, (_, i) => i as CpuId);
  const { storeBuffer, cleanSupply } = topology.cpu;
  const buffered = cpus.flatMap((cpu): EnvironmentMove[] => [
    {
      name: `commit(cpu${cpu})`,
      run: (machine) => world().cpu.storeBuffers.commit(machine, cpu),
      inevitable: true,
    },
    ...topology.lines.map((line, index) => ({
      name: `flush(${topology.words[line.words[0]!]?.name},cpu${cpu})`,
      run: (machine: Machine) => world().cpu.storeBuffers.commitFlush(machine, cpu, index),
      inevitable: true,
    })),
  ]);
  const supplies = cpus.flatMap((cpu) =>
    cpus
      .filter((other) => other !== cpu)
      .map((other) => ({
        name: `supply(cpu${cpu},cpu${other})`,
        run: (machine: Machine) => world().memory.supplyFrom(machine, cpu, other),
      })),
  );
  return [...(storeBuffer ? buffered : []), ...(cleanSupply ? supplies : [])];
}

/** `max=N` bounds all moves of the line together, with one counter in the state. */
function bounded(base: WorldBase, allowance: Allowance, moves: readonly EnvironmentMove[]): EnvironmentMove[] {
  if (allowance.max === 0) return [...moves];
  const counter = base.layout.field('allowed', [], { internal: true }).base;
  return moves.map((move) => ({
    name: move.name,
    run(machine) {
      const done = machine.state[counter]!;
      if (done >= allowance.max || !move.run(machine)) return false;
      machine.put(counter, done + 1);
      return true;
    },
  }));
}

function movesOf(world: () => World, allowance: Allowance): EnvironmentMove[] {
  const { topology } = world();
  const cpus = Array.from({ length: topology.cpu.count }, (_, i) => i as CpuId);
  const lines = topology.lines.flatMap((line, index) => {
    const names = line.words.map((w) => topology.words[w]!.name);
    const wanted = allowance.subjects.length === 0 || names.some((name) => allowance.subjects.includes(name));
    return wanted ? [{ index, name: names[0]! }] : [];
  });
  const perLine = (what: string, run: (machine: Machine, cpu: number, line: number) => boolean): EnvironmentMove[] =>
    cpus.flatMap((cpu) =>
      lines.map((line) => ({
        name: `${what}(${line.name},cpu${cpu})`,
        run: (machine: Machine) => run(machine, cpu, line.index),
      })),
    );
  switch (allowance.what) {
    case 'evict':
      return perLine('evict', (machine, cpu, line) => world().memory.evict(machine, cpu, line));
    case 'prefetch':
      return perLine('prefetch', (machine, cpu, line) => world().memory.prefetch(machine, cpu, line));
    case 'drain':
      return perLine('drain', (machine, cpu, line) => world().memory.drainLine(machine, cpu, line));
    case 'migrate':
      return topology.actors.flatMap((actor, index) =>
        actor.kind === 'vcpu' && (allowance.subjects.length === 0 || allowance.subjects.includes(actor.name))
          ? cpus.map((cpu) => ({
              name: `migrate(${actor.name},cpu${cpu})`,
              run: (machine: Machine) => migrate(world(), machine, index, cpu),
            }))
          : [],
      );
    default:
      return [];
  }
}
