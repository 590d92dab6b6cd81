/** Requests that say where to stop. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { isRecord } from '../argument-shapes.ts';
import { filterSettings } from '../breakpoint-store.ts';
import { samePath } from '../file-accessor.ts';
import { type Answer, launchedOf, type SessionState } from '../session-state.ts';
import { executableLines, lineSpan } from '../source-lines.ts';

export function setBreakpoints(state: SessionState, args: DebugProtocol.SetBreakpointsArguments): Answer {
  const path = args.source?.path;
  const given: readonly unknown[] = args.breakpoints ?? args.lines?.map((line) => ({ line })) ?? [];
  // What is not a breakpoint at all is answered in its place, as one without a line.
  const requests = given.map((one) => (isRecord(one) ? one : {}) as unknown as DebugProtocol.SourceBreakpoint);
  if (typeof path !== 'string') {
    // The model's own view of kernel files: breakpoints on kernel functions are set by name.
    const message = 'Set a function breakpoint with the name of the kernel function instead.';
    return { body: { breakpoints: requests.map(({ line }) => ({ verified: false, line, message })) } };
  }
  state.breakpoints.setLines(path, requests);
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.lineAnswers(path, state.launched?.debuggee, state.counting) } };
}

export function setFunctionBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetFunctionBreakpointsArguments,
): Answer {
  const given: readonly unknown[] = args.breakpoints;
  state.breakpoints.setFunctions(
    given.map((one) => (isRecord(one) ? one : {}) as unknown as DebugProtocol.FunctionBreakpoint),
  );
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.functionAnswers(state.launched?.debuggee) } };
}

export function setExceptionBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetExceptionBreakpointsArguments,
): Answer {
  const { settings, answers } = filterSettings(args, state.launched?.debuggee);
  state.breakpoints.setFilters(settings);
  applyTriggers(state);
  return { body: { breakpoints: answers } };
}

export function breakpointLocations(state: SessionState, args: DebugProtocol.BreakpointLocationsArguments): Answer {
  const { debuggee, convert } = launchedOf(state);
  const file = debuggee.sources.findIndex(
    ({ path }) => args.source?.path !== undefined && samePath(path, args.source.path),
  );
  const first = args.line - state.counting.lineBase;
  const last = (args.endLine ?? args.line) - state.counting.lineBase;
  const lines = file < 0 ? [] : executableLines(debuggee, file).filter((line) => line >= first && line <= last);
  return {
    body: {
      breakpoints: lines.map((line) => {
        const span = lineSpan(debuggee, { file, line });
        return {
          line: convert.line(line),
          column: convert.column(span.start),
          endLine: convert.line(line),
          endColumn: convert.column(span.end),
        };
      }),
    },
  };
}

/** Breakpoints have changed: the run stops where they say from now on. */
export function applyTriggers({ launched, breakpoints, counting }: SessionState): void {
  launched?.branches.setTriggers(breakpoints.triggers(launched.debuggee, counting));
}
