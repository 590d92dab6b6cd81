/** Breakpoints as the client asked for them, kept from before the launch over restarts, and resolved against a scenario. */
import { compileExpression, isRecord } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  type FunctionBreakpoint,
  functionBreakpoint,
  instructionBreakpoint,
  type KernelBreakpoint,
  kernelBreakpoint,
  type LineBreakpoint,
  lineBreakpoint,
  type Resolved,
} from './breakpoints.ts';
import { type DataBreakpoint, type DataRequest, dataBreakpoint } from './data-breakpoint.ts';
import { samePath } from './file-accessor.ts';
import { FILTERS, filterById } from './filters.ts';
import type { Debuggee } from './launch.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import { lineSpan } from './source-lines.ts';
import type { FilterSetting, Triggers } from './stop-index.ts';
import type { ClientCounting } from './to-dap.ts';

interface Requested<T> {
  readonly id: number;
  /** With the position that its hits are counted from. */
  readonly request: T & { readonly from: number };
  /** What the client has sent, to know it again. */
  readonly text: string;
}

/** Kernel pages are kept by their path in the kernel's tree, because their references change with the kernel. */
const KERNEL_PAGE = 'kernel page ';

/** The key of a kernel page in place of a file's path. */
export function kernelPageKey(path: string): string {
  return KERNEL_PAGE + path;
}

export class BreakpointStore {
  #nextId = 1;
  /** What was resolved last and has not changed since: the same lists, so that nothing is looked for again. */
  #resolved: Partial<Triggers> & { readonly debuggee?: Debuggee } = {};
  readonly #lines = new Map<string, readonly Requested<DebugProtocol.SourceBreakpoint>[]>();
  #functions: readonly Requested<DebugProtocol.FunctionBreakpoint>[] = [];
  #instructions: readonly Requested<DebugProtocol.InstructionBreakpoint>[] = [];
  #data: readonly Requested<DataRequest>[] = [];
  #filters: readonly FilterSetting[] = FILTERS.filter(({ stopsByDefault }) => stopsByDefault).map((filter) => ({
    filter,
  }));

  /** `from` is where the session is, for those that are new; -1 before the run. */
  setLines(path: string, requests: readonly DebugProtocol.SourceBreakpoint[], from: number): void {
    const known = [...this.#lines.keys()].find((one) => samePath(one, path)) ?? path;
    this.#forget('lines', 'kernel');
    this.#lines.set(known, this.#requested(requests, this.#lines.get(known) ?? [], from));
  }

  setFunctions(requests: readonly DebugProtocol.FunctionBreakpoint[], from: number): void {
    this.#functions = this.#requested(requests, this.#functions, from);
    this.#forget('functions');
  }

  setInstructions(requests: readonly DebugProtocol.InstructionBreakpoint[], from: number): void {
    this.#instructions = this.#requested(requests, this.#instructions, from);
    this.#forget('lines', 'kernel', 'functions');
  }

  setData(requests: readonly DataRequest[], from: number): void {
    this.#data = this.#requested(requests, this.#data, from);
    this.#forget('data');
  }

  setFilters(settings: readonly FilterSetting[]): void {
    this.#filters = settings;
  }

  /** What became of the breakpoints of a file, in the order of the request. */
  lineAnswers(path: string, debuggee: Debuggee | undefined, counting: ClientCounting): DebugProtocol.Breakpoint[] {
    const requested = [...this.#lines].find(([one]) => samePath(one, path))?.[1] ?? [];
    return requested.map(({ id, request }) => this.#lineAnswer(path, id, request, debuggee, counting));
  }

  functionAnswers(debuggee: Debuggee | undefined): DebugProtocol.Breakpoint[] {
    return this.#functions.map(({ id, request }) => {
      if (!debuggee) return { id, verified: false, message: 'The scenario is not launched yet.' };
      const resolved = functionBreakpoint(debuggee, id, request.name, request);
      return 'problem' in resolved ? { id, verified: false, message: resolved.problem } : { id, verified: true };
    });
  }

  instructionAnswers(debuggee: Debuggee | undefined): DebugProtocol.Breakpoint[] {
    return this.#instructions.map(({ id, request }) => {
      if (!debuggee) return { id, verified: false, message: 'The scenario is not launched yet.' };
      const resolved = instructionBreakpoint(debuggee, id, request);
      if ('problem' in resolved) return { id, verified: false, message: resolved.problem };
      const { instructionReference, offset } = request;
      return { id, verified: true, instructionReference, ...(offset === undefined ? {} : { offset }) };
    });
  }

  dataAnswers(debuggee: Debuggee | undefined): DebugProtocol.Breakpoint[] {
    return this.#data.map(({ id, request }) => {
      if (!debuggee) return { id, verified: false, message: 'The scenario is not launched yet.' };
      const resolved = dataBreakpoint(debuggee, id, request);
      return 'problem' in resolved ? { id, verified: false, message: resolved.problem } : { id, verified: true };
    });
  }

  /** Every answer there is, for telling the client what a launch has made of breakpoints that were set before it. */
  allAnswers(debuggee: Debuggee, counting: ClientCounting): DebugProtocol.Breakpoint[] {
    return [
      ...[...this.#lines.keys()].flatMap((path) => this.lineAnswers(path, debuggee, counting)),
      ...this.functionAnswers(debuggee),
      ...this.instructionAnswers(debuggee),
      ...this.dataAnswers(debuggee),
    ];
  }

  /** What stops this scenario. Lists that nobody has changed are the same as the last time. */
  triggers(debuggee: Debuggee, counting: ClientCounting): Triggers {
    const known = this.#resolved.debuggee === debuggee ? this.#resolved : {};
    const onLines = known.lines && known.kernel ? undefined : this.#onLines(debuggee, counting);
    const triggers = {
      lines: known.lines ?? onLines?.lines ?? [],
      kernel: known.kernel ?? onLines?.kernel ?? [],
      functions: known.functions ?? this.#onFunctions(debuggee),
      data: known.data ?? this.#onData(debuggee),
      filters: this.#filters,
    };
    this.#resolved = { ...triggers, debuggee };
    return triggers;
  }

  #forget(...kinds: readonly (keyof Triggers)[]): void {
    this.#resolved = { ...this.#resolved, ...Object.fromEntries(kinds.map((kind) => [kind, undefined])) };
  }

  #onLines(debuggee: Debuggee, counting: ClientCounting): { lines: LineBreakpoint[]; kernel: KernelBreakpoint[] } {
    const lines: LineBreakpoint[] = [];
    const kernel: KernelBreakpoint[] = [];
    for (const [path, requested] of this.#lines) {
      if (path.startsWith(KERNEL_PAGE)) {
        for (const { id, request } of requested) {
          const resolved = onKernelPage(debuggee, id, path, request, counting);
          if ('breakpoint' in resolved) kernel.push(resolved.breakpoint);
        }
        continue;
      }
      const file = fileOf(debuggee, path);
      if (file < 0) continue;
      for (const { id, request } of requested) {
        const resolved = onLine(debuggee, id, file, request, counting);
        if ('breakpoint' in resolved) lines.push(resolved.breakpoint);
      }
    }
    for (const breakpoint of this.#onInstructions(debuggee)) if (breakpoint.kind === 'kernel') kernel.push(breakpoint);
    return { lines, kernel };
  }

  #onInstructions(debuggee: Debuggee): (KernelBreakpoint | FunctionBreakpoint)[] {
    return this.#instructions.flatMap(({ id, request }) => {
      const resolved = instructionBreakpoint(debuggee, id, request);
      return 'breakpoint' in resolved ? [resolved.breakpoint] : [];
    });
  }

  #onFunctions(debuggee: Debuggee): FunctionBreakpoint[] {
    const named = this.#functions.flatMap(({ id, request }): FunctionBreakpoint[] => {
      const resolved = functionBreakpoint(debuggee, id, request.name, request);
      return 'breakpoint' in resolved ? [resolved.breakpoint] : [];
    });
    return [...named, ...this.#onInstructions(debuggee).filter((one) => one.kind === 'function')];
  }

  #onData(debuggee: Debuggee): DataBreakpoint[] {
    return this.#data.flatMap(({ id, request }): DataBreakpoint[] => {
      const resolved = dataBreakpoint(debuggee, id, request);
      return 'breakpoint' in resolved ? [resolved.breakpoint] : [];
    });
  }

  /** Clients send all of their breakpoints with each change: one that was there before keeps counting its hits. */
  #requested<T extends object>(requests: readonly T[], before: readonly Requested<T>[], from: number): Requested<T>[] {
    return requests.map((request) => {
      const text = JSON.stringify(request);
      const known = before.find((one) => one.text === text);
      return { id: this.#nextId++, request: { ...request, from: known?.request.from ?? from }, text };
    });
  }

  /** The run starts over, and all breakpoints were there before it. */
  startOver(): void {
    const again = <T>(all: readonly Requested<T>[]): Requested<T>[] =>
      all.map((one) => ({ ...one, request: { ...one.request, from: -1 } }));
    for (const [path, all] of this.#lines) this.#lines.set(path, again(all));
    this.#functions = again(this.#functions);
    this.#instructions = again(this.#instructions);
    this.#data = again(this.#data);
    this.#resolved = {};
  }

  #lineAnswer(
    path: string,
    id: number,
    request: DebugProtocol.SourceBreakpoint,
    debuggee: Debuggee | undefined,
    counting: ClientCounting,
  ): DebugProtocol.Breakpoint {
    const unverified = (message: string, line = request.line): DebugProtocol.Breakpoint => ({
      id,
      verified: false,
      ...(Number.isInteger(line) ? { line } : {}),
      message,
    });
    if (!debuggee) return unverified('The scenario is not launched yet.');
    const isKernel = path.startsWith(KERNEL_PAGE);
    const file = fileOf(debuggee, path);
    if (file < 0 && !isKernel) return unverified('This file is not part of the launched scenario.');
    if (!Number.isInteger(request.line) || request.line < counting.lineBase)
      return unverified(`A breakpoint needs a line number; lines count from ${counting.lineBase}.`);
    const resolved = isKernel
      ? onKernelPage(debuggee, id, path, request, counting)
      : onLine(debuggee, id, file, request, counting);
    if ('problem' in resolved)
      return unverified(
        resolved.problem,
        resolved.line === undefined ? request.line : resolved.line + counting.lineBase,
      );
    const { line } = resolved.breakpoint;
    const column =
      isKernel || request.column === undefined
        ? {}
        : { column: columnOf(debuggee, file, resolved.breakpoint) + counting.columnBase };
    return { id, verified: true, line: line + counting.lineBase, ...column };
  }
}

function onLine(
  debuggee: Debuggee,
  id: number,
  file: number,
  request: DebugProtocol.SourceBreakpoint,
  { lineBase, columnBase }: ClientCounting,
): Resolved<LineBreakpoint> {
  const { column, ...more } = request;
  const at = Number.isInteger(column) ? { column: column! - columnBase } : {};
  return lineBreakpoint(debuggee, id, file, request.line - lineBase, { ...more, ...at });
}

/** Where on its line a breakpoint is shown. */
function columnOf(debuggee: Debuggee, file: number, breakpoint: LineBreakpoint | KernelBreakpoint): number {
  const span = lineSpan(debuggee, { file, line: breakpoint.line });
  return breakpoint.kind === 'line' && breakpoint.after ? span.end : span.start;
}

function onKernelPage(
  debuggee: Debuggee,
  id: number,
  key: string,
  request: DebugProtocol.SourceBreakpoint,
  counting: ClientCounting,
): ReturnType<typeof kernelBreakpoint> {
  return kernelBreakpoint(debuggee, id, key.slice(KERNEL_PAGE.length), request.line - counting.lineBase, request);
}

/** Settings from the client's filters and filter options; what is wrong with each, in the same order. */
export function filterSettings(
  args: DebugProtocol.SetExceptionBreakpointsArguments,
  debuggee: Debuggee | undefined,
): { settings: FilterSetting[]; answers: DebugProtocol.Breakpoint[] } {
  const options: readonly unknown[] = [
    ...(args.filters ?? []).map((filterId) => ({ filterId })),
    ...(args.filterOptions ?? []),
  ];
  const settings: FilterSetting[] = [];
  const answers = options.map((option): DebugProtocol.Breakpoint => {
    const { filterId, condition } = isRecord(option) ? option : {};
    const filter = filterById.get(String(filterId));
    if (!filter) return { verified: false, message: `There is no filter ${String(filterId)}.` };
    if (condition !== undefined && typeof condition !== 'string')
      return { verified: false, message: 'The condition of a filter must be a string.' };
    const text = condition?.trim();
    const problem = text && debuggee ? conditionProblem(debuggee, text) : undefined;
    if (problem !== undefined) return { verified: false, message: problem };
    settings.push(text ? { filter, condition: text } : { filter });
    return { verified: true };
  });
  return { settings, answers };
}

/** `result` and `errno` only have values where a call returns; any stand for them in the check. */
function conditionProblem({ model }: Debuggee, condition: string): string | undefined {
  if (condition.length > DEBUGGER_LIMITS.expressionCharacters)
    return `A condition has at most ${DEBUGGER_LIMITS.expressionCharacters} characters.`;
  const values = new Map(['result', 'errno'].map((name) => [name, 0]));
  const compiled = compileExpression(model, condition, { actor: -1, values });
  return 'problem' in compiled ? `The condition ${condition}: ${compiled.problem}` : undefined;
}

function fileOf(debuggee: Debuggee, path: string): number {
  return debuggee.sources.findIndex((source) => samePath(source.path, path));
}
