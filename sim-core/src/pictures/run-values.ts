/** The state of a run while its events are looked at, and how the values that a timeline shows change in it. */
import type { Model } from '../engine/model.ts';
import type { ObjectNames } from '../explain/object-names.ts';
import { TLP } from '../pcie/pcie.ts';
import type { DeviceId, VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { PICTURE_LIMITS } from './limits.ts';
import { Series, Views } from './series.ts';
import { inCache, inDram, seenByDevice, type WordView } from './words.ts';

/** One row of values: where a word is held or seen, or a VM's count. */
export interface ValueRow {
  /** The word, or the VM. */
  readonly of: string;
  /** `DRAM`, `cpu0`, `gpu reads`, `non-coherent DMA`. */
  readonly name: string;
  readonly series: Series;
}

/** What a change of a slot makes stale. */
const ROLE = { none: 0, word: 1, line: 2, everyWord: 3, cpu: 4, vm: 5 } as const;

export class RunValues {
  readonly rows: readonly ValueRow[];
  /** Per actor: the pCPU it is on, `cpu0`, or nothing. */
  readonly bands: readonly Series[];
  /** Rows that there would be without a limit. */
  readonly rowsInAll: number;
  readonly #model: Model;
  readonly #state: Int32Array;
  readonly #roles: Uint8Array;
  readonly #places: readonly { readonly name: string; readonly view: (word: number) => WordView }[];
  readonly #wordRows: readonly (readonly Series[])[];
  readonly #vmRows: readonly Series[];
  readonly #dirty = new Set<number>();
  #everyWord = false;
  #cpus = false;
  #vms = false;
  #event = -1;

  constructor(model: Model, names: ObjectNames) {
    this.#model = model;
    this.#state = model.layout.initial.slice();
    this.#roles = rolesOf(model);
    const { dims, topology } = model.world;
    const views = new Views();
    this.#places = placesOf(model, this.#state);
    this.#vmRows = Array.from({ length: dims.vms }, (_, vm) => new Series(views, this.#count(vm)));
    const words = Math.max(0, Math.floor((PICTURE_LIMITS.rows - dims.vms) / this.#places.length));
    this.#wordRows = topology.words
      .slice(0, words)
      .map((_, word) => this.#places.map(({ view }) => new Series(views, view(word))));
    this.rowsInAll = dims.vms + topology.words.length * this.#places.length;
    this.bands = topology.actors.map((_, actor) => new Series(views, this.#band(actor)));
    this.rows = [
      ...this.#vmRows.map((series, vm) => ({
        get of(): string {
          return names.ofObject('vm', vm, Number.MAX_SAFE_INTEGER) ?? `VM ${vm}`;
        },
        name: 'non-coherent DMA',
        series,
      })),
      ...this.#wordRows.flatMap((places, word) =>
        places.map((series, i) => ({
          of: topology.words[word]?.name ?? '',
          name: this.#places[i]?.name ?? '',
          series,
        })),
      ),
    ];
  }

  change(slot: number, value: number, event: number): void {
    this.#state[slot] = value;
    const role = this.#roles[slot];
    if (role === ROLE.none) return;
    this.#event = event;
    if (role === ROLE.word) this.#dirty.add(this.#wordOf(slot));
    else if (role === ROLE.everyWord) this.#everyWord = true;
    else if (role === ROLE.cpu) this.#cpus = true;
    else if (role === ROLE.vm) this.#vms = true;
    else if (role === ROLE.line) for (const word of this.#wordsOfLine(slot)) this.#dirty.add(word);
  }

  /** A step is over: the values after it are the step's own. */
  settle(step: number): void {
    if (this.#everyWord) for (const word of this.#wordRows.keys()) this.#dirty.add(word);
    for (const word of this.#dirty)
      this.#wordRows[word]?.forEach((series, i) => {
        const place = this.#places[i];
        if (place) series.change(step, place.view(word), this.#event);
      });
    if (this.#cpus)
      for (const [actor, series] of this.bands.entries()) series.change(step, this.#band(actor), this.#event);
    if (this.#vms) for (const [vm, series] of this.#vmRows.entries()) series.change(step, this.#count(vm), this.#event);
    this.#dirty.clear();
    this.#everyWord = this.#cpus = this.#vms = false;
  }

  isLine(slot: number): boolean {
    return this.#roles[slot] === ROLE.line;
  }

  lineAt(slot: number): { readonly cpu: number; readonly line: string } {
    const { memory, topology } = this.#model.world;
    const index = slot - memory.lineState.base;
    const lines = topology.lines.length;
    return { cpu: Math.trunc(index / lines), line: memory.lineState.labels?.[1]?.[index % lines] ?? '' };
  }

  tlpAt(packed: number): { readonly bypassed: boolean; readonly completed: boolean } {
    return { bypassed: (packed & TLP.bypassed) !== 0, completed: (packed & TLP.completed) !== 0 };
  }

  depthOf(actor: number): number {
    return this.#state[this.#model.tasks.depth.base + actor]!;
  }

  /** The pCPU that an actor is on, or -1. */
  cpuOf(actor: number): number {
    const { kvm, topology } = this.#model.world;
    const kind = topology.actors[actor]?.kind;
    if (kind === 'thread' || kind === 'setup') return this.#state[kvm.threadCpu.base + actor]!;
    if (kind !== 'vcpu') return -1;
    const vcpu = this.#state[kvm.actorVcpu.base + actor]! - 1;
    return vcpu < 0 ? -1 : this.#state[kvm.vcpuCpu.base + vcpu]! - 1;
  }

  #band(actor: number): WordView {
    const cpu = this.cpuOf(actor);
    return { text: cpu < 0 ? '' : `cpu${cpu}` };
  }

  #count(vm: number): WordView {
    const { kvm } = this.#model.world;
    if (this.#state[kvm.vmReferences.base + vm] === 0) return { text: '', letter: '-', note: 'there is no VM' };
    const count = kvm.noncoherentReasons(this.#state, vm as VmId);
    return { text: String(count), letter: count > 0 ? 'N' : 'C', note: count > 0 ? 'non-coherent' : 'coherent' };
  }

  #wordOf(slot: number): number {
    const { words } = this.#model.world.topology;
    const field = this.#model.layout.fieldOf(slot);
    return (slot - field.base) % words.length;
  }

  #wordsOfLine(slot: number): readonly number[] {
    const { memory, topology } = this.#model.world;
    return topology.lines[(slot - memory.lineState.base) % topology.lines.length]?.words ?? [];
  }
}

function rolesOf({ layout, world }: Model): Uint8Array {
  const { iommu, kvm, memory, pcie } = world;
  const roles = new Uint8Array(layout.size);
  const are = (role: number, ...fields: readonly Field[]): void => {
    for (const { base, size } of fields) roles.fill(role, base, base + size);
  };
  are(ROLE.word, memory.dram, memory.cached, memory.wcValid, memory.wcValue, ...memory.versions);
  are(ROLE.line, memory.lineState);
  are(ROLE.everyWord, iommu.deviceDomain, iommu.iopte, iommu.pageSnoop, pcie.enableNoSnoop);
  are(ROLE.everyWord, ...layout.fields.filter(({ name }) => name.startsWith('storeBuffer')));
  are(ROLE.cpu, kvm.actorVcpu, kvm.vcpuCpu, kvm.threadCpu);
  are(ROLE.vm, kvm.noncoherentDmaCount, kvm.vmReferences, kvm.assignment.domain, kvm.assignment.coherencyFlag);
  return roles;
}

/** Where a word is: DRAM, each cache, as each device sees it. */
function placesOf(
  { world }: Model,
  state: Int32Array,
): { readonly name: string; readonly view: (word: number) => WordView }[] {
  const { cpu, devices } = world.topology;
  return [
    { name: 'DRAM', view: (word) => inDram(world, state, word) },
    ...Array.from({ length: cpu.count }, (_, i) => ({
      name: `cpu${i}`,
      view: (word: number) => inCache(world, state, i, word),
    })),
    ...devices.map(({ name }, device) => ({
      name: `${name} reads`,
      view: (word: number) => seenByDevice(world, state, device as DeviceId, word),
    })),
  ];
}
