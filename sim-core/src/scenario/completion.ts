import { FINDINGS } from '../engine/monitors/table.ts';
import type { Op, OperandShape, OptionSpec } from '../ops/op.ts';
import type { StructFieldSpec, StructSpec } from '../ops/structs.ts';
import type { BlockKind, ParsedScenario, Span } from './ast.ts';
import { type FactParam, type FactSpec, factByName } from './facts.ts';
import { findComment, isHyphenatedUnit, isIdentifierUnit, stringEnd } from './line-scanner.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from './machine-options.ts';
import type { TextPosition } from './query.ts';
import { OP_KINDS_OF, shapesOf, type Vocabulary } from './vocabulary.ts';

/** What is allowed at a place of a line that is being typed. */
export interface Completion {
  /** What has already been typed of the word: the text to replace. */
  readonly replace: Span;
  readonly place: CompletionPlace;
  /** The call around the place, for signature help. */
  readonly call?: EnclosingCall;
}

export type CompletionPlace =
  /** The start of a line. */
  | { readonly kind: 'statement'; readonly block: BlockKind }
  /** After `name =`: a system call, or a TLP that returns a value. */
  | { readonly kind: 'bound-statement'; readonly block: BlockKind }
  | { readonly kind: 'request'; readonly call: EnclosingCall }
  /** A value of a system call: `shapes` say which constants and names fit. Empty when the call is unknown. */
  | {
      readonly kind: 'value';
      readonly shapes: readonly OperandShape[];
      readonly call: EnclosingCall;
      readonly struct?: StructSpec;
      readonly field?: StructFieldSpec;
    }
  /** The name of a field; `present` are those that are already written. */
  | { readonly kind: 'field'; readonly struct: StructSpec; readonly present: readonly string[] }
  /** After `field=>`: a new name, or `NULL` where the kernel is not to be able to write. */
  | { readonly kind: 'output'; readonly field?: StructFieldSpec }
  | { readonly kind: 'result'; readonly op: Op | undefined }
  /** An operand of an instruction, TLP or host action. */
  | { readonly kind: 'operand'; readonly op: Op; readonly index: number; readonly shapes: readonly OperandShape[] }
  | { readonly kind: 'tail'; readonly op: Op; readonly present: readonly string[] }
  | { readonly kind: 'op-option-value'; readonly op: Op; readonly option: OptionSpec }
  | {
      readonly kind: 'option';
      readonly owner: OptionOwner;
      readonly options: readonly MachineOption[];
      readonly present: readonly string[];
      /** Whether `of` is allowed here too. */
      readonly of: boolean;
    }
  | { readonly kind: 'option-value'; readonly owner: OptionOwner; readonly option: MachineOption }
  | { readonly kind: 'machine-word'; readonly of: 'cpu-vendor' | 'iommu-driver' | 'allowed' | 'subject' }
  /** `[…` in an instruction or condition: a word or a device; `owner` when a device was named: one of its registers. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'member'; readonly owner: string }
  | { readonly kind: 'term' }
  /** After a term that is not compared yet: a relation; in a condition also what follows a whole one. */
  | { readonly kind: 'relation'; readonly of: 'wait' | 'condition' }
  /** After a whole condition: `on`, or another one. */
  | { readonly kind: 'condition-tail' }
  /** What a fact is compared with: `cache(cpu0, x) == `. */
  | { readonly kind: 'fact-value'; readonly values: readonly string[] }
  | { readonly kind: 'fact-argument'; readonly fact: FactSpec; readonly param: FactParam }
  | { readonly kind: 'version' }
  | { readonly kind: 'actor'; readonly of: 'device' | 'vm' | 'process' }
  /** Who moves next; `first`: directly after `schedule`, where `micro` is allowed. */
  | { readonly kind: 'schedule'; readonly first: boolean }
  | { readonly kind: 'move-argument'; readonly move: string; readonly index: number }
  /** After `}`: the next alternative. */
  | { readonly kind: 'alternative' }
  | { readonly kind: 'proc' }
  | { readonly kind: 'proc-argument'; readonly proc: string; readonly index: number }
  /** In a comment, a string, a number, or where a new name is invented. */
  | { readonly kind: 'nothing' };

export interface EnclosingCall {
  /** `ioctl`, `open`, `KVM_CREATE_DEVICE`: the request when it is known, else the call. */
  readonly op: Op | undefined;
  readonly name: string;
  readonly request?: string;
  /** Which argument of the system call the place is in, from 0. */
  readonly argument: number;
  /** Names of the struct fields around the place, outermost first. */
  readonly path: readonly string[];
}

/** Reads the line up to the place, however broken it is. */
export function completionAt(scenario: ParsedScenario, vocabulary: Vocabulary, at: TextPosition): Completion {
  const line = scenario.lines[at.line];
  const text = line?.text ?? '';
  const block = line?.block ?? 'file';
  const column = Math.min(at.column, text.length);
  const comment = findComment(text);
  const before = text.slice(0, column);
  const replace = wordAround(text, column);
  if ((comment !== -1 && column > comment) || inString(before)) return { replace, place: { kind: 'nothing' } };
  return { replace, ...new Reader(before.slice(0, replace.start), block, vocabulary).place() };
}

type Result = { place: CompletionPlace; call?: EnclosingCall };

/** Walks the text before the word that is being typed. */
class Reader {
  readonly text: string;
  readonly block: BlockKind;
  readonly vocabulary: Vocabulary;
  readonly tokens: readonly string[];

  constructor(text: string, block: BlockKind, vocabulary: Vocabulary) {
    this.text = text;
    this.block = block;
    this.vocabulary = vocabulary;
    this.tokens = tokensOf(text);
  }

  place(): Result {
    const { tokens, block } = this;
    const first = tokens[0];
    if (first === undefined) return { place: { kind: 'statement', block } };
    if (first === '}') {
      const inActor = tokens.length === 1 && block !== 'file' && block !== 'machine';
      return { place: { kind: inActor ? 'alternative' : 'nothing' } };
    }
    if (block === 'file') return { place: this.#filePlace(first) };
    if (block === 'machine') return { place: this.#machinePlace(first) };
    return this.#statementPlace();
  }

  #filePlace(first: string): CompletionPlace {
    const { tokens } = this;
    const last = tokens.at(-1)!;
    switch (first) {
      case 'exists':
      case 'forall':
      case '~':
        return first === '~' && tokens.length === 1 ? { kind: 'statement', block: 'file' } : this.#conditionPlace();
      case 'kernel':
        return { kind: 'version' };
      case 'schedule':
        return this.#schedulePlace();
      case 'setup':
      case 'host':
      case 'thread':
      case 'vcpu':
      case 'device':
        if (first === 'device' && tokens.length === 1) return { kind: 'actor', of: 'device' };
        if (last === 'of' && tokens.length === 3) return { kind: 'actor', of: first === 'vcpu' ? 'vm' : 'process' };
        return this.#actorPlace(first);
      default:
        return { kind: 'nothing' };
    }
  }

  /** After the name of an actor, as far as it has one. */
  #actorPlace(kind: 'setup' | 'host' | 'thread' | 'vcpu' | 'device'): CompletionPlace {
    const { tokens } = this;
    const named = kind === 'setup' || kind === 'host' ? 0 : 1;
    if (tokens.length <= named) return { kind: 'nothing' };
    const place = this.#optionPlace(kind === 'device' ? 'actor-device' : kind, tokens.slice(1 + named));
    const of = (kind === 'thread' || kind === 'vcpu') && tokens.length === 2;
    return place.kind === 'option' ? { ...place, of } : place;
  }

  #schedulePlace(): CompletionPlace {
    const { tokens, text } = this;
    const open = tokens.lastIndexOf('(');
    if (open > 0 && !tokens.slice(open).includes(')')) {
      const index = tokens.slice(open).filter((token) => token === ',').length;
      return { kind: 'move-argument', move: tokens[open - 1]!, index };
    }
    return /[*/]$/.test(text) ? { kind: 'nothing' } : { kind: 'schedule', first: tokens.length === 1 };
  }

  #machinePlace(first: string): CompletionPlace {
    const rest = this.tokens.slice(1);
    const names: Readonly<Record<string, number>> = { cpu: 1, iommu: 2, device: 2, mdev: 1, memory: 1, allow: 1 };
    if (!Object.hasOwn(names, first)) return { kind: 'nothing' };
    if (first === 'cpu' && rest.length === 0) return { kind: 'machine-word', of: 'cpu-vendor' };
    if (first === 'iommu' && rest.length === 1) return { kind: 'machine-word', of: 'iommu-driver' };
    if (first === 'allow' && rest.length === 0) return { kind: 'machine-word', of: 'allowed' };
    if (first === 'allow' && rest.at(-1) !== '=' && !rest.includes('=')) return { kind: 'machine-word', of: 'subject' };
    if (rest.length < names[first]!) return { kind: 'nothing' };
    return this.#optionPlace(first as OptionOwner, rest.slice(names[first]));
  }

  #optionPlace(owner: OptionOwner, rest: readonly string[]): CompletionPlace {
    const options = MACHINE_OPTIONS[owner];
    const present = keysIn(rest);
    if (rest.at(-1) === '=' && this.text.endsWith('=')) {
      const option = options.find((candidate) => candidate.key === rest.at(-2));
      return option === undefined ? { kind: 'nothing' } : { kind: 'option-value', owner, option };
    }
    return {
      kind: 'option',
      owner,
      options: options.filter((option) => !present.includes(option.key)),
      present,
      of: false,
    };
  }

  #statementPlace(): Result {
    const { tokens, block } = this;
    const bound = tokens[1] === '=' && /^\w/.test(tokens[0]!);
    const start = bound ? 2 : 0;
    const name = tokens[start];
    if (name === undefined) return { place: { kind: 'bound-statement', block } };
    if (tokens[start + 1] === '(') return this.#callPlace(start);
    if (!bound && name === 'wait') return { place: this.#waitPlace() };
    if (!bound && name === 'call') return { place: this.#procPlace() };
    return { place: this.#actionPlace(name, tokens.slice(start + 1)) };
  }

  /** Inside `name(…`, or after it. */
  #callPlace(start: number): Result {
    const { tokens, vocabulary } = this;
    const name = tokens[start]!;
    const stack: { open: string; field?: string; present: string[]; struct?: StructSpec | undefined }[] = [];
    let argument = 0;
    let request: string | undefined;
    let index = start + 1;
    for (; index < tokens.length; index++) {
      const token = tokens[index]!;
      const top = stack.at(-1);
      if (token === '(' || token === '[' || token === '{') stack.push({ open: token, present: [] });
      else if (token === ')' || token === ']' || token === '}') {
        stack.pop();
        if (stack.length === 0) break;
      } else if (token === ',') {
        if (stack.length === 1) argument++;
        if (top?.open === '{') delete top.field;
      } else if (top?.open === '{' && /^\w/.test(token) && top.field === undefined) {
        top.field = token;
        top.present.push(token);
      } else if (stack.length === 1 && argument === 1 && name === 'ioctl') request = token;
    }
    const op = (request === undefined ? undefined : vocabulary.requests.get(request)) ?? vocabulary.syscalls.get(name);
    const path = stack.flatMap((frame) => (frame.field === undefined ? [] : [frame.field]));
    const call: EnclosingCall = { op, name, argument, path, ...(request !== undefined && { request }) };
    if (stack.length === 0)
      return { place: tokens.slice(index).includes('=') ? { kind: 'result', op } : { kind: 'nothing' } };
    if (name === 'ioctl' && argument === 1 && stack.length === 1) return { place: { kind: 'request', call }, call };
    return { place: this.#valuePlace(call, stack), call };
  }

  #valuePlace(
    call: EnclosingCall,
    stack: readonly { open: string; field?: string; present: readonly string[] }[],
  ): CompletionPlace {
    let shapes = argumentShapes(call, this.vocabulary);
    let struct: StructSpec | undefined;
    let field: StructFieldSpec | undefined;
    for (const frame of stack.slice(1)) {
      if (frame.open === '[') shapes = shapes.flatMap((shape) => (shape.kind === 'pointer' ? [shape.to] : []));
      if (frame.open !== '{') continue;
      const name = shapes.find((shape) => shape.kind === 'struct')?.struct ?? field?.structured;
      struct = name === undefined ? undefined : this.vocabulary.structs.get(name);
      if (frame.field === undefined)
        return struct === undefined ? { kind: 'nothing' } : { kind: 'field', struct, present: frame.present };
      field = struct?.fields.find((candidate) => candidate.name === frame.field);
      shapes = field === undefined ? [] : [field.shape];
    }
    if (/=>\s*$/.test(this.text)) return { kind: 'output', ...(field && { field }) };
    return { kind: 'value', shapes, call, ...(struct && { struct }), ...(field && { field }) };
  }

  #waitPlace(): CompletionPlace {
    const rest = this.tokens.slice(1);
    if (this.text.endsWith('.')) return { kind: 'member', owner: rest.at(-2) ?? '' };
    if (rest.at(-1) === '[') return { kind: 'memory' };
    if (rest.length === 0) return { kind: 'term' };
    return rest.some((token) => RELATIONS.has(token)) ? { kind: 'nothing' } : { kind: 'relation', of: 'wait' };
  }

  #procPlace(): CompletionPlace {
    const rest = this.tokens.slice(1);
    if (rest.length === 0) return { kind: 'proc' };
    const commas = rest.filter((token) => token === ',').length;
    return rest.includes(')') ? { kind: 'nothing' } : { kind: 'proc-argument', proc: rest[0]!, index: commas };
  }

  #actionPlace(name: string, rest: readonly string[]): CompletionPlace {
    const kinds = OP_KINDS_OF[this.block];
    const op = this.vocabulary.actions.get(name)?.find((candidate) => kinds.includes(candidate.kind));
    if (op === undefined) return { kind: 'nothing' };
    if (this.text.endsWith('.')) return { kind: 'member', owner: rest.at(-2) ?? '' };
    if (rest.at(-1) === '[') return { kind: 'memory' };
    const index = rest.filter((token) => token === ',' || (token === '=' && name === 'pat')).length;
    const expectsOperand = rest.length === 0 || rest.at(-1) === ',' || (rest.at(-1) === '=' && name === 'pat');
    if (expectsOperand && index < op.operands.length)
      return { kind: 'operand', op, index, shapes: shapesOf(op.operands, index) };
    if (rest.at(-1) === '=' && this.text.endsWith('=')) {
      const option = op.options?.find((candidate) => candidate.name === rest.at(-2));
      return option === undefined ? { kind: 'nothing' } : { kind: 'op-option-value', op, option };
    }
    return { kind: 'tail', op, present: [...keysIn(rest), ...rest.filter((token) => /^\w/.test(token))] };
  }

  #conditionPlace(): CompletionPlace {
    const { tokens, text } = this;
    const last = tokens.at(-1)!;
    const on = tokens.lastIndexOf('on');
    if (on > 0) return { kind: 'version' };
    if (text.endsWith('.')) return { kind: 'member', owner: tokens.at(-2) ?? '' };
    if (last === '[') return { kind: 'memory' };
    const open = tokens.lastIndexOf('(');
    const fact = open > 0 && !tokens.slice(open).includes(')') ? factByName.get(tokens[open - 1]!) : undefined;
    if (fact !== undefined) {
      const param = fact.params[tokens.slice(open).filter((token) => token === ',').length];
      return param === undefined ? { kind: 'nothing' } : { kind: 'fact-argument', fact, param };
    }
    if (!BEFORE_TERM.has(last))
      return this.#isCompared() ? { kind: 'condition-tail' } : { kind: 'relation', of: 'condition' };
    const values = RELATIONS.has(last) ? this.#valuesCompared() : undefined;
    return values === undefined ? { kind: 'term' } : { kind: 'fact-value', values };
  }

  /** Whether the last term of a condition is already compared with something, or is a finding, which need not be. */
  #isCompared(): boolean {
    const { tokens } = this;
    const start = tokens.findLastIndex((token) => JOINING.has(token));
    const since = tokens.slice(start + 1);
    return since.some((token) => RELATIONS.has(token)) || (since.length === 1 && FINDING_WORDS.has(since[0]!));
  }

  /** The words that the fact before a relation has as values. */
  #valuesCompared(): readonly string[] | undefined {
    const { tokens } = this;
    if (tokens.at(-2) !== ')') return undefined;
    const value = factByName.get(tokens[tokens.lastIndexOf('(') - 1] ?? '')?.value;
    return typeof value === 'object' ? value.names : undefined;
  }
}

const RELATIONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const JOINING: ReadonlySet<string> = new Set(['exists', 'forall', '&&', '||', '!']);
const FINDING_WORDS: ReadonlySet<string> = new Set(FINDINGS);
/** What a term of a condition follows. */
const BEFORE_TERM: ReadonlySet<string> = new Set(['exists', 'forall', '&&', '||', '!', '(', ...RELATIONS]);

/** Shapes of an argument of a system call; the third of an ioctl is the request's. */
function argumentShapes(call: EnclosingCall, vocabulary: Vocabulary): readonly OperandShape[] {
  if (call.name !== 'ioctl') return shapesOf(call.op?.operands ?? [], call.argument);
  if (call.argument === 0) return [{ kind: 'fd' }];
  const request = call.request === undefined ? undefined : vocabulary.requests.get(call.request);
  return call.argument === 2 && request !== undefined ? shapesOf(request.operands, 0) : [];
}

/** Words, strings and single marks; two-character marks stay together. */
function tokensOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|[A-Za-z0-9_][\w-]*|=>|==|!=|<=|>=|&&|\|\||\.\.|[^\s\w]/g) ?? [];
}

function keysIn(tokens: readonly string[]): string[] {
  return tokens.filter((_, index) => tokens[index + 1] === '=');
}

/** The word that the place is in or at the end of. */
function wordAround(text: string, column: number): Span {
  let start = column;
  while (start > 0 && isHyphenatedUnit(text.charCodeAt(start - 1))) start--;
  // `-EEXIST`: the sign belongs to the notation, not to the name.
  while (start < column && text[start] === '-') start++;
  let end = column;
  while (end < text.length && isIdentifierUnit(text.charCodeAt(end))) end++;
  return { start, end };
}

function inString(before: string): boolean {
  let quote = before.indexOf('"');
  while (quote !== -1) {
    const end = stringEnd(before, quote, before.length);
    if (end === -1) return true;
    quote = before.indexOf('"', end);
  }
  return false;
}
