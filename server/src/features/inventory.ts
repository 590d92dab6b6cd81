import {
  ARRIVAL,
  CPU_MOVES,
  contentsOfKind,
  type FileKind,
  type LineContent,
  rangeTextContains,
  type ScenarioSymbol,
  symbolsOf,
  VOCABULARY,
  vcpuActorName,
} from '@snoopscope/sim-core';
import { familyOf, type Snapshot } from '../snapshot.ts';
import { fileKindOf, namesInFamily, whatIs } from './names.ts';
import type { Offer } from './offers.ts';
import { literal, type SnippetNames } from './snippets.ts';

/** What a scenario has that can be named in it, ready to be offered. */
export class Inventory implements SnippetNames {
  readonly snapshot: Snapshot;
  // One list of offers asks for the same names many times, once for every stop of every snippet.
  readonly #symbols = new Map<ScenarioSymbol['space'], readonly Offer[]>();
  readonly #fileKinds = new Map<string, FileKind | undefined>();
  #actorKinds: ReadonlyMap<string, ActorKind> | undefined;
  #lastOfKind: ReadonlyMap<FileKind, string> | undefined;
  #firstOutOf: ReadonlyMap<string, string> | undefined;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
  }

  symbols(space: ScenarioSymbol['space'], rank = 0): Offer[] {
    let known = this.#symbols.get(space);
    if (known === undefined) {
      const kind = space === 'word' || space === 'actor' ? space : 'name';
      known = namesInFamily(this.snapshot, space).map(
        (symbol): Offer => ({ label: symbol.name, kind, description: whatIs(this.snapshot, symbol), rank: 0 }),
      );
      this.#symbols.set(space, known);
    }
    return known.map((offer) => ({ ...offer, rank }));
  }

  /** Names bound by system calls; first those that are of a wanted kind of file, last those of another kind. */
  descriptors(kinds: readonly FileKind[] | undefined): Offer[] {
    return this.symbols('name').map((offer) => {
      const kind = this.#fileKind(offer.label);
      return { ...offer, rank: kinds === undefined || kind === undefined ? 1 : kinds.includes(kind) ? 0 : OTHER_KIND };
    });
  }

  /** Names that may be bound to one of the kinds: those of another kind left out. */
  descriptorsOf(kinds: readonly FileKind[]): Offer[] {
    return this.descriptors(kinds).filter(({ rank }) => rank !== OTHER_KIND);
  }

  /** `[x]` for each word. */
  memory(rank = 0): Offer[] {
    return this.symbols('word', rank).map((offer) => ({ ...offer, label: `[${offer.label}]` }));
  }

  devices(rank = 0): Offer[] {
    return this.symbols('actor', rank).filter(({ label }) => this.actorKind(label) === 'device');
  }

  vcpus(): Offer[] {
    return this.symbols('actor').filter(({ label }) => this.actorKind(label) === 'vcpu');
  }

  /** Physical CPUs: `0`, or `cpu0` with a prefix. */
  cpus(prefix = ''): Offer[] {
    const option = this.#contents('cpu')[0]?.options.find(({ key }) => key.text === 'count');
    const count = Math.min(Math.max(Math.trunc(Number(option?.value.text ?? 1)) || 1, 1), MOST_CPUS);
    return Array.from({ length: count }, (_, cpu): Offer => ({ label: `${prefix}${cpu}`, kind: 'value', rank: cpu }));
  }

  /** Numbers of VFIO groups. */
  groups(): string[] {
    const numbers = [...this.#contents('device'), ...this.#contents('mdev')].flatMap(({ options }) =>
      options.flatMap(({ key, value }) => (key.text === 'group' ? [value.text] : [])),
    );
    return [...new Set(numbers)];
  }

  bdfs(): Offer[] {
    return this.#contents('device').map(
      ({ bdf, name }): Offer => ({ label: bdf.text, kind: 'value', description: name.text, rank: 0 }),
    );
  }

  /** Drivers of the host: VFIO's, none, and those that the scenario names. */
  drivers(): string[] {
    const named = this.#contents('device').flatMap(({ options }) =>
      options.flatMap(({ key, value }) => (key.text === 'driver' ? [value.text] : [])),
    );
    return [...new Set(['vfio-pci', 'none', ...named])];
  }

  /** What the environment may do. */
  allowed(): string[] {
    return [...new Set(this.#contents('allow').map(({ what }) => what.text))];
  }

  /** Moves of the hardware that the options of the cpu and of devices bring. */
  hardwareMoves(): string[] {
    const options = this.#contents('cpu').flatMap((cpu) => cpu.options.map((o) => `${o.key.text}=${o.value.text}`));
    const ofCpu = Object.entries(CPU_MOVES).flatMap(([name, { option }]) => (options.includes(option) ? [name] : []));
    const posts = this.#contents('device').some((device) =>
      device.options.some((o) => o.key.text === 'posted-writes' && o.value.text !== '0'),
    );
    return [...ofCpu, ...(posts ? [ARRIVAL] : [])];
  }

  /** The processes that `thread NAME of PROCESS` lines name. */
  processes(): Offer[] {
    const names = this.#contents('actor-open').flatMap(({ actor }) =>
      actor.kind === 'thread' && actor.of ? [actor.of.text] : [],
    );
    return [...new Set(names)].map((label): Offer => ({ label, kind: 'actor', description: 'a process', rank: 0 }));
  }

  /** `setup` and `host`, when they have a block. */
  unnamedActors(rank: number): Offer[] {
    const kinds = this.#contents('actor-open').flatMap(({ actor }) => (actor.name === undefined ? [actor.kind] : []));
    return [...new Set(kinds)].map((label): Offer => ({ label, kind: 'actor', rank }));
  }

  /** Device nodes that the machine has. */
  paths(): Offer[] {
    const groups = this.groups().map((group) => `/dev/vfio/${group}`);
    return ['/dev/kvm', '/dev/vfio/vfio', ...groups, '/dev/vfio/devices/vfio0', '/dev/iommu'].map(
      (label, rank): Offer => ({ label, kind: 'text', rank }),
    );
  }

  /** A line for each device node: those first that are not open yet. */
  opens(): Offer[] {
    const opened = new Set<string>();
    for (const args of this.#calls()) for (const arg of args) if (arg.kind === 'string') opened.add(arg.value);
    return this.paths().map(({ label: path }): Offer => {
      const name = OPENED_AS.find(([pattern]) => pattern.test(path))?.[1] ?? 'fd';
      const label = /^\/dev\/vfio\/\d+$/.test(path) && !opened.has(path) ? 'open the group' : `open "${path}"`;
      return {
        label,
        kind: 'call',
        description: path,
        snippet: `\${1:${name}} = open("${path}", O_RDWR)`,
        about: { kind: 'op', op: 'syscall', name: 'open' },
        rank: opened.has(path) ? 3 : 1,
      };
    });
  }

  /** Names bound to what calls wrote into one of the fields. */
  ids(fields: readonly string[]): Offer[] {
    return fields.flatMap((field, rank) =>
      this.#contents('syscall').flatMap(({ args }) =>
        args.flatMap((arg) =>
          arg.kind === 'struct'
            ? arg.fields.flatMap(({ name, value }): Offer[] =>
                name.text === field && value.kind === 'out'
                  ? [{ label: value.bind.text, kind: 'name', description: `from \`${field}\``, rank }]
                  : [],
              )
            : [],
        ),
      ),
    );
  }

  procedures(): Offer[] {
    const blocks = familyOf(this.snapshot).flatMap(({ scenario }) => scenario.blocks);
    const offers = blocks.flatMap(({ proc }): Offer[] => {
      if (proc === undefined) return [];
      const params = proc.params.map(({ text }) => text);
      const stops = params.map((param, index) => `\${${index + 1}:${param}}`).join(', ');
      const name = proc.name.text;
      return [
        { label: name, kind: 'proc', detail: `(${params.join(', ')})`, snippet: `${literal(name)}(${stops})`, rank: 0 },
      ];
    });
    return [...new Map(offers.map((offer) => [offer.label, offer])).values()];
  }

  /** What follows `owner.`: the registers that the scenario mentions; of a thread its last errno. */
  members(owner: string): Offer[] {
    if (this.actorKind(owner) === 'thread' || owner === 'setup')
      return [{ label: 'err', kind: 'register', description: 'its last errno', rank: 0 }];
    const used = this.#registersOf(owner);
    const kind = this.actorKind(owner);
    const usual = kind === 'vcpu' ? GENERAL_REGISTERS : kind === 'device' ? ['doorbell', 'r0'] : [];
    return [...new Set([...used, ...usual])].map(
      (label): Offer => ({ label, kind: 'register', rank: used.includes(label) ? 0 : 2 }),
    );
  }

  /** Registers of the actor whose block a line is in: those in use first. */
  ownRegisters(line: number): Offer[] {
    const block = this.snapshot.scenario.blocks.find((one) => one.line <= line && line <= one.endLine);
    const owner =
      block?.actor?.kind === 'vcpu' ? vcpuActorName(block.actor) : (block?.actor?.name?.text ?? block?.kind ?? '');
    const used = this.#registersOf(owner);
    const usual =
      block?.kind === 'vcpu'
        ? GENERAL_REGISTERS
        : block?.kind === 'device'
          ? ['r0', 'doorbell']
          : block?.kind === 'host'
            ? ['r0']
            : [];
    return [...new Set([...used, ...usual])].map(
      (label): Offer => ({ label, kind: 'register', rank: used.includes(label) ? 0 : 2 }),
    );
  }

  // SnippetNames: what a snippet shows at its stops. The descriptor bound last is usually the one that is meant.
  fd(kinds: readonly FileKind[] | undefined): string | undefined {
    // Before v6.6 a group is registered, whatever is open.
    const wanted = kinds?.includes('group') && this.attributes === 'GROUP' ? (['group'] as const) : kinds;
    for (const kind of wanted ?? []) {
      this.#lastOfKind ??= this.#lastDescriptors();
      const found = this.#lastOfKind.get(kind);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  id(fields: readonly string[]): string | undefined {
    this.#firstOutOf ??= this.#firstOutputs();
    for (const field of fields) {
      const found = this.#firstOutOf.get(field);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  get attributes(): 'GROUP' | 'FILE' {
    return rangeTextContains('v6.6..', this.snapshot.profile) ? 'FILE' : 'GROUP';
  }
  get lastCpu(): string {
    return this.cpus().at(-1)?.label ?? '0';
  }
  get noSnoop(): boolean {
    return this.#contents('device').some(({ options }) =>
      options.some(({ key, value }) => key.text === 'no-snoop' && value.text === 'on'),
    );
  }
  word(): string | undefined {
    return this.symbols('word')[0]?.label;
  }
  device(): string | undefined {
    return this.devices()[0]?.label;
  }
  vcpu(): string | undefined {
    return this.vcpus()[0]?.label;
  }

  actorKind(name: string): ActorKind | undefined {
    this.#actorKinds ??= actorKindsOf(this.snapshot);
    return this.#actorKinds.get(name);
  }

  /** What the lines of a kind say, in the document and the files it includes. */
  #contents<Kind extends LineContent['kind']>(kind: Kind): (LineContent & { kind: Kind })[] {
    return familyOf(this.snapshot).flatMap(({ scenario }) =>
      contentsOfKind(scenario, kind).map(({ content }) => content),
    );
  }

  /** The descriptor of each kind that was bound last. */
  #lastDescriptors(): ReadonlyMap<FileKind, string> {
    const last = new Map<FileKind, string>();
    for (const { name } of namesInFamily(this.snapshot, 'name')) {
      const kind = this.#fileKind(name);
      if (kind !== undefined) last.set(kind, name);
    }
    return last;
  }

  /** The name that was bound first to what a call wrote into each field. */
  #firstOutputs(): ReadonlyMap<string, string> {
    const first = new Map<string, string>();
    for (const args of this.#calls())
      for (const arg of args)
        for (const { name, value } of arg.kind === 'struct' ? arg.fields : [])
          if (value.kind === 'out' && !first.has(name.text)) first.set(name.text, value.bind.text);
    return first;
  }

  /** The arguments of each call. Without a list of them all: there may be thousands. */
  *#calls(): Generator<(LineContent & { kind: 'syscall' })['args']> {
    for (const { scenario } of familyOf(this.snapshot))
      for (const { content } of contentsOfKind(scenario, 'syscall')) yield content.args;
  }

  #fileKind(name: string): FileKind | undefined {
    if (!this.#fileKinds.has(name)) this.#fileKinds.set(name, fileKindOf(this.snapshot, name));
    return this.#fileKinds.get(name);
  }

  #registersOf(owner: string): string[] {
    const prefix = `${owner}.`;
    const names = familyOf(this.snapshot).flatMap(({ scenario }) =>
      [...symbolsOf(scenario, VOCABULARY).all.values()]
        .filter(({ space, name }) => space === 'register' && name.startsWith(prefix))
        .map(({ name }) => name.slice(prefix.length)),
    );
    return [...new Set(names)];
  }
}

type ActorKind = 'device' | 'vcpu' | 'thread';

function actorKindsOf(snapshot: Snapshot): ReadonlyMap<string, ActorKind> {
  const kinds = new Map<string, ActorKind>();
  for (const { content } of familyOf(snapshot).flatMap(({ scenario }) => scenario.lines)) {
    if (content.kind === 'device' || content.kind === 'mdev') kinds.set(content.name.text, 'device');
    if (content.kind !== 'actor-open') continue;
    const { actor } = content;
    if (actor.kind === 'vcpu') kinds.set(vcpuActorName(actor), 'vcpu');
    if (actor.kind === 'thread' && actor.name) kinds.set(actor.name.text, 'thread');
  }
  return kinds;
}

const OPENED_AS: readonly (readonly [RegExp, string])[] = [
  [/\/kvm$/, 'kvm'],
  [/\/vfio\/vfio$/, 'container'],
  [/\/devices\//, 'device'],
  [/\/iommu$/, 'iommufd'],
  [/\d$/, 'group'],
];
const OTHER_KIND = 3;
const MOST_CPUS = 16;
const GENERAL_REGISTERS = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'];
