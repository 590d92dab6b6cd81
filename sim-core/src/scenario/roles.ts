import type { Op } from '../ops/op.ts';
import type { StructSpec } from '../ops/structs.ts';
import type {
  Action,
  ActorHeader,
  BlockKind,
  Condition,
  Expr,
  Line,
  MachineItem,
  Operand,
  Option,
  ScheduleItem,
  Span,
  Statement,
  Syscall,
  Term,
  VersionRange,
  Word,
} from './ast.ts';
import { type FactParam, factByName, findingByName } from './facts.ts';
import { ALLOWED, type OptionOwner } from './machine-options.ts';
import { actionOp, shapesOf, type Vocabulary } from './vocabulary.ts';

/** What a word of a line is. Colours, hover, references and checks are all views of this. */
export type WordRole =
  | 'keyword'
  | 'call'
  | 'request'
  | 'instruction'
  | 'tlp'
  | 'host'
  | 'unknown-op'
  | 'constant'
  | 'errno'
  | 'field'
  | 'option'
  | 'option-value'
  | 'attribute'
  | 'register'
  | 'system-register'
  | 'config-register'
  | 'memory-type'
  | 'finding'
  | 'fact'
  | 'version'
  | 'number'
  | 'string'
  | 'bdf'
  | 'tag'
  | 'symbol';

/** Where names live: a name of one space never hides a name of another. `any` is an argument of `call`. */
export type NameSpace = 'name' | 'word' | 'page' | 'iommu' | 'actor' | 'proc' | 'register' | 'any';

export interface NamedSymbol {
  readonly space: NameSpace;
  readonly name: string;
  /** Space and name in one. Registers have their owner in front of the name, which the block decides. */
  readonly id: string;
  readonly definition: boolean;
  /** Whose register it is, when it is written. */
  readonly owner?: string;
}

export interface RoleWord {
  readonly role: WordRole;
  readonly text: string;
  readonly span: Span;
  /** For what names something of the scenario. */
  readonly symbol?: NamedSymbol;
  /** The op that it is, or that it is an operand of. */
  readonly op?: Op;
  /** For fields and their values. */
  readonly struct?: StructSpec;
  readonly field?: string;
  /** For options: whose. */
  readonly owner?: OptionOwner | 'op';
}

/** A word that names something of the scenario. */
export type NamedWord = RoleWord & { readonly symbol: NamedSymbol };

/** The words of a line from left to right. The same line gives the same array. */
export function rolesOf(line: Line, vocabulary: Vocabulary): readonly RoleWord[] {
  return entryOf(line, vocabulary).words;
}

/** Those of them that name something of the scenario. */
export function namesOf(line: Line, vocabulary: Vocabulary): readonly NamedWord[] {
  return entryOf(line, vocabulary).names;
}

interface Entry {
  readonly words: readonly RoleWord[];
  readonly names: readonly NamedWord[];
}

function entryOf(line: Line, vocabulary: Vocabulary): Entry {
  let cache = caches.get(vocabulary);
  if (cache === undefined) {
    cache = new WeakMap();
    caches.set(vocabulary, cache);
  }
  let entry = cache.get(line);
  if (entry === undefined) {
    const words = new Roles(line, vocabulary).collect();
    entry = { words, names: words.filter((word): word is NamedWord => word.symbol !== undefined) };
    cache.set(line, entry);
  }
  return entry;
}

const caches = new WeakMap<Vocabulary, WeakMap<Line, Entry>>();

class Roles {
  readonly words: RoleWord[] = [];
  readonly line: Line;
  readonly vocabulary: Vocabulary;

  constructor(line: Line, vocabulary: Vocabulary) {
    this.line = line;
    this.vocabulary = vocabulary;
  }

  collect(): readonly RoleWord[] {
    const content = this.line.content;
    switch (content.kind) {
      case 'blank':
      case 'broken':
      case 'close':
        break;
      case 'scenario':
      case 'doc':
      case 'source':
      case 'include':
        this.firstWord();
        this.add('string', content.text.span);
        break;
      case 'tags':
        this.firstWord();
        for (const tag of content.tags) this.add('tag', tag.span);
        break;
      case 'kernel':
        this.firstWord();
        this.add('version', content.version.span);
        break;
      case 'machine-open':
      case 'choose-open':
      case 'loop-open':
        this.firstWord();
        break;
      case 'or':
        this.keyword('or');
        break;
      case 'repeat-open':
        this.firstWord();
        this.add('number', content.count.span);
        break;
      case 'actor-open':
        this.actor(content.actor);
        break;
      case 'proc-open':
        this.firstWord();
        this.symbol(content.name, 'proc', true);
        for (const param of content.params) this.symbol(param, 'any', true);
        break;
      case 'condition':
        this.add('keyword', content.quantifierSpan);
        this.condition(content.condition);
        this.versions(content.on);
        break;
      case 'schedule':
        this.firstWord();
        if (content.granularity === 'micro') this.keyword('micro');
        for (const item of content.items) this.scheduleItem(item);
        break;
      case 'cpu':
      case 'iommu':
      case 'device':
      case 'mdev':
      case 'memory':
      case 'allow':
        this.machineItem(content);
        break;
      default:
        this.statement(content, this.line.block);
    }
    return this.words.sort((left, right) => left.span.start - right.span.start);
  }

  private add(role: WordRole, span: Span, more: Partial<RoleWord> = {}): void {
    this.words.push({ role, text: this.line.text.slice(span.start, span.end), span, ...more });
  }

  private symbol(word: Word, space: NameSpace, definition: boolean, more: Partial<RoleWord> = {}): void {
    this.add('symbol', word.span, {
      symbol: { space, name: word.text, id: `${space}:${word.text}`, definition },
      ...more,
    });
  }

  /** The keyword that the line starts with. */
  private firstWord(): void {
    const start = this.line.text.search(/[A-Za-z_]/);
    const length = /^\w+/.exec(this.line.text.slice(start))?.[0].length ?? 0;
    this.add('keyword', { start, end: start + length });
  }

  private keyword(text: string): void {
    const start = this.line.text.indexOf(text);
    this.add('keyword', { start, end: start + text.length });
  }

  private actor(actor: ActorHeader): void {
    this.firstWord();
    if (actor.name) {
      const name = actor.kind === 'vcpu' ? vcpuName(actor) : actor.name.text;
      this.add('symbol', actor.name.span, {
        symbol: { space: 'actor', name, id: `actor:${name}`, definition: actor.kind !== 'device' },
      });
    }
    if (actor.of) {
      const before = this.line.text.lastIndexOf('of', actor.of.span.start);
      this.add('keyword', { start: before, end: before + 2 });
      // A process is not declared: the threads that name it are in it.
      if (actor.kind === 'vcpu') this.symbol(actor.of, 'name', false);
      else this.add('option-value', actor.of.span);
    }
    this.options(actor.options, actor.kind === 'device' ? 'actor-device' : actor.kind);
  }

  private options(options: readonly Option[], owner: OptionOwner | 'op', op?: Op): void {
    for (const { key, value } of options) {
      this.add('option', key.span, { owner, ...(op && { op }) });
      const space =
        owner === 'device' && key.text === 'iommu'
          ? 'iommu'
          : key.text === 'page'
            ? 'page'
            : key.text === 'parent'
              ? 'actor'
              : undefined;
      if (space !== undefined) this.symbol(value, space, space === 'page', { owner, field: key.text });
      else
        this.add(/^-?\d/.test(value.text) ? 'number' : 'option-value', value.span, {
          owner,
          field: key.text,
          ...(op && { op }),
        });
    }
  }

  private machineItem(item: MachineItem): void {
    this.firstWord();
    switch (item.kind) {
      case 'cpu':
        this.add('option-value', item.vendor.span, { owner: 'cpu' });
        break;
      case 'iommu':
        this.symbol(item.name, 'iommu', true);
        this.add('option-value', item.driver.span, { owner: 'iommu' });
        break;
      case 'device':
        this.symbol(item.name, 'actor', true);
        this.add('bdf', item.bdf.span);
        break;
      case 'mdev':
        this.symbol(item.name, 'actor', true);
        break;
      case 'memory':
        for (const name of item.names) this.symbol(name, 'word', true);
        for (const value of item.values) this.add('number', value.span);
        break;
      case 'allow':
        this.add('keyword', item.what.span);
        for (const subject of item.subjects)
          this.symbol(subject, item.what.text === 'migrate' ? 'actor' : 'word', false);
        break;
    }
    this.options(item.options, item.kind);
  }

  private statement(statement: Statement, block: BlockKind): void {
    switch (statement.kind) {
      case 'syscall':
        this.syscall(statement);
        break;
      case 'action':
        this.action(statement, block);
        break;
      case 'wait':
        this.add('keyword', statement.keyword);
        this.operand(statement.left, block === 'setup' || block === 'thread' ? 'name' : 'register');
        this.add('number', statement.right.span);
        break;
      case 'call':
        this.firstWord();
        this.symbol(statement.name, 'proc', false);
        for (const arg of statement.args) this.argument(arg);
        break;
    }
  }

  private syscall(call: Syscall): void {
    if (call.bind) this.symbol(call.bind, 'name', true);
    const op = this.vocabulary.syscalls.get(call.call.text);
    this.add('call', call.call.span, op && { op });
    const requestName = call.call.text === 'ioctl' && call.args[1]?.kind === 'name' ? call.args[1].name : undefined;
    const request = requestName === undefined ? undefined : this.vocabulary.requests.get(requestName);
    call.args.forEach((arg, index) => {
      if (index === 1 && requestName !== undefined) this.add('request', arg.span, request && { op: request });
      else this.value(arg, structOf(request, op, index, this.vocabulary));
    });
    if (call.result) this.result(call.result);
  }

  private result(result: NonNullable<Syscall['result']>): void {
    if (result.errno === undefined) this.add('number', result.span);
    else this.add('errno', { start: result.span.end - result.errno.length, end: result.span.end });
  }

  private value(expr: Expr, struct: StructSpec | undefined, field?: string): void {
    const within = { ...(struct && { struct }), ...(field && { field }) };
    switch (expr.kind) {
      case 'number':
        this.add('number', expr.span, within);
        break;
      case 'string':
        this.add('string', expr.span, within);
        break;
      case 'name':
        if (this.vocabulary.constants.has(expr.name)) this.add('constant', expr.span, within);
        else if (CONSTANT_STYLE.test(expr.name)) this.add('constant', expr.span, within);
        else this.symbol({ text: expr.name, span: expr.span }, 'name', false, within);
        break;
      case 'flags':
        for (const part of expr.parts) this.value(part, struct, field);
        break;
      case 'address':
        this.symbol(expr.name, 'word', false, within);
        break;
      case 'pointer':
        this.value(expr.item, struct, field);
        break;
      case 'struct':
        for (const item of expr.fields) {
          this.add('field', item.name.span, { ...(struct && { struct }), field: item.name.text });
          if (item.value.kind === 'out')
            this.symbol(item.value.bind, 'name', true, { ...(struct && { struct }), field: item.name.text });
          else this.value(item.value.expr, struct, item.name.text);
        }
    }
  }

  private action(action: Action, block: BlockKind): void {
    if (action.bind) this.symbol(action.bind, 'register', true);
    const op = actionOp(this.vocabulary, block, action);
    const role = op === undefined || op.kind === 'syscall' || op.kind === 'ioctl' ? 'unknown-op' : op.kind;
    this.add(role, action.op.span, op && { op });
    action.operands.forEach((operand, index) => {
      const shapes = op === undefined ? [] : shapesOf(op.operands, index);
      const name = operand.kind === 'name' ? operand.name : '';
      const shape =
        shapes.find((candidate) => candidate.kind === 'system-register' && candidate.names.includes(name)) ??
        shapes.find((candidate) => ROLE_OF_SHAPE[candidate.kind] !== undefined);
      this.operand(
        operand,
        shape === undefined ? 'register' : (ROLE_OF_SHAPE[shape.kind] ?? 'register'),
        index === 0 && action.bind === undefined && op?.kind === 'instruction',
        op,
      );
    });
    for (const attribute of action.attributes) this.add('attribute', attribute.span, op && { op });
    this.options(action.options, 'op', op);
  }

  private operand(
    operand: Operand,
    as: NameSpace | 'system-register' | 'config-register' | 'memory-type' | 'bdf',
    definition = false,
    op?: Op,
  ): void {
    const more = op === undefined ? {} : { op };
    switch (operand.kind) {
      case 'number':
      case 'string':
        this.add(operand.kind, operand.span, more);
        break;
      case 'memory':
        if (operand.member === undefined) this.symbol(operand.name, 'word', false, more);
        else this.memberOf(operand.name, operand.member, more);
        break;
      case 'name': {
        const span = { start: operand.span.start, end: operand.span.start + operand.name.length };
        if (operand.member !== undefined) this.memberOf({ text: operand.name, span }, operand.member, more);
        else if (as === 'system-register' || as === 'config-register' || as === 'memory-type' || as === 'bdf')
          this.add(as, span, more);
        else if (operand.name.includes(':')) this.add('bdf', span, more);
        else this.symbol({ text: operand.name, span }, as, definition && as === 'register', more);
      }
    }
  }

  /** `gpu.doorbell`: a device and one of its registers. */
  private memberOf(owner: Word, member: Word, more: Partial<RoleWord>): void {
    this.symbol(owner, 'actor', false, more);
    this.add('register', member.span, {
      ...more,
      symbol: {
        space: 'register',
        name: member.text,
        id: `register:${owner.text}.${member.text}`,
        definition: false,
        owner: owner.text,
      },
    });
  }

  /** An argument of `call`: which space its name is of depends on where the procedure puts it. */
  private argument(arg: Word): void {
    if (/^-?\d/.test(arg.text)) this.add(arg.text.includes(':') ? 'bdf' : 'number', arg.span);
    else if (this.vocabulary.constants.has(arg.text)) this.add('constant', arg.span);
    else this.symbol(arg, 'any', false);
  }

  private condition(condition: Condition): void {
    switch (condition.kind) {
      case 'or':
      case 'and':
        this.condition(condition.left);
        this.condition(condition.right);
        break;
      case 'not':
        this.condition(condition.operand);
        break;
      case 'compare':
        this.term(condition.left, literalsOf(condition.right));
        this.term(condition.right, literalsOf(condition.left));
        break;
      case 'holds':
        this.term(condition.term);
        break;
    }
  }

  /** `literalOf`: the words that the other side of a comparison is compared with. */
  private term(term: Term, literalOf?: readonly string[]): void {
    switch (term.kind) {
      case 'number':
        this.add('number', term.span);
        break;
      case 'memory':
        this.symbol(term.name, 'word', false);
        break;
      case 'name':
        if (term.member) this.memberOf(term.name, term.member, {});
        else if (findingByName.has(term.name.text)) this.add('finding', term.span);
        else if (literalOf === undefined) this.symbol(term.name, 'name', false);
        else this.add('memory-type', term.span);
        break;
      case 'call': {
        this.add('fact', term.name.span);
        const params = factByName.get(term.name.text)?.params ?? [];
        for (const [index, arg] of term.args.entries()) this.factArgument(arg, params[index]?.kind);
      }
    }
  }

  private factArgument(arg: Word, kind: FactParam['kind'] | undefined): void {
    switch (kind) {
      case 'vm':
        this.symbol(arg, 'name', false);
        break;
      case 'vcpu':
        this.symbol(arg, 'actor', false);
        break;
      case 'word':
        this.symbol(arg, 'word', false);
        break;
      default:
        this.add(kind === 'exit' ? 'constant' : kind === 'group' ? 'number' : 'option-value', arg.span);
    }
  }

  private versions(ranges: readonly VersionRange[]): void {
    const first = ranges[0];
    if (first === undefined) return;
    const on = this.line.text.lastIndexOf('on', first.span.start);
    this.add('keyword', { start: on, end: on + 2 });
    for (const range of ranges) {
      if (range.from) this.add('version', range.from.span);
      if (range.to && range.to !== range.from) this.add('version', range.to.span);
    }
  }

  private scheduleItem(item: ScheduleItem): void {
    if (Object.hasOwn(ALLOWED, item.actor.text)) {
      this.add('host', item.actor.span);
      for (const arg of item.args) {
        if (/^cpu\d+$/.test(arg.text)) this.add('option-value', arg.span);
        else this.symbol(arg, item.actor.text === 'migrate' ? 'actor' : 'word', false);
      }
    } else this.symbol(item.actor, 'actor', false);
  }
}

/** The name by which the rest of the scenario knows a vCPU: `vcpu0`, or `vm2_vcpu0` for `vcpu 0 of vm2`. */
export function vcpuName(actor: ActorHeader): string {
  const name = `vcpu${actor.name?.text ?? ''}`;
  return actor.of === undefined ? name : `${actor.of.text}_${name}`;
}

/** The words that a fact has as values: `cache(cpu0, x) == M`. None of a fact that does not exist. */
export function literalsOf(term: Term): readonly string[] | undefined {
  if (term.kind !== 'call') return undefined;
  const fact = factByName.get(term.name.text);
  if (fact === undefined) return [];
  return typeof fact.value === 'object' ? fact.value : undefined;
}

/** The structure that an argument of a call points to. */
export function structOf(
  request: Op | undefined,
  call: Op | undefined,
  index: number,
  vocabulary: Vocabulary,
): StructSpec | undefined {
  const shapes =
    request !== undefined && index === 2 ? shapesOf(request.operands, 0) : shapesOf(call?.operands ?? [], index);
  for (const shape of shapes) {
    if (shape.kind === 'struct') return vocabulary.structs.get(shape.struct);
  }
  return undefined;
}

const ROLE_OF_SHAPE: Readonly<
  Partial<Record<string, NameSpace | 'system-register' | 'config-register' | 'memory-type' | 'bdf'>>
> = {
  register: 'register',
  'system-register': 'system-register',
  word: 'word',
  'memory-type': 'memory-type',
  vcpu: 'actor',
  device: 'actor',
  bdf: 'bdf',
  'config-register': 'config-register',
};

/** Names in capitals are the kernel's: an unknown one is a mistyped constant, not a name that was never bound. */
const CONSTANT_STYLE = /^[A-Z][A-Z0-9]*_[A-Za-z0-9_]*$|^E[A-Z0-9]{2,}$|^[A-Z]{4,}$/;
