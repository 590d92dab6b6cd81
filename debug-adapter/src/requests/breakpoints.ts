/** Requests that say where to stop. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { breakpointsGiven } from '../argument-shapes.ts';
import { filterSettings, kernelPageKey } from '../breakpoint-store.ts';
import { statementsOn } from '../breakpoints.ts';
import { samePath } from '../file-accessor.ts';
import type { KernelSource } from '../kernel-source.ts';
import { launchedOf, type RequestAnswer, type SessionState } from '../session-state.ts';
import { executableLines, lineSpan } from '../source-lines.ts';
import type { ClientCounting } from '../to-dap.ts';

export function setBreakpoints(state: SessionState, args: DebugProtocol.SetBreakpointsArguments): RequestAnswer {
  const path = pathOf(state, args.source);
  const requests = breakpointsGiven<DebugProtocol.SourceBreakpoint>(
    args.breakpoints ?? args.lines?.map((line) => ({ line })),
  );
  if (typeof path !== 'string') {
    const message = 'This source is not part of the launched scenario.';
    return { body: { breakpoints: requests.map(({ line }) => ({ verified: false, line, message })) } };
  }
  state.breakpoints.setLines(path, requests, hereOf(state));
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.lineAnswers(path, state.launched?.debuggee, state.counting) } };
}

export function setFunctionBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetFunctionBreakpointsArguments,
): RequestAnswer {
  state.breakpoints.setFunctions(breakpointsGiven(args.breakpoints), hereOf(state));
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.functionAnswers(state.launched?.debuggee) } };
}

export function setExceptionBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetExceptionBreakpointsArguments,
): RequestAnswer {
  const { settings, answers } = filterSettings(args, state.launched?.debuggee);
  state.breakpoints.setFilters(settings);
  applyTriggers(state);
  return { body: { breakpoints: answers } };
}

export function breakpointLocations(
  state: SessionState,
  args: DebugProtocol.BreakpointLocationsArguments,
): RequestAnswer {
  const { debuggee, convert } = launchedOf(state);
  const page = kernelPage(state, args.source);
  if (page) {
    const [from, to] = [args.line, args.endLine ?? args.line].map((line) => line - state.counting.lineBase);
    const lines = [...page.stops.keys()].filter((line) => line >= (from ?? 0) && line <= (to ?? 0));
    return { body: { breakpoints: lines.map((line) => ({ line: convert.line(line) })) } };
  }
  const file = debuggee.sources.findIndex(
    ({ path }) => args.source?.path !== undefined && samePath(path, args.source.path),
  );
  const first = args.line - state.counting.lineBase;
  const last = (args.endLine ?? args.line) - state.counting.lineBase;
  const lines = file < 0 ? [] : executableLines(debuggee, file).filter((line) => line >= first && line <= last);
  const isInside = inColumns(args, state.counting);
  return {
    body: {
      breakpoints: lines.flatMap((line): DebugProtocol.BreakpointLocation[] => {
        const span = lineSpan(debuggee, { file, line });
        const end = { endLine: convert.line(line), endColumn: convert.column(span.end) };
        const before = { line: convert.line(line), column: convert.column(span.start), ...end };
        // After a statement is where it has returned.
        const after = { line: convert.line(line), column: convert.column(span.end) };
        const all = statementsOn(debuggee, file, line).size > 0 ? [before, after] : [before];
        return all.filter(isInside);
      }),
    },
  };
}

/** Is a place in the columns that were asked for? The first and the last line of a range have them. */
function inColumns(
  { line, endLine = line, column, endColumn }: DebugProtocol.BreakpointLocationsArguments,
  { columnBase }: ClientCounting,
): (place: DebugProtocol.BreakpointLocation) => boolean {
  return ({ line: at, column: where = columnBase }) =>
    (column === undefined || at > line || where >= column) &&
    (endColumn === undefined || at < endLine || where <= endColumn);
}

/** The page of the kernel that a source with a reference is. */
function kernelPage({ launched }: SessionState, source: DebugProtocol.Source | undefined): KernelSource | undefined {
  const reference = source?.sourceReference;
  return typeof reference === 'number' && reference > 0 ? launched?.debuggee.kernel[reference - 1] : undefined;
}

/** What breakpoints of a source are kept by. */
function pathOf(state: SessionState, source: DebugProtocol.Source | undefined): string | undefined {
  const page = kernelPage(state, source);
  return page ? kernelPageKey(page.path) : source?.path;
}

/** Breakpoints have changed: the run stops where they say from now on. */
export function applyTriggers({ launched, breakpoints, counting }: SessionState): void {
  launched?.branches.setTriggers(breakpoints.triggers(launched.debuggee, counting));
}

/** Where the session is when breakpoints come: hits are counted from there. */
export function hereOf({ configured, launched }: SessionState): number {
  return configured && launched ? launched.cursor.position : -1;
}
