/** Memory at a cursor: what DRAM, each cache and each device have of every word, and the entries that lead there. */
import { counted } from '../counted.ts';
import type { Run } from '../engine/run.ts';
import type { ObjectNames } from '../explain/object-names.ts';
import { IOPTE } from '../iommu/iommu.ts';
import { LEAF, leafType } from '../kvm/mmu.ts';
import { LINE } from '../memory/memory.ts';
import { memtypeName } from '../memory/memtype.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import type { DeviceId, PageId, VmId } from '../state/ids.ts';
import { overrideBitName, type PageModel, secondStageName } from '../topology.ts';
import { PICTURE_LIMITS } from './limits.ts';
import { type CursorPlace, doneBy, firstEvent, type PlaceOptions, type Scene, scenesOf, sinceOf } from './place.ts';
import type { PictureText } from './table.ts';
import { viewText } from './timeline-text.ts';
import { inCache, inDram, promised, seenByDevice, type WordView } from './words.ts';

export interface MemoryPicture {
  readonly picture: 'memory';
  readonly notices: readonly string[];
  readonly position: number;
  readonly columns: readonly MemoryColumn[];
  readonly pages: readonly MemoryPage[];
}

export interface MemoryColumn {
  readonly name: string;
  readonly kind: 'dram' | 'cache' | 'device' | 'promise';
}

export interface MemoryPage {
  readonly name: string;
  /** `0x100000`: guest-physical address, IOVA and user address at once. */
  readonly address: string;
  readonly backing: PageModel['backing'];
  /** EPT or NPT leaves of VMs and entries of IOMMU domains for the page. */
  readonly entries: readonly { readonly name: string; readonly cell: MemoryCell }[];
  readonly lines: readonly { readonly words: readonly MemoryWord[] }[];
}

export interface MemoryWord {
  readonly name: string;
  readonly address: string;
  /** One for each column. */
  readonly cells: readonly MemoryCell[];
}

export interface MemoryCell extends WordView {
  /** It is not what it was before the step. */
  readonly changed?: boolean;
  /** The event that wrote what is here, and by whom; absent for what was so from the start. */
  readonly written?: { readonly event: number; readonly step: number; readonly by: string };
}

/** Cost: two looks at each cell, and one through the run's log for those who wrote. */
export function memoryPicture(place: CursorPlace, names: ObjectNames, options: PlaceOptions = {}): MemoryPicture {
  const { run, position } = place;
  const { now, before } = scenesOf(place, names, sinceOf(position, options));
  const { topology } = run.model.world;
  const columns = columnsOf(now);
  const most = PICTURE_LIMITS.rows;
  const writers = new Writers(run, position);
  const shown = new Set(topology.words.slice(0, most).keys());
  return {
    picture: 'memory',
    notices: [
      ...(topology.words.length === 0 ? ['The scenario declares no memory.'] : []),
      ...(topology.words.length > most ? [`The first ${most} of ${topology.words.length} words are shown.`] : []),
    ],
    position,
    columns: columns.map(({ name, kind }) => ({ name, kind })),
    pages: topology.pages.flatMap((page, index) => {
      const lines = page.lines
        .map((line) => ({
          words: (topology.lines[line]?.words ?? [])
            .filter((word) => shown.has(word))
            .map((word) => wordOf(now, before, columns, word, writers)),
        }))
        .filter(({ words }) => words.length > 0);
      if (lines.length === 0) return [];
      return {
        name: page.words.map((word) => topology.words[word]?.name).join(', '),
        address: hex(page.address),
        backing: page.backing,
        entries: entriesOf(now, index).map(({ name, slot, text }) => {
          const cell = text(now);
          return { name, cell: cellOf(cell, text(before), writers.ofSlot(slot)) };
        }),
        lines,
      };
    }),
  };
}

interface Column extends MemoryColumn {
  readonly view: (scene: Scene, word: number) => WordView;
  /** The version that is shown; 0 for what nobody wrote. */
  readonly version: (scene: Scene, word: number) => number;
}

function columnsOf({ model }: Scene): Column[] {
  const { memory, topology } = model.world;
  const words = topology.words.length;
  return [
    {
      name: 'DRAM',
      kind: 'dram',
      view: (scene, word) => inDram(model.world, scene.state, word),
      version: (scene, word) => scene.read(memory.dramVersion, word),
    },
    ...Array.from(
      { length: topology.cpu.count },
      (_, cpu): Column => ({
        name: `cpu${cpu}`,
        kind: 'cache',
        view: (scene, word) => inCache(model.world, scene.state, cpu, word),
        version: (scene, word) => scene.read(memory.cachedVersion, cpu * words + word),
      }),
    ),
    ...topology.devices.map(
      ({ name }, device): Column => ({
        name: `${name} reads`,
        kind: 'device',
        view: (scene, word) => seenByDevice(model.world, scene.state, device as DeviceId, word),
        version: (scene, word) => deviceVersion(scene, device as DeviceId, word),
      }),
    ),
    {
      name: 'bare metal',
      kind: 'promise',
      view: (scene, word) => ({ text: promised(model.world, scene.state, word) }),
      version: () => 0,
    },
  ];
}

function deviceVersion(scene: Scene, device: DeviceId, word: number): number {
  const { memory, topology } = scene.model.world;
  const { letter } = seenByDevice(scene.model.world, scene.state, device, word);
  if (letter === '-') return 0;
  const line = topology.words[word]?.line ?? 0;
  const holder = Array.from({ length: topology.cpu.count }, (_, cpu) => cpu).find(
    (cpu) => scene.read(memory.lineState, cpu * topology.lines.length + line) === LINE.modified,
  );
  return letter === 'S' && holder !== undefined
    ? scene.read(memory.cachedVersion, holder * topology.words.length + word)
    : scene.read(memory.dramVersion, word);
}

function wordOf(now: Scene, before: Scene, columns: readonly Column[], word: number, writers: Writers): MemoryWord {
  const { name, address } = now.model.world.topology.words[word] ?? { name: '', address: 0n };
  return {
    name,
    address: hex(address),
    cells: columns.map(({ view, version }) =>
      cellOf(view(now, word), view(before, word), writers.ofVersion(word, version(now, word))),
    ),
  };
}

function cellOf(view: WordView, before: WordView, written: MemoryCell['written']): MemoryCell {
  return {
    ...view,
    ...(viewText(view) !== viewText(before) && { changed: true }),
    ...(written && view.text !== '' && { written }),
  };
}

interface Entry {
  readonly name: string;
  readonly slot: number;
  readonly text: (scene: Scene) => WordView;
}

/** The leaves of VMs and the entries of domains for a page: of those that exist. */
function entriesOf(now: Scene, page: number): Entry[] {
  const { dims, iommu, kvm, topology } = now.model.world;
  const pages = topology.pages.length;
  const stage = secondStageName(topology.cpu);
  const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return [
    ...all(dims.vms)
      .filter((vm) => now.read(kvm.vmReferences, vm) > 0)
      .map((vm) => ({
        name: `${stage} leaf of ${now.name('vm', vm)}`,
        slot: kvm.leaf.base + vm * pages + page,
        text: (scene: Scene) => leafView(scene, vm, page),
      })),
    ...all(dims.domains)
      .filter((domain) => now.read(iommu.domainOwner, domain) !== 0)
      .map((domain) => ({
        name: `IOPTE of domain ${domain}`,
        slot: iommu.iopte.base + domain * pages + page,
        text: (scene: Scene) => iopteView(scene, scene.read(iommu.iopte, domain * pages + page), page),
      })),
  ];
}

function leafView(scene: Scene, vm: number, page: number): WordView {
  const { kvm, topology } = scene.model.world;
  const leaf = scene.read(kvm.leaf, vm * topology.pages.length + page);
  if ((leaf & LEAF.mmio) !== 0) {
    const slot = kvm.mmu.slots.backing(scene.state, vm as VmId, page as PageId);
    return { text: slot ? 'MMIO, from before the slot' : 'no slot: MMIO' };
  }
  if ((leaf & LEAF.present) === 0) return { text: 'not present' };
  const effective = memtypeName(kvm.mmu.effectiveTypeIn(scene.state, vm as VmId, page as PageId));
  const flags = [
    ...((leaf & LEAF.ipat) !== 0 ? ['IPAT'] : []),
    ...((leaf & LEAF.readOnly) !== 0 ? ['read-only'] : []),
    ...((leaf & LEAF.huge) !== 0 ? ['2 MiB'] : []),
  ];
  return { text: [memtypeName(leafType(leaf)), ...flags].join(' '), note: `effective ${effective}` };
}

function iopteView(scene: Scene, entry: number, page: number): WordView {
  if (entry === 0) return { text: 'not present' };
  const access = `${(entry & IOPTE.read) !== 0 ? 'R' : ''}${(entry & IOPTE.write) !== 0 ? 'W' : ''}`;
  const target = (entry >> IOPTE.pageShift) - 1;
  const { topology } = scene.model.world;
  const where = target < 0 ? 'memory outside the scenario' : `page of ${topology.pages[target]?.name}`;
  const bit = overrideBitName(topology);
  return {
    text: bit === undefined ? access : `${access} ${(entry & IOPTE.snoop) !== 0 ? bit : `no ${bit}`}`,
    ...(target !== page && { note: `to ${where}` }),
  };
}

/** Who wrote which version of a word, and who changed an entry last: found in one look from the cursor back. */
class Writers {
  readonly #run: Run;
  readonly #versions = new Map<string, number>();
  readonly #slots = new Map<number, number>();

  constructor(run: Run, position: number) {
    this.#run = run;
    const { iommu, kvm, memory, topology } = run.model.world;
    const inside = ({ base, size }: { base: number; size: number }, slot: number): boolean =>
      slot >= base && slot < base + size;
    const { log } = run;
    const words = topology.words.length;
    for (let event = firstEvent(run, position) - 1; event >= 0; event--) {
      const at = event * EVENT_WIDTH;
      const slot = log[at]!;
      if (slot < 0) continue;
      if (inside(memory.latest, slot)) {
        const key = `${(slot - memory.latest.base) % words} ${log[at + 2]}`;
        if (this.#versions.size < MOST_VERSIONS && !this.#versions.has(key)) this.#versions.set(key, event);
      } else if ((inside(kvm.leaf, slot) || inside(iommu.iopte, slot)) && !this.#slots.has(slot))
        this.#slots.set(slot, event);
    }
  }

  ofVersion(word: number, version: number): MemoryCell['written'] {
    return version === 0 ? undefined : this.#of(this.#versions.get(`${word} ${version}`));
  }

  ofSlot(slot: number): MemoryCell['written'] {
    return this.#of(this.#slots.get(slot));
  }

  #of(event: number | undefined): MemoryCell['written'] {
    return event === undefined
      ? undefined
      : { event, step: this.#run.stepOfEvent(event), by: doneBy(this.#run, event) };
  }
}

/** Versions that are remembered, the newest: a copy that is older than so many writes says no more who wrote it. */
const MOST_VERSIONS = 20_000;

function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}

export function memoryText({ notices, columns, pages, position }: MemoryPicture): PictureText {
  const cellText = (cell: MemoryCell): string => `${viewText(cell)}${cell.changed ? ' *' : ''}`;
  return {
    notices,
    tables: [
      {
        title: `Memory after ${counted(position, 'step')} (* has changed)`,
        columns: ['word', ...columns.map(({ name }) => name)],
        rows: pages.flatMap(({ lines }) =>
          lines.flatMap(({ words }) => words.map(({ name, cells }) => [name, ...cells.map(cellText)])),
        ),
      },
      {
        title: 'Written by',
        columns: ['word', 'where', 'value', 'by', 'step'],
        rows: pages.flatMap(({ lines }) =>
          lines.flatMap(({ words }) =>
            words.flatMap(({ name, cells }) =>
              cells.flatMap(({ text, written }, i) =>
                written ? [[name, columns[i]?.name ?? '', text, written.by, String(written.step)]] : [],
              ),
            ),
          ),
        ),
      },
      {
        title: 'Pages',
        columns: ['page', 'address', 'backing', 'entry', 'value', 'by'],
        rows: pages.flatMap(({ name, address, backing, entries }) =>
          entries.map((entry) => [
            name,
            address,
            backing,
            entry.name,
            cellText(entry.cell),
            entry.cell.written?.by ?? '',
          ]),
        ),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}
