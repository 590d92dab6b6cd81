import {
  ALLOWED,
  type BlockKind,
  CONSTANTS,
  type Completion,
  type CompletionPlace,
  CPU_VENDORS,
  completionAt,
  ERRNOS,
  EXIT_REASONS,
  FACTS,
  type FactSpec,
  FILE_KINDS,
  FINDINGS,
  type FileKind,
  IOCTLS,
  IOMMU_DRIVERS,
  LANGUAGE_WORDS,
  type MachineOption,
  MEMORY_TYPES,
  OP_KINDS_OF,
  OPS,
  type Op,
  type OperandShape,
  type OptionSpec,
  type Position,
  PROFILES,
  type ScenarioSymbol,
  type Span,
  symbolsOf,
  VOCABULARY,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { isIn } from './describe.ts';
import { fileKindOf, namesOf, whatIs } from './names.ts';
import {
  fieldSnippet,
  literal,
  requestSnippet,
  type SnippetNames,
  statementSnippet,
  valueSnippet,
} from './snippets.ts';

/** Something that may be written at a place. */
export interface Offer {
  readonly label: string;
  readonly kind: OfferKind;
  /** Behind the label: `(fd, request, arg)`. */
  readonly detail?: string;
  /** At the right edge: what it is, or which kernels have it. */
  readonly description?: string;
  /** A snippet; the label when left out. */
  readonly snippet?: string;
  /** Its record, for documentation: see {@link aboutText}. */
  readonly about?: About;
  /** 0 fits best. */
  readonly rank: number;
  /** The kernel of the scenario does not have it. */
  readonly absent?: boolean;
}
export type OfferKind =
  | 'keyword'
  | 'call'
  | 'request'
  | 'instruction'
  | 'constant'
  | 'errno'
  | 'field'
  | 'option'
  | 'value'
  | 'name'
  | 'word'
  | 'actor'
  | 'register'
  | 'fact'
  | 'finding'
  | 'proc'
  | 'version'
  | 'text';

/** Which record documents an offer; plain data, since it travels to the client and back. */
export type About =
  | { readonly kind: 'op'; readonly op: Op['kind']; readonly name: string }
  | { readonly kind: 'keyword' | 'constant' | 'fact' | 'finding'; readonly name: string }
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'errno'; readonly name: string; readonly of?: { readonly op: Op['kind']; readonly name: string } }
  | { readonly kind: 'field'; readonly struct: string; readonly name: string }
  | { readonly kind: 'option'; readonly owner: string; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

export interface Offers {
  /** What an accepted offer replaces. */
  readonly replace: Span;
  readonly offers: readonly Offer[];
}

/** What may be written at a place, on the kernel of the scenario. */
export function offersAt(snapshot: Snapshot, at: Position): Offers {
  const text = snapshot.scenario.lines[at.line]?.text ?? '';
  const found = completionAt(snapshot.scenario, VOCABULARY, at);
  const string = found.place.kind === 'nothing' ? stringAround(text, at.column) : undefined;
  if (string !== undefined) return offersInString(snapshot, at.line, string);
  return { replace: replaced(found, text), offers: new Offering(snapshot, at, text, found).all() };
}

class Offering implements SnippetNames {
  readonly snapshot: Snapshot;
  readonly at: Position;
  readonly completion: Completion;
  /** The rest of the line behind the word that is being typed. */
  readonly after: string;
  readonly before: string;

  constructor(snapshot: Snapshot, at: Position, text: string, completion: Completion) {
    this.snapshot = snapshot;
    this.at = at;
    this.completion = completion;
    this.after = text.slice(completion.replace.end);
    this.before = text.slice(0, completion.replace.start);
  }

  all(): readonly Offer[] {
    const { place } = this.completion;
    switch (place.kind) {
      case 'statement':
        return [...this.keywords(place.block), ...this.statements(place.block, false)];
      case 'bound-statement':
        return this.statements(place.block, true);
      case 'request':
        return this.requests();
      case 'value':
        return this.values(place);
      case 'field':
        return place.struct.fields
          .filter(({ name }) => !place.present.includes(name))
          .map(
            (field, index): Offer => ({
              label: field.name,
              kind: 'field',
              description: field.type,
              snippet: fieldSnippet(field, this),
              about: { kind: 'field', struct: place.struct.name, name: field.name },
              rank: index,
            }),
          );
      case 'result':
        return this.results(place.op);
      case 'operand':
        return place.shapes.flatMap((shape) => this.operands(shape));
      case 'tail':
        return this.tail(place.op, place.present);
      case 'op-option-value':
        return this.optionValues(place.option);
      case 'option':
        return place.options.map(
          (option): Offer => ({
            label: option.key,
            kind: 'option',
            detail: `=${typeof option.values === 'string' ? option.values : option.values.join('|')}`,
            ...(option.required && { description: 'required' }),
            snippet: `${option.key}=${typeof option.values === 'string' ? '$0' : `\${1|${option.values.join(',')}|}`}`,
            about: { kind: 'option', owner: place.owner, name: option.key },
            rank: option.required ? 0 : 1,
          }),
        );
      case 'option-value':
        return this.machineValues(place.option);
      case 'machine-word':
        return this.machineWords(place.of);
      case 'memory':
        return [
          ...this.symbols('word', 0),
          ...this.devices().map((offer) => ({ ...offer, snippet: `${literal(offer.label)}.$0`, rank: 1 })),
        ];
      case 'member':
        return this.members(place.owner);
      case 'term':
        return this.terms();
      case 'fact-argument':
        return this.factArguments(place.param.kind);
      case 'version':
        return PROFILES.map(
          ({ name, doc }, index): Offer => ({
            label: name,
            kind: 'version',
            description: doc === `Linux ${name}` ? '' : doc,
            about: { kind: 'profile', name },
            rank: PROFILES.length - index,
          }),
        );
      case 'actor':
        return this.actors(place.of);
      case 'proc':
        return this.procedures();
      case 'proc-argument':
        return [...this.symbols('name', 0), ...this.symbols('word', 1), ...this.symbols('actor', 2)];
      case 'nothing':
        return [];
    }
  }

  // SnippetNames: what a snippet offers at its stops.
  fd(kinds: readonly FileKind[] | undefined): string | undefined {
    if (kinds === undefined) return undefined;
    // The one bound last is usually the one that is meant.
    return namesOf(this.snapshot, 'name').findLast(({ name }) => {
      const kind = fileKindOf(this.snapshot, name);
      return kind !== undefined && kinds.includes(kind);
    })?.name;
  }
  word(): string | undefined {
    return namesOf(this.snapshot, 'word')[0]?.name;
  }
  device(): string | undefined {
    return this.devices()[0]?.label;
  }
  vcpu(): string | undefined {
    return this.vcpus()[0]?.label;
  }

  private keywords(block: BlockKind): Offer[] {
    return LANGUAGE_WORDS.filter(({ blocks }) => blocks.includes(block)).map(
      (word): Offer => ({
        label: word.word,
        kind: 'keyword',
        snippet: KEYWORD_SNIPPETS[`${block} ${word.word}`] ?? KEYWORD_SNIPPETS[word.word] ?? literal(word.word),
        about: { kind: 'keyword', name: word.word },
        rank: 1,
      }),
    );
  }

  /** System calls, whole ioctls, instructions, TLPs, host actions: what the actor's own notation has. */
  private statements(block: BlockKind, bound: boolean): Offer[] {
    const kinds = OP_KINDS_OF[block];
    const calls = kinds.includes('syscall');
    return OPS.filter((op) => kinds.includes(op.kind) || (calls && op.kind === 'ioctl'))
      .filter((op) => !bound || op.kind === 'syscall' || op.kind === 'ioctl' || op.binds === true)
      .map((op): Offer => {
        const snippet = statementSnippet(op, this);
        return {
          ...this.op(op),
          snippet: bound ? snippet.replace(/^\$\{1:\w+\} = /, '') : snippet,
          rank: op.kind === 'ioctl' ? 1 : 0,
        };
      });
  }

  private requests(): Offer[] {
    const first = /\bioctl\s*\(\s*(\w+)\s*,\s*$/.exec(this.before)?.[1];
    const kind = first === undefined ? undefined : fileKindOf(this.snapshot, first);
    // Only when nothing follows yet may the argument be written along with the request.
    const alone = /^\s*\)?\s*(?:\/\/.*)?$/.test(this.after);
    return IOCTLS.map(
      (op): Offer => ({
        ...this.op(op),
        ...(alone && { snippet: requestSnippet(op, this) }),
        rank: kind === undefined ? 1 : op.files?.includes(kind) ? 0 : 2,
      }),
    );
  }

  private op(op: Op): Omit<Offer, 'rank'> {
    const absent = !isIn(op.on, this.snapshot.profile);
    return {
      label: op.name,
      kind: op.kind === 'ioctl' ? 'request' : op.kind === 'syscall' ? 'call' : 'instruction',
      ...(op.operands.length > 0 &&
        op.kind !== 'ioctl' && { detail: ` ${op.operands.map(({ name }) => name).join(', ')}` }),
      description: absent
        ? `${op.on}, not ${this.snapshot.profile.name}`
        : op.files
          ? op.files.map((kind) => FILE_KINDS[kind]).join(', ')
          : '',
      about: { kind: 'op', op: op.kind, name: op.name },
      absent,
    };
  }

  private values(place: Extract<CompletionPlace, { kind: 'value' }>): Offer[] {
    const shapes = place.shapes.length === 0 ? ([{ kind: 'fd' }] satisfies OperandShape[]) : place.shapes;
    const offers = shapes.flatMap((shape) => this.value(shape));
    // A field of a structure may hold any constant of its set only; everywhere else a bound name is worth offering.
    const names = offers.some(({ kind }) => kind === 'name') ? [] : this.symbols('name', 8);
    return [...offers, ...(place.field === undefined ? names : [])];
  }

  private value(shape: OperandShape): Offer[] {
    switch (shape.kind) {
      case 'fd':
        return this.descriptors(shape.of);
      case 'int':
      case 'flags':
        return this.constants(shape.constants);
      case 'address':
        return this.words(!this.before.endsWith('&'));
      case 'pointer':
        return [
          {
            label: '[…]',
            kind: 'text',
            snippet: valueSnippet(shape, this),
            description: 'a pointer to a value',
            rank: 0,
          },
          ...this.null(),
        ];
      case 'struct': {
        const snippet = valueSnippet(shape, this);
        return [{ label: '{…}', kind: 'text', detail: ` struct ${shape.struct}`, snippet, rank: 0 }, ...this.null()];
      }
      case 'path':
        return this.paths().map((path) => ({ ...path, label: `"${path.label}"` }));
      case 'string':
        return shape.of === 'bdf' ? this.bdfs().map((bdf) => ({ ...bdf, label: `"${bdf.label}"` })) : [];
      default:
        return [];
    }
  }

  private descriptors(kinds: readonly FileKind[] | undefined): Offer[] {
    return namesOf(this.snapshot, 'name').map((symbol): Offer => {
      const kind = fileKindOf(this.snapshot, symbol.name);
      const fits = kinds === undefined || kind === undefined ? 1 : kinds.includes(kind) ? 0 : 3;
      return { ...this.symbol(symbol), rank: fits };
    });
  }

  private constants(set: string | undefined): Offer[] {
    if (set === undefined) return [];
    return CONSTANTS.filter((constant) => constant.set === set).map((constant, index): Offer => {
      const absent = !isIn(constant.on, this.snapshot.profile);
      return {
        label: constant.name,
        kind: 'constant',
        description: absent ? `${constant.on}, not ${this.snapshot.profile.name}` : (constant.on ?? ''),
        about: { kind: 'constant', name: constant.name },
        absent,
        rank: (absent ? 50 : 0) + Math.min(index, 40),
      };
    });
  }

  private null(): Offer[] {
    return [{ label: 'NULL', kind: 'constant', about: { kind: 'constant', name: 'NULL' }, rank: 9 }];
  }

  /** `0` and the errnos of the call, as strace prints them. */
  private results(op: Op | undefined): Offer[] {
    const names = new Set(op?.errnos.filter(({ on }) => isIn(on, this.snapshot.profile)).map(({ name }) => name));
    const all =
      op === undefined || op.errnos.length === 0
        ? ERRNOS
        : ERRNOS.filter(({ name }) => op.errnos.some((row) => row.name === name));
    return [
      { label: '0', kind: 'value', description: 'success', rank: 0 },
      ...all.map(({ name, text }): Offer => {
        const absent = op !== undefined && op.errnos.length > 0 && !names.has(name);
        return {
          label: `-${name}`,
          kind: 'errno',
          description: absent ? `${text}, not on ${this.snapshot.profile.name}` : text,
          about: { kind: 'errno', name, ...(op && { of: { op: op.kind, name: op.name } }) },
          absent,
          rank: absent ? 2 : 1,
        };
      }),
    ];
  }

  private operands(shape: OperandShape): Offer[] {
    switch (shape.kind) {
      case 'register':
        return this.registers();
      case 'memory':
        return namesOf(this.snapshot, 'word').map((symbol) => ({
          ...this.symbol(symbol),
          label: `[${symbol.name}]`,
          rank: 1,
        }));
      case 'mmio':
        return this.devices().map((offer) => ({
          ...offer,
          label: `[${offer.label}.…]`,
          snippet: `[${offer.label}.\${1:doorbell}]`,
          rank: 2,
        }));
      case 'word':
        return this.symbols('word', 0);
      case 'memory-type':
        return MEMORY_TYPES.filter((type) => type !== 'none').map(
          (label): Offer => ({ label, kind: 'value', rank: 0 }),
        );
      case 'vcpu':
        return this.vcpus();
      case 'device':
        return this.devices();
      case 'bdf':
        return this.bdfs();
      case 'config-register':
        return [{ label: 'DevCtl', kind: 'register', description: 'Device Control', rank: 0 }];
      case 'system-register':
        return shape.names.map((label): Offer => ({ label, kind: 'register', rank: 3 }));
      default:
        return [];
    }
  }

  private tail(op: Op, present: readonly string[]): Offer[] {
    const attributes = (op.attributes ?? []).filter(({ name }) => !present.includes(name));
    const options = (op.options ?? []).filter(({ name }) => !present.includes(name));
    return [
      ...attributes.map(
        ({ name, doc }): Offer => ({
          label: name,
          kind: 'option',
          description: doc,
          about: { kind: 'text', text: doc },
          rank: 0,
        }),
      ),
      ...options.map(
        (option): Offer => ({
          label: option.name,
          kind: 'option',
          detail: `=${typeof option.values === 'string' ? option.values : option.values.join('|')}`,
          snippet: `${option.name}=$0`,
          about: { kind: 'text', text: option.doc },
          rank: option.required ? 0 : 1,
        }),
      ),
    ];
  }

  private optionValues(option: OptionSpec): Offer[] {
    if (typeof option.values !== 'string')
      return option.values.map((label): Offer => ({ label, kind: 'value', rank: 0 }));
    if (option.values === 'cpu') return this.cpus('');
    return option.values === 'vcpu' ? this.vcpus() : [];
  }

  private machineValues(option: MachineOption): Offer[] {
    switch (option.values) {
      case 'cpu':
        return this.cpus('');
      case 'iommu':
        return this.symbols('iommu', 0);
      case 'device':
        return this.devices();
      case 'name':
        return option.key === 'page' ? this.symbols('page', 0) : [];
      case 'number':
      case 'names':
        return [];
      default:
        return option.values.map((label): Offer => ({ label, kind: 'value', rank: 0 }));
    }
  }

  private machineWords(of: 'cpu-vendor' | 'iommu-driver' | 'allowed' | 'subject'): Offer[] {
    if (of === 'subject') return [...this.vcpus(), ...this.symbols('word', 1)];
    if (of === 'allowed')
      return Object.entries(ALLOWED).map(
        ([label, doc]): Offer => ({ label, kind: 'keyword', about: { kind: 'text', text: doc }, rank: 0 }),
      );
    return (of === 'cpu-vendor' ? CPU_VENDORS : IOMMU_DRIVERS).map(
      (label): Offer => ({ label, kind: 'value', rank: 0 }),
    );
  }

  private members(owner: string): Offer[] {
    const registers = namesInside(this.snapshot, owner).map((label): Offer => ({ label, kind: 'register', rank: 0 }));
    const isThread = this.actorKind(owner) === 'thread' || owner === 'setup';
    return isThread ? [{ label: 'err', kind: 'register', description: 'its last errno', rank: 0 }] : registers;
  }

  /** In a condition: facts, findings, registers, words. In `wait`: what the actor itself can see. */
  private terms(): Offer[] {
    const { block } = this.snapshot.scenario.lines[this.at.line] ?? { block: 'file' };
    const memory = namesOf(this.snapshot, 'word').map((symbol) => ({
      ...this.symbol(symbol),
      label: `[${symbol.name}]`,
      rank: 1,
    }));
    if (block === 'device') return this.registers();
    if (block === 'setup' || block === 'thread') return this.symbols('name', 0);
    if (block !== 'file') return memory;
    return [
      ...FACTS.map(
        (fact): Offer => ({
          label: fact.name,
          kind: 'fact',
          detail: `(${fact.params.map(({ name }) => name).join(', ')})`,
          snippet: factSnippet(fact),
          about: { kind: 'fact', name: fact.name },
          rank: 2,
        }),
      ),
      ...FINDINGS.map((name): Offer => ({ label: name, kind: 'finding', about: { kind: 'finding', name }, rank: 3 })),
      ...memory,
      ...this.symbols('actor', 1).map((offer) => ({ ...offer, snippet: `${literal(offer.label)}.$0` })),
    ];
  }

  private factArguments(kind: FactSpec['params'][number]['kind']): Offer[] {
    switch (kind) {
      case 'vm':
        return this.descriptors(['vm']).filter(({ rank }) => rank < 3);
      case 'vcpu':
        return this.vcpus();
      case 'cpu':
        return this.cpus('cpu');
      case 'word':
        return this.symbols('word', 0);
      case 'exit':
        return EXIT_REASONS.map((label): Offer => ({ label, kind: 'value', rank: 0 }));
      case 'group':
        return this.groups().map((label): Offer => ({ label, kind: 'value', rank: 0 }));
    }
  }

  private actors(of: 'schedule' | 'device' | 'vm'): Offer[] {
    if (of === 'device') return this.devices();
    if (of === 'vm') return this.descriptors(['vm']);
    const moves = this.snapshot.scenario.lines.flatMap(({ content }) =>
      content.kind === 'allow' ? [content.what.text] : [],
    );
    return [
      ...this.symbols('actor', 0),
      ...[...new Set(moves)].map(
        (label): Offer => ({
          label,
          kind: 'instruction',
          snippet: `${literal(label)}($0)`,
          description: 'a move of the environment',
          rank: 1,
        }),
      ),
    ];
  }

  private procedures(): Offer[] {
    return [
      ...new Map(
        [this.snapshot.scenario, ...[...this.snapshot.included.values()].map((file) => file.scenario)].flatMap(
          ({ blocks }) => blocks.flatMap((block) => (block.proc ? [[block.proc.name.text, block.proc] as const] : [])),
        ),
      ).values(),
    ].map(
      ({ name, params }): Offer => ({
        label: name.text,
        kind: 'proc',
        detail: `(${params.map(({ text }) => text).join(', ')})`,
        snippet: `${literal(name.text)}(${params.map(({ text }, index) => `\${${index + 1}:${text}}`).join(', ')})`,
        rank: 0,
      }),
    );
  }

  private registers(): Offer[] {
    const block = this.snapshot.scenario.blocks.find(
      ({ line, endLine }) => line <= this.at.line && this.at.line <= endLine,
    );
    const owner =
      block?.actor?.kind === 'vcpu' ? `vcpu${block.actor.name?.text ?? ''}` : (block?.actor?.name?.text ?? '');
    const own = namesInside(this.snapshot, owner);
    const standard = block?.kind === 'vcpu' ? GENERAL_REGISTERS : block?.kind === 'device' ? ['r0'] : [];
    return [...new Set([...own, ...standard])].map(
      (label): Offer => ({ label, kind: 'register', rank: own.includes(label) ? 0 : 2 }),
    );
  }

  private words(withMark: boolean): Offer[] {
    return namesOf(this.snapshot, 'word').map((symbol) => ({
      ...this.symbol(symbol),
      label: `${withMark ? '&' : ''}${symbol.name}`,
      rank: 0,
    }));
  }

  private symbols(space: ScenarioSymbol['space'], rank: number): Offer[] {
    return namesOf(this.snapshot, space).map((symbol) => ({ ...this.symbol(symbol), rank }));
  }

  private symbol(symbol: ScenarioSymbol): Omit<Offer, 'rank'> {
    const kind = symbol.space === 'word' ? 'word' : symbol.space === 'actor' ? 'actor' : 'name';
    return { label: symbol.name, kind, description: whatIs(this.snapshot, symbol) };
  }

  private devices(): Offer[] {
    return this.symbols('actor', 0).filter(({ label }) => this.actorKind(label) === 'device');
  }

  private vcpus(): Offer[] {
    return this.symbols('actor', 0).filter(({ label }) => this.actorKind(label) === 'vcpu');
  }

  private actorKind(name: string): string | undefined {
    for (const { content } of this.snapshot.scenario.lines) {
      if ((content.kind === 'device' || content.kind === 'mdev') && content.name.text === name) return 'device';
      if (content.kind !== 'actor-open') continue;
      const { actor } = content;
      if (actor.kind === 'vcpu' && name.endsWith(`vcpu${actor.name?.text}`)) return 'vcpu';
      if (actor.kind === 'thread' && actor.name?.text === name) return 'thread';
    }
    return undefined;
  }

  private cpus(prefix: string): Offer[] {
    const line = this.snapshot.scenario.lines.find(({ content }) => content.kind === 'cpu')?.content;
    const count =
      line?.kind === 'cpu' ? Number(line.options.find(({ key }) => key.text === 'count')?.value.text ?? 1) : 1;
    return Array.from(
      { length: Math.min(Math.max(count, 1), MOST_CPUS) || 1 },
      (_, cpu): Offer => ({ label: `${prefix}${cpu}`, kind: 'value', rank: cpu }),
    );
  }

  private groups(): string[] {
    return this.snapshot.scenario.lines.flatMap(({ content }) =>
      content.kind === 'device' || content.kind === 'mdev'
        ? content.options.flatMap(({ key, value }) => (key.text === 'group' ? [value.text] : []))
        : [],
    );
  }

  bdfs(): Offer[] {
    return this.snapshot.scenario.lines.flatMap(({ content }): Offer[] =>
      content.kind === 'device'
        ? [{ label: content.bdf.text, kind: 'value', description: content.name.text, rank: 0 }]
        : [],
    );
  }

  paths(): Offer[] {
    const groups = [...new Set(this.groups())].map((group) => `/dev/vfio/${group}`);
    return ['/dev/kvm', '/dev/vfio/vfio', ...groups, '/dev/vfio/devices/vfio0', '/dev/iommu'].map(
      (label, rank): Offer => ({ label, kind: 'text', rank }),
    );
  }
}

/** Paths and PCI addresses inside the quotes that an editor has closed already. */
function offersInString(snapshot: Snapshot, line: number, string: Span): Offers {
  const text = snapshot.scenario.lines[line]?.text ?? '';
  const at = { line, column: string.start - 1 };
  const found = completionAt(snapshot.scenario, VOCABULARY, at);
  const offering = new Offering(snapshot, at, text, found);
  const shapes = found.place.kind === 'value' ? found.place.shapes : [];
  const offers = shapes.flatMap((shape) =>
    shape.kind === 'path' ? offering.paths() : shape.kind === 'string' && shape.of === 'bdf' ? offering.bdfs() : [],
  );
  return { replace: string, offers };
}

/** The inside of the string that a column stands in. */
function stringAround(text: string, column: number): Span | undefined {
  const before = text.slice(0, column);
  const start = before.lastIndexOf('"') + 1;
  // An odd number of quotes before the place means that a string is open there.
  if ((before.match(/"/g)?.length ?? 0) % 2 === 0) return undefined;
  const close = text.indexOf('"', column);
  return { start, end: close === -1 ? column : close };
}

/** The minus of `-EEXIST` belongs to what is offered, so it is replaced along with the name. */
function replaced({ replace, place }: Completion, text: string): Span {
  const signed = place.kind === 'result' && text[replace.start - 1] === '-';
  return signed ? { start: replace.start - 1, end: replace.end } : replace;
}

/** Registers that the scenario already mentions for an actor. */
function namesInside(snapshot: Snapshot, owner: string): string[] {
  const own = `${owner}.`;
  return allRegisters(snapshot)
    .filter((name) => name.startsWith(own))
    .map((name) => name.slice(own.length));
}

function allRegisters(snapshot: Snapshot): string[] {
  const names = new Set<string>();
  for (const symbol of symbolsIn(snapshot)) if (symbol.space === 'register') names.add(symbol.name);
  return [...names];
}

function symbolsIn(snapshot: Snapshot): readonly ScenarioSymbol[] {
  return [...symbolsOf(snapshot.scenario, VOCABULARY).all.values()];
}

function factSnippet(fact: FactSpec): string {
  return `${literal(fact.name)}(${fact.params.map(({ name }, index) => `\${${index + 1}:${name}}`).join(', ')})`;
}

const MOST_CPUS = 16;
const GENERAL_REGISTERS = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'];

/** Lines that open a block close it, too. */
const KEYWORD_SNIPPETS: Readonly<Record<string, string>> = {
  scenario: 'scenario "$1"',
  doc: 'doc "$1"',
  source: 'source "$1"',
  tags: 'tags $1',
  kernel: 'kernel $1',
  include: 'include "$1"',
  machine: 'machine {\n  $0\n\\}',
  setup: 'setup {\n  $0\n\\}',
  thread: 'thread ${1:qemu} {\n  $0\n\\}',
  vcpu: 'vcpu ${1:0} cpu=${2:0} {\n  $0\n\\}',
  'file device': 'device ${1:gpu} {\n  $0\n\\}',
  'machine device': 'device ${1:gpu} ${2:0000:01:00.0} iommu=${3:dmar0} group=${4:26} no-snoop=${5|on,off|}',
  host: 'host {\n  $0\n\\}',
  proc: 'proc ${1:name}($2) {\n  $0\n\\}',
  exists: 'exists $0',
  '~exists': '~exists $0',
  forall: 'forall $0',
  schedule: 'schedule $0',
  cpu: 'cpu ${1|intel,amd|} count=${2:2}',
  iommu: 'iommu ${1:dmar0} ${2|vt-d,amd-vi,smmu,none|} snoop-control=${3|on,off|}',
  mdev: 'mdev ${1:vgpu} parent=${2:gpu} group=${3:40}',
  memory: 'memory ${1:x} = ${2:0}',
  allow: 'allow ${1|evict,prefetch,drain,migrate|}',
  choose: 'choose {\n  $1\n\\} or {\n  $0\n\\}',
  loop: 'loop {\n  $0\n\\}',
  repeat: 'repeat ${1:2} {\n  $0\n\\}',
  wait: 'wait $0',
  call: 'call $0',
};
