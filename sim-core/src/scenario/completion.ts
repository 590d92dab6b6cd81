import type { Op, OperandShape, OptionSpec } from '../ops/op.ts';
import type { StructFieldSpec, StructSpec } from '../ops/structs.ts';
import type { BlockKind, ParsedScenario, Span } from './ast.ts';
import { findComment, isHyphenatedUnit, isIdentifierUnit, stringEnd } from './cursor.ts';
import { type FactParam, type FactSpec, factByName } from './facts.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from './machine-options.ts';
import type { Position } from './query.ts';
import { OP_KINDS_OF, shapesOf, type Vocabulary } from './vocabulary.ts';

/** What may stand at a place of a line that is being typed. */
export interface Completion {
  /** What has been typed of the word already: the text to replace. */
  readonly replace: Span;
  readonly place: CompletionPlace;
  /** The call around the place, for signature help. */
  readonly call?: EnclosingCall;
}

export type CompletionPlace =
  /** The start of a line. */
  | { readonly kind: 'statement'; readonly block: BlockKind }
  /** Behind `name =`: a system call, or a TLP that gives a value. */
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
  /** The name of a field; `present` are those that are written already. */
  | { readonly kind: 'field'; readonly struct: StructSpec; readonly present: readonly string[] }
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
    }
  | { readonly kind: 'option-value'; readonly owner: OptionOwner; readonly option: MachineOption }
  | { readonly kind: 'machine-word'; readonly of: 'cpu-vendor' | 'iommu-driver' | 'allowed' | 'subject' }
  /** `[…` in an instruction or condition: a word or a device; `owner` when a device was named: one of its registers. */
  | { readonly kind: 'memory' }
  | { readonly kind: 'member'; readonly owner: string }
  | { readonly kind: 'term' }
  | { readonly kind: 'fact-argument'; readonly fact: FactSpec; readonly param: FactParam }
  | { readonly kind: 'version' }
  | { readonly kind: 'actor'; readonly of: 'schedule' | 'device' | 'vm' }
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
export function completionAt(scenario: ParsedScenario, vocabulary: Vocabulary, at: Position): Completion {
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
    if (first === '}') return { place: { kind: 'nothing' } };
    if (block === 'file') return { place: this.filePlace(first) };
    if (block === 'machine') return { place: this.machinePlace(first) };
    return this.statementPlace();
  }

  private filePlace(first: string): CompletionPlace {
    const { tokens } = this;
    const last = tokens.at(-1)!;
    switch (first) {
      case 'exists':
      case 'forall':
      case '~':
        return first === '~' && tokens.length === 1 ? { kind: 'nothing' } : this.conditionPlace();
      case 'kernel':
        return { kind: 'version' };
      case 'schedule':
        return /[*/(]$/.test(this.text) ? { kind: 'nothing' } : { kind: 'actor', of: 'schedule' };
      case 'setup':
      case 'thread':
      case 'vcpu':
      case 'device':
        if (first === 'device' && tokens.length === 1) return { kind: 'actor', of: 'device' };
        if (last === 'of') return first === 'vcpu' ? { kind: 'actor', of: 'vm' } : { kind: 'nothing' };
        if (first !== 'setup' && tokens.length < 2) return { kind: 'nothing' };
        return this.optionPlace(first === 'device' ? 'actor-device' : first, tokens.slice(first === 'setup' ? 1 : 2));
      default:
        return { kind: 'nothing' };
    }
  }

  private machinePlace(first: string): CompletionPlace {
    const rest = this.tokens.slice(1);
    const names: Readonly<Record<string, number>> = { cpu: 1, iommu: 2, device: 2, mdev: 1, memory: 1, allow: 1 };
    if (!Object.hasOwn(names, first)) return { kind: 'nothing' };
    if (first === 'cpu' && rest.length === 0) return { kind: 'machine-word', of: 'cpu-vendor' };
    if (first === 'iommu' && rest.length === 1) return { kind: 'machine-word', of: 'iommu-driver' };
    if (first === 'allow' && rest.length === 0) return { kind: 'machine-word', of: 'allowed' };
    if (first === 'allow' && rest.at(-1) !== '=' && !rest.includes('=')) return { kind: 'machine-word', of: 'subject' };
    if (rest.length < names[first]!) return { kind: 'nothing' };
    return this.optionPlace(first as OptionOwner, rest.slice(names[first]));
  }

  private optionPlace(owner: OptionOwner, rest: readonly string[]): CompletionPlace {
    const options = MACHINE_OPTIONS[owner];
    const present = keysIn(rest);
    if (rest.at(-1) === '=' && this.text.endsWith('=')) {
      const option = options.find((candidate) => candidate.key === rest.at(-2));
      return option === undefined ? { kind: 'nothing' } : { kind: 'option-value', owner, option };
    }
    return { kind: 'option', owner, options: options.filter((option) => !present.includes(option.key)), present };
  }

  private statementPlace(): Result {
    const { tokens, block } = this;
    const bound = tokens[1] === '=' && /^\w/.test(tokens[0]!);
    const start = bound ? 2 : 0;
    const name = tokens[start];
    if (name === undefined) return { place: { kind: 'bound-statement', block } };
    if (tokens[start + 1] === '(') return this.callPlace(start);
    if (!bound && name === 'wait') return { place: this.waitPlace() };
    if (!bound && name === 'call') return { place: this.procPlace() };
    return { place: this.actionPlace(name, tokens.slice(start + 1)) };
  }

  /** Inside `name(…`, or behind it. */
  private callPlace(start: number): Result {
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
    return { place: this.valuePlace(call, stack), call };
  }

  private valuePlace(
    call: EnclosingCall,
    stack: readonly { open: string; field?: string; present: readonly string[] }[],
  ): CompletionPlace {
    let shapes = argumentShapes(call, this.vocabulary);
    let struct: StructSpec | undefined;
    let field: StructFieldSpec | undefined;
    for (const frame of stack.slice(1)) {
      if (frame.open === '[') shapes = shapes.flatMap((shape) => (shape.kind === 'pointer' ? [shape.to] : []));
      if (frame.open !== '{') continue;
      const name = shapes.find((shape) => shape.kind === 'struct')?.struct;
      struct = name === undefined ? undefined : this.vocabulary.structs.get(name);
      if (frame.field === undefined)
        return struct === undefined ? { kind: 'nothing' } : { kind: 'field', struct, present: frame.present };
      field = struct?.fields.find((candidate) => candidate.name === frame.field);
      shapes = field === undefined ? [] : [field.shape];
    }
    if (/=>\s*$/.test(this.text)) return { kind: 'nothing' };
    return { kind: 'value', shapes, call, ...(struct && { struct }), ...(field && { field }) };
  }

  private waitPlace(): CompletionPlace {
    const rest = this.tokens.slice(1);
    if (this.text.endsWith('.')) return { kind: 'member', owner: rest.at(-2) ?? '' };
    if (rest.at(-1) === '[') return { kind: 'memory' };
    return rest.length === 0 ? { kind: 'term' } : { kind: 'nothing' };
  }

  private procPlace(): CompletionPlace {
    const rest = this.tokens.slice(1);
    if (rest.length === 0) return { kind: 'proc' };
    const commas = rest.filter((token) => token === ',').length;
    return rest.includes(')') ? { kind: 'nothing' } : { kind: 'proc-argument', proc: rest[0]!, index: commas };
  }

  private actionPlace(name: string, rest: readonly string[]): CompletionPlace {
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

  private conditionPlace(): CompletionPlace {
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
    return { kind: 'term' };
  }
}

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
