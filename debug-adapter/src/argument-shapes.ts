/** What each request takes. A client that sends something else is told so, and no handler has to expect it. */
import { isRecord } from '@snoopscope/sim-core';
import { RequestError } from './request-error.ts';

type Shape = 'integer' | 'count' | 'number' | 'text' | 'truth' | 'object' | 'list';

/** Arguments that are looked at; one with a question mark is optional. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Shape | `${Shape}?`>>>> = {
  initialize: { linesStartAt1: 'truth?', columnsStartAt1: 'truth?' },
  restart: { arguments: 'object?' },
  setBreakpoints: { source: 'object', breakpoints: 'list?', lines: 'list?' },
  setFunctionBreakpoints: { breakpoints: 'list' },
  setExceptionBreakpoints: { filters: 'list?', filterOptions: 'list?' },
  dataBreakpointInfo: {
    name: 'text',
    variablesReference: 'integer?',
    frameId: 'integer?',
    bytes: 'integer?',
    asAddress: 'truth?',
    mode: 'text?',
  },
  'snoopscope/who': {
    name: 'text',
    variablesReference: 'integer?',
    frameId: 'integer?',
    bytes: 'integer?',
    asAddress: 'truth?',
  },
  setDataBreakpoints: { breakpoints: 'list' },
  breakpointLocations: {
    source: 'object',
    line: 'integer',
    column: 'integer?',
    endLine: 'integer?',
    endColumn: 'integer?',
  },
  stackTrace: { threadId: 'integer', startFrame: 'count?', levels: 'count?' },
  scopes: { frameId: 'integer' },
  variables: { variablesReference: 'integer', start: 'count?', count: 'count?', format: 'object?' },
  setVariable: { variablesReference: 'integer', name: 'text', value: 'text' },
  setExpression: { expression: 'text', value: 'text', frameId: 'integer?' },
  readMemory: { memoryReference: 'text', offset: 'integer?', count: 'count' },
  writeMemory: { memoryReference: 'text', offset: 'integer?', data: 'text' },
  evaluate: { expression: 'text', frameId: 'integer?', context: 'text?', format: 'object?' },
  completions: { text: 'text', column: 'count', line: 'integer?', frameId: 'integer?' },
  locations: { locationReference: 'integer' },
  disassemble: {
    memoryReference: 'text',
    offset: 'integer?',
    instructionOffset: 'integer?',
    instructionCount: 'count',
    resolveSymbols: 'truth?',
  },
  setInstructionBreakpoints: { breakpoints: 'list' },
  'snoopscope/reverseNext': { threadId: 'integer?', singleThread: 'truth?' },
  'snoopscope/reverseStepIn': { threadId: 'integer?', singleThread: 'truth?' },
  'snoopscope/reverseStepOut': { threadId: 'integer?', singleThread: 'truth?' },
  source: { sourceReference: 'integer?', source: 'object?' },
  stepInTargets: { frameId: 'integer' },
  next: { threadId: 'integer?', granularity: 'text?', singleThread: 'truth?' },
  stepIn: { threadId: 'integer?', granularity: 'text?', targetId: 'integer?', singleThread: 'truth?' },
  restartFrame: { frameId: 'integer' },
  cancel: { requestId: 'integer?', progressId: 'text?' },
  stepOut: { threadId: 'integer?', granularity: 'text?', singleThread: 'truth?' },
  stepBack: { threadId: 'integer?', granularity: 'text?', singleThread: 'truth?' },
  continue: { threadId: 'integer?', singleThread: 'truth?' },
  reverseContinue: { threadId: 'integer?', singleThread: 'truth?' },
  gotoTargets: { source: 'object', line: 'integer' },
  goto: { targetId: 'integer' },
  'snoopscope/save': { path: 'text' },
  'snoopscope/steps': { first: 'integer' },
  'snoopscope/picture': {
    picture: 'text',
    first: 'number?',
    end: 'number?',
    cells: 'integer?',
    filter: 'text?',
    since: 'integer?',
  },
};

/** The same, ready to be looked through: a request is checked each time that it comes. */
const CHECKS: ReadonlyMap<string, readonly { name: string; shape: Shape; optional: boolean }[]> = new Map(
  Object.entries(SHAPES).map(([command, shapes]) => [
    command,
    Object.entries(shapes).map(([name, written]) => {
      const optional = written.endsWith('?');
      return { name, shape: (optional ? written.slice(0, -1) : written) as Shape, optional };
    }),
  ]),
);

/** The arguments of a request, with null as what is left out. What is not as it should be throws a {@link RequestError}. */
export function argumentsOf(command: string, given: unknown): Readonly<Record<string, unknown>> {
  const checks = CHECKS.get(command);
  // What looks at no arguments is answered whatever they are: above all a disconnect.
  const all = given ?? {};
  if (!isRecord(all)) {
    if (!checks) return {};
    throw new RequestError(`The arguments of ${command} are not an object.`);
  }
  const known = withoutNulls(all);
  for (const { name, shape, optional } of checks ?? []) {
    const value = known[name];
    if ((optional && value === undefined) || ACCEPTS[shape](value)) continue;
    const missing = value === undefined ? 'is missing: it is' : 'is';
    throw new RequestError(`The argument \`${name}\` of ${command} ${missing} ${WORDS[shape]}.`);
  }
  if (!isRecord(known.source)) return known;
  const source = withoutNulls(known.source);
  if (source.path !== undefined && typeof source.path !== 'string')
    throw new RequestError(`The \`path\` of a source in ${command} must be a string.`);
  return { ...known, source };
}

function withoutNulls(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (!Object.values(given).includes(null)) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

const ACCEPTS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  integer: Number.isInteger,
  count: (value) => Number.isInteger(value) && Number(value) >= 0,
  number: Number.isFinite,
  text: (value) => typeof value === 'string',
  truth: (value) => typeof value === 'boolean',
  object: isRecord,
  list: Array.isArray,
};

const WORDS: Readonly<Record<Shape, string>> = {
  integer: 'a whole number',
  count: 'a whole number from 0 on',
  number: 'a number',
  text: 'a string',
  truth: 'true or false',
  object: 'an object',
  list: 'a list',
};

/** The breakpoints of a request. What is not a breakpoint at all is answered in its place, as one that says nothing. */
export function breakpointsGiven<Breakpoint>(given: readonly unknown[] = []): Breakpoint[] {
  return given.map((one) => (isRecord(one) ? one : {}) as unknown as Breakpoint);
}
