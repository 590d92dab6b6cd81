import {
  type BlockKind,
  type Completion,
  type CompletionPlace,
  completionAt,
  contentsOfKind,
  EXIT_NAMES,
  type FactParam,
  MACHINE_OPTIONS,
  type MachineOption,
  MEMTYPE,
  OP_KINDS_OF,
  OPS,
  type Op,
  type OperandShape,
  type OptionSpec,
  type Span,
  type TextPosition,
  VOCABULARY,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { Inventory } from './inventory.ts';
import { fileKindOf } from './names.ts';
import type { Offer, Offers } from './offers.ts';
import { setUpOffers } from './setups.ts';
import {
  fieldSnippet,
  HOLDS_ID,
  literal,
  OUTPUT_NAMES,
  requestSnippet,
  statementSnippet,
  valueSnippet,
} from './snippets.ts';
import * as table from './table-offers.ts';
import { byNeed, requestsByNeed } from './what-next.ts';

/** What may be written at a place, on the kernel of the scenario. */
export function offersAt(snapshot: Snapshot, at: TextPosition, known: KnownAround = {}): Offers {
  const text = snapshot.scenario.lines[at.line]?.text ?? '';
  const found = completionAt(snapshot.scenario, VOCABULARY, at);
  const string = found.place.kind === 'nothing' ? stringAround(text, at.column) : undefined;
  if (string !== undefined) return offersInString(snapshot, at.line, string, known.files ?? []);
  const offering = new Offering(snapshot, at.line, text, found, known);
  return { replace: replaced(found, text), offers: offering.at(found.place) };
}

/** Whether a new statement would start at a place: a blank there is indentation. */
export function isBetweenStatements(snapshot: Snapshot, at: TextPosition): boolean {
  return completionAt(snapshot.scenario, VOCABULARY, at).place.kind === 'statement';
}

/** What is known beside the document. */
export interface KnownAround {
  /** Scenarios that may be included, by their path relative to the document. */
  readonly files?: readonly string[];
  /** What the call of the line returned when it was last predicted: `0`, `-EEXIST`. */
  readonly results?: readonly string[];
}

/** One question, with what is around the place. */
class Offering {
  readonly snapshot: Snapshot;
  readonly line: number;
  readonly has: Inventory;
  /** The line before the word that is being typed, and after it. */
  readonly before: string;
  readonly after: string;

  readonly predicted: readonly string[];

  constructor(snapshot: Snapshot, line: number, text: string, { replace }: Completion, known: KnownAround) {
    this.predicted = known.results ?? [];
    this.snapshot = snapshot;
    this.line = line;
    this.has = new Inventory(snapshot);
    this.before = text.slice(0, replace.start);
    this.after = text.slice(replace.end);
  }

  at(place: CompletionPlace): readonly Offer[] {
    const { has } = this;
    const { profile } = this.snapshot;
    switch (place.kind) {
      case 'statement':
        return this.#lineStarts(place.block);
      case 'bound-statement':
        return this.#statements(place.block, true);
      case 'request':
        return this.#requests();
      case 'value':
        return this.#values(place);
      case 'field':
        return this.#fields(place);
      case 'output':
        return [...outputNames(place.field?.name), NULL_POINTER];
      case 'result':
        return table.resultOffers(place.op, profile, this.predicted);
      case 'operand':
        return place.shapes.flatMap((shape) => this.#operands(shape));
      case 'tail':
        return this.#tail(place.op, place.present);
      case 'op-option-value':
        return this.#optionValues(place.option);
      case 'option':
        return [...table.machineOptionOffers(place.owner, place.options), ...(place.of ? table.innerWords('of') : [])];
      case 'option-value':
        return this.#machineValues(place.option);
      case 'machine-word':
        if (place.of !== 'subject') return table.machineWordOffers(place.of);
        return [
          ...has.vcpus(),
          ...has.symbols('word', 1),
          ...table.machineOptionOffers('allow', MACHINE_OPTIONS.allow).map((offer) => ({ ...offer, rank: 2 })),
        ];
      case 'memory':
        return [...has.symbols('word'), ...has.devices(1).map(withMember)];
      case 'member':
        return has.members(place.owner);
      case 'term':
        return this.#terms();
      case 'relation':
        return [...table.relationOffers(), ...(place.of === 'wait' ? [] : this.#joining(1))];
      case 'condition-tail':
        return this.#joining(0);
      case 'fact-value':
        return table.valueOffers(place.values);
      case 'fact-argument':
        return this.#factArguments(place.param.kind);
      case 'version':
        return table.versionOffers(this.snapshot.scenario.named);
      case 'actor':
        return place.of === 'device' ? has.devices() : place.of === 'vm' ? has.descriptorsOf(['vm']) : has.processes();
      case 'schedule':
        return [...this.#moves(), ...(place.first ? [...table.innerWords('micro'), ...table.innerWords('only')] : [])];
      case 'move-argument':
        return this.#moveArguments(place.move, place.index);
      case 'alternative':
        return table.innerWords('or');
      case 'proc':
        return has.procedures();
      case 'proc-argument':
        return [...has.symbols('name', 0), ...has.symbols('word', 1), ...has.symbols('actor', 2)];
      case 'nothing':
        return [];
    }
  }

  /** Words that open lines, whole statements and set-ups, by what the scenario needs next. */
  #lineStarts(block: BlockKind): Offer[] {
    const { profile, scenario } = this.snapshot;
    const hasMachine = scenario.blocks.some(({ kind }) => kind === 'machine');
    const opens = OP_KINDS_OF[block].includes('syscall') ? this.has.opens() : [];
    return byNeed(this.snapshot, this.line, block, [
      ...table.keywordOffers(block),
      ...this.#statements(block, false),
      ...opens,
      ...setUpOffers(block, hasMachine, profile, contentsOfKind(this.snapshot.scenario, 'kernel').length > 0),
    ]);
  }

  /** After a whole condition. */
  #joining(rank: number): Offer[] {
    return table.innerWords('on', '&&', '||').map((offer) => ({ ...offer, rank: offer.rank + rank * 10 }));
  }

  /** What the actor's own notation has: whole system calls and ioctls, instructions, TLPs, actions of the host. */
  #statements(block: BlockKind, bound: boolean): Offer[] {
    const kinds = OP_KINDS_OF[block];
    const calls = kinds.includes('syscall');
    return OPS.filter((op) => kinds.includes(op.kind) || (calls && op.kind === 'ioctl'))
      .filter((op) => !bound || op.kind === 'syscall' || op.kind === 'ioctl' || op.binds === true)
      .map((op): Offer => {
        const snippet = statementSnippet(op, this.has);
        // Requests that change nothing that is modelled come after everything else.
        const rank = op.kind === 'ioctl' ? (op.inert ? 4 : 2) : 0;
        return {
          ...table.opOffer(op, this.snapshot.profile),
          snippet: bound ? snippet.replace(/^\$\{1:\w+\} = /, '') : snippet,
          rank,
        };
      });
  }

  /** First the requests that the descriptor's kind of file knows, and of these what the scenario needs next. */
  #requests(): Offer[] {
    const first = /\bioctl\s*\(\s*(\w+)\s*,\s*$/.exec(this.before)?.[1];
    const kind = first === undefined ? undefined : fileKindOf(this.snapshot, first);
    // Only when nothing follows yet may the argument be written along with the request.
    const alone = /^\s*\)?\s*(?:\/\/.*)?$/.test(this.after);
    return requestsByNeed(this.snapshot, this.line, kind, alone ? (op) => requestSnippet(op, this.has) : undefined);
  }

  #fields({ struct, present }: Extract<CompletionPlace, { kind: 'field' }>): Offer[] {
    return struct.fields
      .filter(({ name }) => !present.includes(name))
      .map(
        (field, rank): Offer => ({
          label: field.name,
          kind: 'field',
          description: field.type,
          snippet: fieldSnippet(field, this.has),
          about: { kind: 'field', struct: struct.name, name: field.name },
          rank,
        }),
      );
  }

  #values(place: Extract<CompletionPlace, { kind: 'value' }>): Offer[] {
    const shapes: readonly OperandShape[] = place.shapes.length === 0 ? [{ kind: 'fd' }] : place.shapes;
    const offers = shapes.flatMap((shape) => this.#value(shape));
    if (place.field && HOLDS_ID[place.field.name] !== undefined) return this.has.ids(HOLDS_ID[place.field.name]!);
    // Outside structures any bound name is allowed, if only to see what the kernel says to it.
    const anyName = place.field === undefined || (offers.length === 0 && place.field.shape.kind === 'int');
    const names = !anyName || offers.some(({ kind }) => kind === 'name') ? [] : this.has.symbols('name', 8);
    return [...offers, ...names];
  }

  #value(shape: OperandShape): Offer[] {
    const { has } = this;
    const snippet = () => valueSnippet(shape, has);
    switch (shape.kind) {
      case 'fd':
        return has.descriptors(shape.of);
      case 'int':
      case 'flags':
        return table.constantOffers(shape.constants, this.snapshot.profile, this.before);
      case 'address':
        return has
          .symbols('word')
          .map((offer) => ({ ...offer, label: `${this.before.endsWith('&') ? '' : '&'}${offer.label}` }));
      case 'pointer':
        return [
          { label: '[…]', kind: 'text', snippet: snippet(), description: 'a pointer to a value', rank: 0 },
          NULL_POINTER,
        ];
      case 'struct':
        return [
          { label: '{…}', kind: 'text', detail: ` struct ${shape.struct}`, snippet: snippet(), rank: 0 },
          NULL_POINTER,
        ];
      case 'path':
        return has.paths().map((path) => ({ ...path, label: `"${path.label}"` }));
      case 'string':
        return shape.of === 'bdf' ? has.bdfs().map((bdf) => ({ ...bdf, label: `"${bdf.label}"` })) : [];
      default:
        return [];
    }
  }

  #operands(shape: OperandShape): Offer[] {
    const { has } = this;
    switch (shape.kind) {
      case 'register':
        return has.ownRegisters(this.line);
      case 'memory':
        return has.memory(1);
      case 'mmio':
        return has.devices(2).map((offer) => ({
          ...offer,
          label: `[${offer.label}.…]`,
          snippet: `[${literal(offer.label)}.\${1:doorbell}]`,
        }));
      case 'word':
        return has.symbols('word');
      case 'memory-type':
        return table.valueOffers(Object.keys(MEMTYPE));
      case 'vcpu':
        return has.vcpus();
      case 'device':
        return has.devices();
      case 'bdf':
        return has.bdfs();
      case 'config-register':
        return [{ label: 'DevCtl', kind: 'register', description: 'Device Control', rank: 0 }];
      case 'system-register':
        return shape.names.map((label): Offer => ({ label, kind: 'register', rank: 3 }));
      default:
        return [];
    }
  }

  #tail(op: Op, present: readonly string[]): Offer[] {
    const missing = ({ name }: { readonly name: string }) => !present.includes(name);
    const attributes = (op.attributes ?? [])
      .filter(missing)
      .map(({ name, doc }): Offer => ({ label: name, kind: 'option', about: { kind: 'text', text: doc }, rank: 0 }));
    return [...attributes, ...table.opOptionOffers((op.options ?? []).filter(missing))];
  }

  #optionValues({ name, values }: OptionSpec): Offer[] {
    if (values === 'cpu') return this.has.cpus();
    if (values === 'vcpu') return this.has.vcpus();
    if (name === 'driver') return table.valueOffers(this.has.drivers());
    return typeof values === 'string' ? [] : table.valueOffers(values);
  }

  #machineValues({ key, values }: MachineOption): Offer[] {
    if (values === 'cpu') return this.has.cpus();
    if (values === 'iommu') return this.has.symbols('iommu');
    if (values === 'device') return this.has.devices();
    if (key === 'page') return this.has.symbols('page');
    if (key === 'driver') return table.valueOffers(this.has.drivers());
    return typeof values === 'string' ? [] : table.valueOffers(values);
  }

  /** In a condition: facts, findings, registers, words. In `wait`: what the actor itself can see. */
  #terms(): Offer[] {
    const { has } = this;
    switch (this.snapshot.scenario.lines[this.line]?.block) {
      case 'device':
      case 'vcpu':
        return [...has.ownRegisters(this.line), ...has.memory(1), ...has.devices(2).map(withMember)];
      case 'setup':
      case 'thread':
      case 'host':
        return [...has.symbols('name'), ...has.memory(1), ...has.devices(2).map(withMember)];
      default:
        return [
          ...has.memory(1),
          ...[...has.symbols('actor', 1), ...has.unnamedActors(1)].map(withMember),
          ...has.symbols('name', 1),
          ...table.factOffers(2),
          ...table.findingOffers(3),
        ];
    }
  }

  #factArguments(kind: FactParam['kind']): Offer[] {
    switch (kind) {
      case 'vm':
        return this.has.descriptorsOf(['vm']);
      case 'vcpu':
        return this.has.vcpus();
      case 'cpu':
        return this.has.cpus('cpu');
      case 'word':
        return this.has.symbols('word');
      case 'exit':
        return table.valueOffers(EXIT_NAMES);
      case 'group':
        return table.valueOffers(this.has.groups());
    }
  }

  /** Who may move next: an actor, or the environment as far as it is allowed to. */
  #moves(): Offer[] {
    const moves = [...this.has.allowed(), ...this.has.hardwareMoves()].map(
      (label): Offer => ({
        label,
        kind: 'instruction',
        snippet: `${literal(label)}($0)`,
        description: 'a move of the environment or the hardware',
        rank: 1,
      }),
    );
    return [...this.has.symbols('actor', 0), ...this.has.unnamedActors(0), ...moves];
  }

  /** `evict(x,cpu0)`, `migrate(vcpu0,cpu1)`, `commit(cpu0)`, `supply(cpu1,cpu0)`, `post(gpu)`. */
  #moveArguments(move: string, index: number): Offer[] {
    const { has } = this;
    if (index === 1) return has.cpus('cpu');
    if (move === 'migrate') return has.vcpus();
    if (move === 'post') return has.devices();
    return move === 'commit' || move === 'supply' ? has.cpus('cpu') : has.symbols('word');
  }
}

function outputNames(field: string | undefined): Offer[] {
  const label = field === undefined ? undefined : OUTPUT_NAMES[field];
  return label === undefined ? [] : [{ label, kind: 'name', description: 'a new name', rank: 0 }];
}

const NULL_POINTER: Offer = { label: 'NULL', kind: 'constant', about: { kind: 'constant', name: 'NULL' }, rank: 9 };

/** Paths and PCI addresses inside the quotes that an editor has already closed. */
function offersInString(snapshot: Snapshot, line: number, string: Span, files: readonly string[]): Offers {
  if (/^\s*include\b/.test(snapshot.scenario.lines[line]?.text ?? ''))
    return { replace: string, offers: files.map((label, rank): Offer => ({ label, kind: 'text', rank })) };
  const found = completionAt(snapshot.scenario, VOCABULARY, { line, column: string.start - 1 });
  const shapes = found.place.kind === 'value' ? found.place.shapes : [];
  const has = new Inventory(snapshot);
  const offers = shapes.flatMap((shape) => {
    if (shape.kind === 'path') return has.paths();
    return shape.kind === 'string' && shape.of === 'bdf' ? has.bdfs() : [];
  });
  return { replace: string, offers };
}

/** The inside of the string that a column is in. */
function stringAround(text: string, column: number): Span | undefined {
  const before = text.slice(0, column);
  // An odd number of quotes before the place means that a string is open there.
  if ((before.match(/"/g)?.length ?? 0) % 2 === 0) return undefined;
  const close = text.indexOf('"', column);
  return { start: before.lastIndexOf('"') + 1, end: close === -1 ? column : close };
}

/** The signs of `-EEXIST` and `~exists` belong to what is offered, so they are replaced along with the name. */
function replaced({ replace, place }: Completion, text: string): Span {
  const sign = text[replace.start - 1];
  const signed = (place.kind === 'result' && sign === '-') || (place.kind === 'statement' && sign === '~');
  return signed ? { start: replace.start - 1, end: replace.end } : replace;
}

/** An actor of which a register is meant. */
function withMember(offer: Offer): Offer {
  return { ...offer, snippet: `${literal(offer.label)}.$0` };
}
