/** Messages of a client before any handler sees them: malformed ones are answered, or named in the log, and go no further. */
import {
  type Connection,
  ErrorCodes,
  type Message,
  type MessageStrategy,
  type NotificationMessage,
  ResponseError,
} from 'vscode-languageserver';
import { problemOfParams } from './params.ts';

/** The answer to what is not a message. Without an id it belongs to no request. */
export function refusal(code: number, message: string, id: string | number | null): Message {
  return { jsonrpc: '2.0', id, error: { code, message } } as Message;
}

/** The id under which a client waits for the answer to a malformed request; null when there is none. */
export function idOfRequest(value: unknown): string | number | null {
  if (typeof value !== 'object' || value === null || !('method' in value) || !('id' in value)) return null;
  const { id } = value;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** Why a value is not a message of JSON-RPC as the protocol uses it; undefined when it is one. */
export function problemOfMessage(value: unknown): string | undefined {
  if (Array.isArray(value)) return 'Batches of messages are not part of the protocol: send one at a time.';
  if (typeof value !== 'object' || value === null) return 'A message must be an object.';
  const { id, method, params, result, error } = value as Readonly<Record<string, unknown>>;
  const hasId = typeof id === 'string' || typeof id === 'number';
  if (method === undefined)
    return (hasId || id === null) && (result !== undefined || error)
      ? undefined
      : 'A message must have a method, or an id with a result or an error.';
  if (typeof method !== 'string') return 'The method of a message must be a string.';
  if (id !== undefined && !hasId) return `The id of ${method} must be a string or a number.`;
  // Null counts as left out, as many clients have it.
  if (params !== undefined && typeof params !== 'object') return `The params of ${method} must be an object.`;
  const cancelled = (params as Readonly<Record<string, unknown>> | null | undefined)?.id;
  if (method === '$/cancelRequest' && typeof cancelled !== 'string' && typeof cancelled !== 'number')
    return 'The params of $/cancelRequest must have the id of a request.';
  return undefined;
}

/**
 * Hands on what is well-formed and comes at its time. In place of the rest comes a message that only says what was wrong
 * with it, for the handlers of {@link refuseMalformed}: they can answer, this cannot. One for each connection.
 */
export function checkingMessages(): MessageStrategy {
  let stage: Stage = 'new';
  return {
    handleMessage(message, next) {
      const { method, params } = message as Partial<NotificationMessage>;
      if (method === undefined) return next(message);
      const problem = problemOfStage(stage, method);
      const refused = problem ?? asInvalidParams(problemOfParams(method, params));
      if (refused === undefined && method === 'initialize') stage = 'serving';
      if (refused === undefined && method === 'shutdown') stage = 'ending';
      return next(refused === undefined ? message : ({ ...message, method: MALFORMED, params: refused } as Message));
    },
  };
}

export function refuseMalformed(connection: Connection): void {
  connection.onRequest(MALFORMED, ({ code, problem }: Malformed) => new ResponseError(code, problem));
  connection.onNotification(MALFORMED, ({ problem }: Malformed) =>
    connection.console.warn(`A notification of the client was ignored. ${problem}`),
  );
}

/** Where a connection is: not yet initialized, serving, or shut down and waiting for `exit`. */
type Stage = 'new' | 'serving' | 'ending';

function problemOfStage(stage: Stage, method: string): Malformed | undefined {
  if (method === 'exit' || method === '$/cancelRequest') return undefined;
  if (stage === 'ending')
    return { code: ErrorCodes.InvalidRequest, problem: `${method}: the server was shut down; only exit may follow.` };
  if (stage === 'serving' && method === 'initialize')
    return { code: ErrorCodes.InvalidRequest, problem: 'initialize: the server is already initialized.' };
  if (stage === 'new' && method !== 'initialize')
    return { code: ErrorCodes.ServerNotInitialized, problem: `${method}: the first request must be initialize.` };
  return undefined;
}

function asInvalidParams(problem: string | undefined): Malformed | undefined {
  return problem === undefined ? undefined : { code: ErrorCodes.InvalidParams, problem };
}

/** Not a method of any client's: what a malformed message becomes. */
const MALFORMED = '$/snoopscope/malformed';
interface Malformed {
  readonly code: number;
  readonly problem: string;
}
