/** What each request takes. A client that sends something else is told so, and no handler has to expect it. */
import { RequestError } from './request-error.ts';

type Shape = 'integer' | 'text' | 'truth' | 'object' | 'list';

/** Arguments that are looked at; behind a question mark one may be left out. */
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
  },
  setDataBreakpoints: { breakpoints: 'list' },
  breakpointLocations: { source: 'object', line: 'integer', endLine: 'integer?' },
  stackTrace: { threadId: 'integer', startFrame: 'integer?', levels: 'integer?' },
  scopes: { frameId: 'integer' },
  variables: { variablesReference: 'integer', start: 'integer?', count: 'integer?', format: 'object?' },
  evaluate: { expression: 'text', frameId: 'integer?', context: 'text?', format: 'object?' },
  completions: { text: 'text', column: 'integer', line: 'integer?', frameId: 'integer?' },
  source: { sourceReference: 'integer?', source: 'object?' },
  next: { threadId: 'integer?', granularity: 'text?' },
  stepIn: { threadId: 'integer?', granularity: 'text?', targetId: 'integer?' },
  stepOut: { threadId: 'integer?', granularity: 'text?' },
  stepBack: { threadId: 'integer?', granularity: 'text?' },
  continue: { threadId: 'integer?' },
  reverseContinue: { threadId: 'integer?' },
  gotoTargets: { source: 'object', line: 'integer' },
  goto: { targetId: 'integer' },
};

/** The arguments of a request, with null as what is left out. What is not as it should be throws a {@link RequestError}. */
export function argumentsOf(command: string, given: unknown): Readonly<Record<string, unknown>> {
  if (given === undefined || given === null) return argumentsOf(command, {});
  if (!isRecord(given)) throw new RequestError(`The arguments of ${command} are no object.`);
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  check(command, known);
  return known;
}

function check(command: string, given: Readonly<Record<string, unknown>>): void {
  for (const [name, shape] of Object.entries(SHAPES[command] ?? {})) {
    const value = given[name];
    const optional = shape.endsWith('?');
    if (optional && value === undefined) continue;
    const wanted = (optional ? shape.slice(0, -1) : shape) as Shape;
    if (!ACCEPTS[wanted](value))
      throw new RequestError(
        `The argument \`${name}\` of ${command} ${value === undefined ? 'is missing: it is' : 'is'} ${WORDS[wanted]}.`,
      );
  }
}

const ACCEPTS: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  integer: Number.isInteger,
  text: (value) => typeof value === 'string',
  truth: (value) => typeof value === 'boolean',
  object: isRecord,
  list: Array.isArray,
};

const WORDS: Readonly<Record<Shape, string>> = {
  integer: 'a whole number',
  text: 'a text',
  truth: 'true or false',
  object: 'an object',
  list: 'a list',
};

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
