/** From the machine block and the headers of actors to a {@link Topology}. */
import type { DeviceId, GroupId, None, PageId } from '../../state/ids.ts';
import {
  type ActorModel,
  ADDRESS_BASE,
  type Backing,
  type CpuModel,
  type DeviceModel,
  type GroupModel,
  type IommuModel,
  isX86,
  LINE_BYTES,
  PAGE_BYTES,
  type PageModel,
  type Topology,
  WORD_BYTES,
  type WordModel,
} from '../../topology.ts';
import type { Block, MachineItem, Option } from '../ast.ts';
import { noDevice, unknownDevice } from '../checks/unknown-device.ts';
import { type Piece, piecesOf } from '../pieces.ts';
import { remembered } from '../remembered.ts';
import type { Problems } from './problems.ts';
import type { ScenarioSource } from './scenario-sources.ts';

/** What `allow` lines permit, before anything is resolved. */
export interface Allowance {
  readonly what: string;
  readonly subjects: readonly string[];
  /** How often at most, or 0 for no bound. */
  readonly max: number;
}

export interface MachineBlocks {
  readonly topology: Topology;
  readonly allowed: readonly Allowance[];
  /** The block of each actor, in the order of `topology.actors`. */
  readonly blocks: readonly { readonly block: Block; readonly file: number }[];
}

/** `registersOf`: names of MMIO registers by device name, found by reading the actors' lines. */
export function buildTopology(
  sources: readonly ScenarioSource[],
  registersOf: ReadonlyMap<string, readonly string[]>,
  problems: Problems,
): MachineBlocks {
  const items: MachineItem[] = [];
  const actorBlocks: { block: Block; file: number }[] = [];
  for (const [file, source] of sources.entries()) {
    for (const block of source.parsed.blocks) {
      if (block.kind === 'machine') {
        for (const item of block.items) {
          const content = source.parsed.lines[item.line]?.content;
          if (content && isMachineItem(content)) items.push(content);
        }
      } else if (block.kind !== 'proc') actorBlocks.push({ block, file });
    }
  }
  actorBlocks.sort((a, b) => Number(b.block.kind === 'setup') - Number(a.block.kind === 'setup'));
  const iommus = items.flatMap((item) => (item.kind === 'iommu' ? [iommuModel(item)] : []));
  const { devices, groups } = deviceModels(items, iommus, registersOf);
  const memory = memoryModels(items);
  const { actors, processes } = actorModels(actorBlocks, devices, sources, problems);
  return {
    topology: { cpu: cpuModel(items, sources), iommus, devices, groups, ...memory, actors, processes },
    allowed: items.flatMap((item) =>
      item.kind === 'allow'
        ? [{ what: item.what.text, subjects: item.subjects.map((s) => s.text), max: numberOf(item.options, 'max', 0) }]
        : [],
    ),
    blocks: actorBlocks,
  };
}

const MACHINE_KINDS: ReadonlySet<string> = new Set(['cpu', 'iommu', 'device', 'mdev', 'memory', 'allow']);
function isMachineItem(content: { readonly kind: string }): content is MachineItem {
  return MACHINE_KINDS.has(content.kind);
}

function optionsOf(options: readonly Option[]): ReadonlyMap<string, string> {
  return new Map(options.map((o) => [o.key.text, o.value.text]));
}

function numberOf(options: readonly Option[], key: string, fallback: number): number {
  const value = options.find((o) => o.key.text === key)?.value.text;
  return value === undefined ? fallback : Number(value);
}

function switchOf(options: ReadonlyMap<string, string>, key: string, fallback: boolean): boolean {
  const value = options.get(key);
  return value === undefined ? fallback : value === 'on';
}

function cpuModel(items: readonly MachineItem[], sources: readonly ScenarioSource[]): CpuModel {
  const item = items.find((i) => i.kind === 'cpu');
  const options = optionsOf(item?.options ?? []);
  const vendor = vendorNamed(item?.vendor.text);
  const x86 = isX86({ vendor });
  return {
    vendor,
    count: Number(options.get('count') ?? 1),
    // AMD CPUs always intercept WBINVD.
    wbinvdExit: vendor !== 'intel' || switchOf(options, 'wbinvd-exit', true),
    selfSnoop: vendor !== 'intel' || switchOf(options, 'self-snoop', true),
    storeBuffer: switchOf(options, 'store-buffer', false),
    cleanSupply: switchOf(options, 'clean-supply', false),
    guestMtrr: switchOf(options, 'guest-mtrr', true),
    twoDimensionalPaging: !x86 || switchOf(options, 'two-dimensional-paging', true),
    tdpMmu: options.has('tdp-mmu') ? options.get('tdp-mmu') === 'on' : undefined,
    physicalAddressBits: Number(options.get('physical-address-bits') ?? widestMask(sources)),
    options,
  };
}

/** A check refuses other names. */
function vendorNamed(name: string | undefined): CpuModel['vendor'] {
  return name === 'amd' || name === 'arm64' || name === 'power' ? name : 'intel';
}

const FEWEST_ADDRESS_BITS = 36;
const MOST_ADDRESS_BITS = 52;
/** Values written to a PHYSMASK, by `wrmsr` or by KVM_SET_MSRS. */
const MASKS_WRITTEN = /PHYSMASK\d\s*,\s*(0x[\da-f]+)|index\s*=\s*0x20[13579bdf]\b[^}]*data\s*=\s*(0x[\da-f]+)/gi;

/** A guest writes masks as wide as its addresses are: the scenario itself says how wide that is. */
function widestMask(sources: readonly ScenarioSource[]): number {
  let bits = FEWEST_ADDRESS_BITS;
  for (const { parsed } of sources) for (const { piece } of piecesOf(parsed)) bits = Math.max(bits, maskIn(piece));
  return Math.min(bits, MOST_ADDRESS_BITS);
}

const maskIn = remembered(({ lines }: Piece): number => {
  let bits = FEWEST_ADDRESS_BITS;
  for (const { text } of lines) {
    for (const [, written, set] of text.matchAll(MASKS_WRITTEN))
      bits = Math.max(bits, BigInt((written ?? set)!).toString(2).length);
  }
  return bits;
});

function iommuModel(item: Extract<MachineItem, { kind: 'iommu' }>): IommuModel {
  const options = optionsOf(item.options);
  return {
    name: item.name.text,
    driver: item.driver.text as IommuModel['driver'],
    snoopControl: switchOf(options, 'snoop-control', true),
    options,
  };
}

function deviceModels(
  items: readonly MachineItem[],
  iommus: readonly IommuModel[],
  registersOf: ReadonlyMap<string, readonly string[]>,
): { devices: DeviceModel[]; groups: GroupModel[] } {
  const declared = items.flatMap((item) => (item.kind === 'device' || item.kind === 'mdev' ? [item] : []));
  const numbers = [...new Set(declared.map((item) => numberOf(item.options, 'group', -1)).filter((n) => n >= 0))].sort(
    (a, b) => a - b,
  );
  const devices = declared.map((item): DeviceModel => {
    const options = optionsOf(item.options);
    const iommu = iommus.findIndex((unit) => unit.name === options.get('iommu'));
    return {
      name: item.name.text,
      bdf: item.kind === 'device' ? item.bdf.text : item.name.text,
      iommu,
      group: numbers.indexOf(numberOf(item.options, 'group', -1)) as GroupId | None,
      noSnoop: switchOf(options, 'no-snoop', false),
      backdoor: switchOf(options, 'backdoor', false),
      postedWrites: numberOf(item.options, 'posted-writes', 0),
      driver: item.kind === 'mdev' ? 'mdev' : (options.get('driver') ?? 'vfio-pci'),
      registers: registersOf.get(item.name.text) ?? [],
      options,
    };
  });
  const groups = numbers.map(
    (number, group): GroupModel => ({
      number,
      devices: devices.flatMap((d, i) => (d.group === group ? [i as DeviceId] : [])),
    }),
  );
  return { devices, groups };
}

function memoryModels(items: readonly MachineItem[]): Pick<Topology, 'words' | 'lines' | 'pages'> {
  const words: WordModel[] = [];
  const lines: { page: PageId; words: number[] }[] = [];
  const pages: (PageModel & { lines: number[]; words: number[] })[] = [];
  const taken = new Set(
    items.flatMap((item) => {
      const at = item.kind === 'memory' ? optionsOf(item.options).get('at') : undefined;
      return at === undefined ? [] : [BigInt(at)];
    }),
  );
  let next = ADDRESS_BASE;
  const place = (at: string | undefined): bigint => {
    if (at !== undefined) return BigInt(at);
    while (taken.has(next)) next += PAGE_BYTES;
    next += PAGE_BYTES;
    return next - PAGE_BYTES;
  };
  const pageByName = new Map<string, PageId>();
  const x86 = isX86({ vendor: vendorNamed(items.find((item) => item.kind === 'cpu')?.vendor.text) });
  for (const item of items) {
    if (item.kind !== 'memory') continue;
    const pageName = optionsOf(item.options).get('page');
    let page = pageName === undefined ? undefined : pageByName.get(pageName);
    if (page === undefined) {
      page = pages.length as PageId;
      pages.push({
        name: pageName ?? item.names[0]!.text,
        lines: [],
        words: [],
        address: place(optionsOf(item.options).get('at')),
        backing: (optionsOf(item.options).get('backing') ?? 'ram') as Backing,
        reservedUncached: x86 && optionsOf(item.options).get('host-mtrr') === 'UC',
      });
      if (pageName !== undefined) pageByName.set(pageName, page);
    }
    const line = lines.length;
    const here = pages[page]!;
    const lineInPage = here.lines.length;
    lines.push({ page, words: [] });
    here.lines.push(line);
    for (const [i, name] of item.names.entries()) {
      const address = here.address + BigInt(lineInPage) * LINE_BYTES + BigInt(i) * WORD_BYTES;
      lines[line]?.words.push(words.length);
      here.words.push(words.length);
      words.push({ name: name.text, line, page, initial: Number(item.values[i]?.value ?? 0n), address });
    }
  }
  return { words, lines, pages };
}

function actorModels(
  blocks: readonly { readonly block: Block; readonly file: number }[],
  devices: readonly DeviceModel[],
  sources: readonly ScenarioSource[],
  problems: Problems,
): { actors: ActorModel[]; processes: string[] } {
  const processes = ['vmm'];
  const processOf = (name: string | undefined): number => {
    if (name === undefined || name === 'setup') return 0;
    const known = processes.indexOf(name);
    return known >= 0 ? known : processes.push(name) - 1;
  };
  const modelsOf = ({ block, file }: (typeof blocks)[number]): ActorModel[] => {
    const header = block.actor;
    if (!header) return [];
    const cpu = numberOf(header.options, 'cpu', 0);
    const name = header.name?.text ?? header.kind;
    switch (header.kind) {
      case 'setup':
        return [{ name: 'setup', kind: 'setup', process: 0, subject: -1, cpu, line: block.line, file }];
      case 'thread':
        return [
          { name, kind: 'thread', process: processOf(header.of?.text), subject: -1, cpu, line: block.line, file },
        ];
      case 'vcpu': {
        const of = header.of?.text;
        const full = of === undefined ? `vcpu${name}` : `${of}_vcpu${name}`;
        const base = {
          name: full,
          kind: 'vcpu' as const,
          process: -1,
          subject: Number(name),
          cpu,
          startsThere: optionsOf(header.options).has('cpu'),
          firmware: switchOf(optionsOf(header.options), 'firmware', true),
          line: block.line,
          file,
        };
        return [of === undefined ? base : { ...base, vmName: of }];
      }
      case 'device': {
        const subject = devices.findIndex((d) => d.name === name);
        if (subject < 0) {
          const span = header.name?.span ?? { start: 0, end: 0 };
          const { message } = noDevice(
            name,
            devices.map((d) => d.name),
          );
          problems.within(sources[file], () => problems.report(unknownDevice, block.line, span, message));
          return [];
        }
        return [{ name, kind: 'device', process: -1, subject, cpu: -1, line: block.line, file }];
      }
      case 'host':
        return [{ name: 'host', kind: 'host', process: -1, subject: -1, cpu, line: block.line, file }];
    }
  };
  return { actors: blocks.flatMap(modelsOf), processes };
}
