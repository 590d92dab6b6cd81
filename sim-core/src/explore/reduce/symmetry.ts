/**
 * Physical CPUs that nothing tells apart: states that differ by a renaming of them count as one.
 *
 * A renaming moves the columns of the fields that have one per CPU, and renames the CPUs that vCPUs are on and those
 * in dirty masks. That the machine really treats CPUs alike is not assumed: every local situation that the explorer
 * executes is executed under each renaming as well ({@link Learner}), final states are read under each as well, and the
 * first difference disables the reduction. So `cpu=1` in a program, or a condition about cpu0, needs no special case.
 */
import type { Model } from '../../engine/model.ts';

/** Renamings grow as the factorial; more CPUs than these are distinguished. */
export const MAX_SYMMETRIC_CPUS = 4;

export class Symmetry {
  readonly cpus: number;
  /** Slots that belong to one CPU each: per place, the slot of every CPU. */
  readonly columns: readonly (readonly number[])[];
  /** Slots whose values name CPUs. */
  readonly references: readonly Reference[];
  /** All renamings but the identity: CPU p becomes CPU `renaming[p]`. */
  readonly renamings: readonly Renaming[];

  constructor(model: Model) {
    const { memory, kvm, topology } = model.world;
    this.cpus = topology.cpu.count;
    const fields = [
      memory.lineState,
      memory.cached,
      memory.cachedVersion,
      memory.wcValid,
      memory.wcValue,
      memory.wcVersion,
    ];
    this.columns = fields.flatMap((field) => {
      const each = field.size / this.cpus;
      return Array.from({ length: each }, (_, i) =>
        Array.from({ length: this.cpus }, (_, cpu) => field.base + cpu * each + i),
      );
    });
    const slots = (field: { base: number; size: number }): number[] =>
      Array.from({ length: field.size }, (_, i) => field.base + i);
    this.references = [
      ...slots(kvm.vcpuCpu).map(
        (slot): Reference => ({
          slot,
          rename: (cpuOf, value) => (value > 0 ? cpuOf[value - 1]! + 1 : value),
        }),
      ),
      ...slots(kvm.wbinvd.dirtyMask).map((slot): Reference => ({ slot, rename: renameMask })),
    ];
    const all = this.cpus > 1 && this.cpus <= MAX_SYMMETRIC_CPUS ? permutations(this.cpus).slice(1) : [];
    this.renamings = all.flatMap((cpuOf): Renaming[] => {
      const moves = renameMoves(model, cpuOf);
      return moves ? [new Renaming(this, model, cpuOf, moves)] : [];
    });
  }

  /** Is there anything to gain? Only when every renaming maps moves to moves. */
  get applies(): boolean {
    return this.cpus > 1 && this.renamings.length === factorial(this.cpus) - 1;
  }
}

export interface Reference {
  readonly slot: number;
  readonly rename: (cpuOf: readonly number[], value: number) => number;
}

export class Renaming {
  readonly cpuOf: readonly number[];
  /** Where the content of a slot goes. */
  readonly slotTo: Int32Array;
  readonly slotFrom: Int32Array;
  /** The move that does after the renaming what a move does before it. */
  readonly moveTo: readonly number[];
  /** Slots whose content goes elsewhere. */
  readonly #moved: Int32Array;
  readonly #rename: ReadonlyMap<number, Reference>;

  constructor(symmetry: Symmetry, model: Model, cpuOf: readonly number[], moveTo: readonly number[]) {
    this.cpuOf = cpuOf;
    this.moveTo = moveTo;
    this.slotTo = Int32Array.from({ length: model.layout.size }, (_, slot) => slot);
    this.slotFrom = this.slotTo.slice();
    for (const column of symmetry.columns) {
      column.forEach((slot, cpu) => {
        const to = column[cpuOf[cpu]!]!;
        this.slotTo[slot] = to;
        this.slotFrom[to] = slot;
      });
    }
    this.#moved = this.slotTo.filter((to, slot) => to !== slot);
    this.#rename = new Map(symmetry.references.map((r) => [r.slot, r]));
  }

  /** What the content of a slot becomes. */
  value(slot: number, value: number): number {
    return this.#rename.get(slot)?.rename(this.cpuOf, value) ?? value;
  }

  /** Renames a whole state. */
  apply(from: Int32Array, to: Int32Array): void {
    to.set(from);
    for (const slot of this.#moved) to[this.slotTo[slot]!] = from[slot]!;
    for (const { slot, rename } of this.#rename.values()) to[slot] = rename(this.cpuOf, from[slot]!);
  }
}

function renameMask(cpuOf: readonly number[], mask: number): number {
  let renamed = 0;
  cpuOf.forEach((to, cpu) => {
    if ((mask & (1 << cpu)) !== 0) renamed |= 1 << to;
  });
  return renamed;
}

/** Moves of the environment name their CPU: `evict(x,cpu0)`. */
function renameMoves(model: Model, cpuOf: readonly number[]): number[] | undefined {
  const byName = new Map(model.moves.map((move, i) => [move.name, i]));
  const renamed = model.moves.map((move, i) =>
    move.kind === 'actor'
      ? i
      : byName.get(move.name.replace(/\bcpu(\d+)\b/g, (_, cpu: string) => `cpu${cpuOf[Number(cpu)]}`)),
  );
  return renamed.includes(undefined) ? undefined : (renamed as number[]);
}

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1)
    .flatMap((rest) =>
      Array.from({ length: n }, (_, i) => [...rest.slice(0, n - 1 - i), n - 1, ...rest.slice(n - 1 - i)]),
    )
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}
