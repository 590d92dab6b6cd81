/** Breakpoints as the user sets them: on lines, on kernel functions and ops, with conditions, counts and messages. */
import { compileExpression, counted, type Expression, nearest } from '@snoopscope/sim-core';
import { expressionProblem } from './evaluate.ts';
import type { HitCount } from './hit-counts.ts';
import type { KernelStep } from './kernel-source.ts';
import type { Debuggee } from './launch.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import { addressIn } from './listing.ts';
import { executableLines, lineSpan, lineText, stoppingPlaces } from './source-lines.ts';

/** What all kinds have in common. */
export interface Trigger {
  readonly id: number;
  /** Stops only where it holds. */
  readonly condition?: (actor: number) => Expression | undefined;
  /** Stops only at these hits. */
  readonly count?: HitCount;
  /** Says this instead of stopping. */
  readonly log?: readonly LogPart[];
  /** It was set on an instruction of the Disassembly view. */
  readonly onInstruction?: true;
}

export interface LineBreakpoint extends Trigger {
  readonly kind: 'line';
  readonly file: number;
  /** 0-based. */
  readonly line: number;
  /** The statements after which it stops, when that is not before the line. */
  readonly after?: ReadonlySet<number>;
}

export interface FunctionBreakpoint extends Trigger {
  readonly kind: 'function';
  readonly name: string;
  /** Kernel functions: stops when one is entered. */
  readonly routines: ReadonlySet<number>;
  /** Statements: stops before one is executed. */
  readonly nodes: ReadonlySet<number>;
}

/** A breakpoint on a line of a kernel page: stops before the micro-step, or where the call has been entered. */
export interface KernelBreakpoint extends Trigger {
  readonly kind: 'kernel';
  /** 0-based. */
  readonly line: number;
  readonly steps: readonly KernelStep[];
}

export type LogPart =
  /** `lone` is a brace that belongs to no expression. */
  { readonly text: string; readonly lone?: true } | { readonly expression: string };

/** What the client sends along with a breakpoint, in words of its own. */
export interface TriggerRequest {
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
  /** Not of the client: the position that hits are counted from, -1 for the beginning of the run. */
  readonly from?: number;
}

/** The column is 0-based. */
export interface LineRequest extends TriggerRequest {
  readonly column?: number;
  readonly mode?: unknown;
}

export type Resolved<B> = { readonly breakpoint: B } | { readonly problem: string; readonly line?: number };

/** A line breakpoint, on the first line from `line` on at which something is executed. */
export function lineBreakpoint(
  debuggee: Debuggee,
  id: number,
  file: number,
  line: number,
  request: LineRequest,
): Resolved<LineBreakpoint> {
  const problem = lineProblem(debuggee, file, line);
  if (problem !== undefined) return { problem };
  const snapped = executableLines(debuggee, file).find((candidate) => candidate >= line);
  if (snapped === undefined) return { problem: 'Nothing is executed on this line or below it.' };
  const node = debuggee.model.nodes.find((one) =>
    stoppingPlaces(one).some((place) => place.file === file && place.line === snapped),
  );
  const trigger = resolveTrigger(debuggee, id, node?.actor ?? -1, request);
  if ('problem' in trigger) return { problem: trigger.problem, line: snapped };
  const after = isAfter(debuggee, { file, line: snapped }, request) ? statementsOn(debuggee, file, snapped) : undefined;
  if (after?.size === 0)
    return { problem: 'Nothing returns on this line: set the breakpoint before it.', line: snapped };
  return { breakpoint: { ...trigger.breakpoint, kind: 'line', file, line: snapped, ...(after && { after }) } };
}

/** Does a breakpoint stop when the statement has returned? Its mode says so, or a column after the statement. */
function isAfter(debuggee: Debuggee, place: { file: number; line: number }, { mode, column }: LineRequest): boolean {
  if (mode === 'after') return true;
  return mode !== 'before' && column !== undefined && column >= lineSpan(debuggee, place).end;
}

/** Statements that are executed on a line: once for each call of the procedure that it is in. */
export function statementsOn({ model }: Debuggee, file: number, line: number): ReadonlySet<number> {
  const found = model.nodes.filter(
    ({ kind, place }) => kind === 'statement' && place.file === file && place.line === line,
  );
  return new Set(found.map(({ id }) => id));
}

/** A breakpoint on a kernel page, on the first line from `line` on that stands for a micro-step or a call. */
export function kernelBreakpoint(
  debuggee: Debuggee,
  id: number,
  path: string,
  line: number,
  request: TriggerRequest,
): Resolved<KernelBreakpoint> {
  const page = debuggee.kernel.find((one) => one.path === path);
  if (!page) return { problem: `${path} has no function that ${debuggee.profile.name} has and the model knows.` };
  const snapped = [...page.stops.keys()].find((candidate) => candidate >= line);
  if (snapped === undefined) return { problem: 'Neither this line nor a line below it has a micro-step.' };
  const trigger = resolveTrigger(debuggee, id, -1, request);
  if ('problem' in trigger) return { problem: trigger.problem, line: snapped };
  const steps = page.stops.get(snapped) ?? [];
  return { breakpoint: { ...trigger.breakpoint, kind: 'kernel', line: snapped, steps } };
}

/** A breakpoint on an instruction of the listing: it stops before the micro-step. */
export function instructionBreakpoint(
  debuggee: Debuggee,
  id: number,
  request: { readonly instructionReference?: unknown; readonly offset?: unknown } & TriggerRequest,
): Resolved<KernelBreakpoint | FunctionBreakpoint> {
  const address = addressIn(request.instructionReference);
  if (address === undefined)
    return { problem: 'An instruction breakpoint needs the address of a micro-step as its instructionReference.' };
  const instruction = debuggee.listing.at(address + (Number(request.offset) || 0));
  if (!instruction) return { problem: `${String(request.instructionReference)} is not the address of a micro-step.` };
  const { origin, symbol, place } = instruction;
  const trigger = resolveTrigger(debuggee, id, -1, request);
  if ('problem' in trigger) return trigger;
  const common = { ...trigger.breakpoint, onInstruction: true } as const;
  if (origin.kind === 'kernel')
    return { breakpoint: { ...common, kind: 'kernel', line: place.line, steps: origin.steps } };
  const nodes = new Set([origin.node]);
  return { breakpoint: { ...common, kind: 'function', name: symbol, routines: new Set(), nodes } };
}

/** What is wrong with a 0-based line number before anybody looks at the line. */
function lineProblem(debuggee: Debuggee, file: number, line: number): string | undefined {
  if (!Number.isInteger(line) || line < 0) return 'A breakpoint needs a line number.';
  const { name, parsed } = debuggee.sources[file] ?? {};
  const count = parsed?.lines.length ?? 0;
  return line >= count ? `${name} ends above this line: it has ${counted(count, 'line')}.` : undefined;
}

/** A breakpoint on what a name means: a kernel function, a request, an attribute, an instruction, a TLP. */
export function functionBreakpoint(
  debuggee: Debuggee,
  id: number,
  name: string,
  request: TriggerRequest,
): Resolved<FunctionBreakpoint> {
  const { model } = debuggee;
  if (typeof name !== 'string') return { problem: 'A function breakpoint needs a name.' };
  const wanted = name.trim();
  if (wanted === '')
    return { problem: 'A function breakpoint needs a name: a kernel function, a request or an instruction.' };
  const known = model.world.routines.routines.filter(({ kind }) => kind === 'kernel');
  const words = statementWords(debuggee);
  const nodes = new Set([...words].flatMap(([word, all]) => (matches(wanted, word) ? all : [])));
  // A statement that calls the function is where it stops: the function itself would be a second stop of the same call.
  const named = nodes.size > 0 ? [] : known.filter((routine) => matches(wanted, routine.name));
  const routines = new Set(named.map((routine) => routine.id));
  if (routines.size === 0 && nodes.size === 0)
    return { problem: unknownFunction(debuggee, wanted, known, [...words.keys()]) };
  const trigger = resolveTrigger(debuggee, id, -1, request);
  if ('problem' in trigger) return trigger;
  return { breakpoint: { ...trigger.breakpoint, kind: 'function', name: wanted, routines, nodes } };
}

/** `kvm_vfio_*` means every function whose name begins like that. Each part is looked for once; a regular expression would backtrack. */
function matches(wanted: string, name: string): boolean {
  const parts = wanted.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return name === wanted;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Names that one answer lists. */
const LISTED = 6;

function unknownFunction(
  debuggee: Debuggee,
  wanted: string,
  known: readonly { readonly name: string }[],
  words: readonly string[],
): string {
  const names = [...new Set([...known.map(({ name }) => name), ...words])];
  const near = nearest(wanted, names);
  const prefix = /^[a-z0-9]+_[a-z0-9]+/.exec(wanted)?.[0];
  const alike = prefix === undefined ? [] : names.filter((name) => name.startsWith(prefix)).slice(0, LISTED);
  const hint =
    near !== undefined ? ` Did you mean ${near}?` : alike.length > 0 ? ` There are ${alike.join(', ')}.` : '';
  return `${wanted} is not a kernel function of the model on ${debuggee.profile.name}, and no statement of this scenario uses it.${hint}`;
}

/** Conditions, hit counts and messages. `actor` is whose registers a bare name means while the text is checked. */
export function resolveTrigger(
  debuggee: Debuggee,
  id: number,
  actor: number,
  request: TriggerRequest,
): Resolved<Trigger> {
  for (const name of ['condition', 'hitCondition', 'logMessage'] as const) {
    if (request[name] !== undefined && request[name] !== null && typeof request[name] !== 'string')
      return { problem: `\`${name}\` of a breakpoint must be a string.` };
  }
  const condition = request.condition?.trim() ? conditionOf(debuggee, request.condition, actor) : undefined;
  if (condition && 'problem' in condition) return condition;
  const count = request.hitCondition?.trim() ? hitCount(request.hitCondition) : undefined;
  if (count && 'problem' in count) return count;
  const log = request.logMessage ? logParts(request.logMessage) : undefined;
  const wrong = log && logProblem(debuggee, actor, log);
  if (wrong !== undefined) return { problem: wrong };
  return {
    breakpoint: {
      id,
      ...(condition && { condition: condition.compiled }),
      ...(count && { count: { ...count, from: request.from ?? -1 } }),
      ...(log && { log }),
    },
  };
}

/** `>= 3`, `% 2`, `5`: which hits count. */
export function hitCount(text: string): { readonly accepts: (hit: number) => boolean } | { readonly problem: string } {
  const match = /^\s*(>=|<=|==|=|>|<|%)?\s*(\d+)\s*$/.exec(text);
  const number = Number(match?.[2]);
  if (!match || (match[1] === '%' && number === 0)) {
    return {
      problem: `The hit count "${text.trim()}" is not understood: write a number, or >=, >, <=, <, == or % and a number.`,
    };
  }
  return { accepts: HIT_RULES[match[1] ?? '==']!(number) };
}

type HitRule = (number: number) => (hit: number) => boolean;
const HIT_RULES: Readonly<Record<string, HitRule>> = {
  '>=': (number) => (hit) => hit >= number,
  '>': (number) => (hit) => hit > number,
  '<=': (number) => (hit) => hit <= number,
  '<': (number) => (hit) => hit < number,
  '==': (number) => (hit) => hit === number,
  '=': (number) => (hit) => hit === number,
  '%': (number) => (hit) => hit % number === 0,
};

function conditionOf(
  debuggee: Debuggee,
  text: string,
  actor: number,
): { readonly compiled: (actor: number) => Expression | undefined } | { readonly problem: string } {
  if (text.length > DEBUGGER_LIMITS.expressionCharacters)
    return { problem: `A condition has at most ${DEBUGGER_LIMITS.expressionCharacters} characters.` };
  const first = compileExpression(debuggee.model, text, { actor });
  if ('problem' in first) return { problem: `The condition ${text.trim()}: ${first.problem}` };
  // A procedure's line is executed by several actors, and a bare name is a register of the actor that executes it.
  const compiled = new Map<number, Expression | undefined>([[actor, first]]);
  return {
    compiled(who) {
      if (!compiled.has(who)) {
        const expression = compileExpression(debuggee.model, text, { actor: who });
        compiled.set(who, 'problem' in expression ? undefined : expression);
      }
      return compiled.get(who);
    },
  };
}

/** What is wrong with a message, said when it is set and not each time that it is passed. */
function logProblem({ model }: Debuggee, actor: number, parts: readonly LogPart[]): string | undefined {
  for (const part of parts) {
    if ('text' in part && part.lone)
      return `The message has a \`${part.text}\` without its counterpart: write \`{expression}\`, or \`${part.text}${part.text}\` for a brace.`;
    const problem = 'text' in part ? undefined : expressionProblem(model, actor, part.expression);
    if (problem !== undefined && 'expression' in part) return `{${part.expression}} in the message: ${problem}`;
  }
  return undefined;
}

/** `x is {[x]} now` as text and expressions; a doubled brace is a brace. */
function logParts(message: string): LogPart[] {
  const parts: LogPart[] = [];
  for (const [whole, expression] of message.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (expression !== undefined) parts.push({ expression });
    else if (whole === '{' || whole === '}') parts.push({ text: whole, lone: true });
    else parts.push({ text: whole === '{{' ? '{' : whole === '}}' ? '}' : whole });
  }
  return parts;
}

/** What statements can be called by, with the nodes of each: an op or a call, and the constants in it. */
function statementWords(debuggee: Debuggee): ReadonlyMap<string, readonly number[]> {
  const words = new Map<string, number[]>();
  for (const node of debuggee.model.nodes) {
    if (node.kind !== 'statement') continue;
    const content = debuggee.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
    const op =
      content?.kind === 'action' ? content.op.text : content?.kind === 'syscall' ? content.call.text : undefined;
    // Not just any name of the scenario: `x` is a word and `vm` a descriptor.
    const constants = lineText(debuggee, node.place).match(/(?<![\w"])[A-Z][A-Z0-9_]{2,}(?![\w"])/g) ?? [];
    for (const word of new Set(op === undefined ? constants : [op, ...constants])) {
      const nodes = words.get(word);
      if (nodes) nodes.push(node.id);
      else words.set(word, [node.id]);
    }
  }
  return words;
}
