/**
 * A debug session: the Debug Adapter Protocol on one side, a run of sim-core on the other.
 *
 * It runs inline in the extension, as a process over stdio or a socket, and in a web worker; what differs between them
 * is injected. Requests are answered by the functions of one table.
 */

import { isRecord } from '@snoopscope/sim-core';
import { ProtocolServer } from '@vscode/debugadapter/lib/protocol.js';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { argumentsOf } from './argument-shapes.ts';
import { BreakpointStore } from './breakpoint-store.ts';
import { movesWhenTyped } from './console.ts';
import type { FileAccessor } from './file-accessor.ts';
import { RequestError, StaleRequest } from './request-error.ts';
import {
  breakpointLocations,
  setBreakpoints,
  setExceptionBreakpoints,
  setFunctionBreakpoints,
} from './requests/breakpoints.ts';
import { readMemory, setExpression, setVariable, writeMemory } from './requests/changes.ts';
import { dataBreakpointInfo, setDataBreakpoints, who } from './requests/data-breakpoints.ts';
import { disassemble, setInstructionBreakpoints } from './requests/disassembly.ts';
import { goto, gotoTargets, restartFrame, seek, steps } from './requests/goto.ts';
import {
  completionsAt,
  evaluate,
  exceptionInfo,
  loadedSources,
  scopes,
  source,
  stackTrace,
  threads,
  variables,
} from './requests/inspection.ts';
import { attach, configurationDone, disconnect, initialize, launch, restart, terminate } from './requests/lifecycle.ts';
import { locations } from './requests/locations.ts';
import {
  cancel,
  continueRun,
  next,
  pause,
  position,
  reverseContinue,
  reverseNext,
  reverseStepIn,
  reverseStepOut,
  stepBack,
  stepIn,
  stepInTargets,
  stepOut,
  stopHere,
} from './requests/movement.ts';
import { picture } from './requests/pictures.ts';
import { save } from './requests/save.ts';
import { numbers } from './requests/typed.ts';
import type { RequestAnswer, SessionState } from './session-state.ts';
import { COUNTS_FROM_ONE } from './to-dap.ts';
import { platformYield, type Yield } from './yielding.ts';

export interface SessionOptions {
  /** Lets the client's messages in during a long run. */
  readonly pause?: Yield;
  /** Called when the client has gone: a process may end. */
  readonly closed?: () => void;
}

// biome-ignore lint/suspicious/noExplicitAny: each handler checks or declares its own arguments.
type Handler = (state: SessionState, args: any) => RequestAnswer | Promise<RequestAnswer>;

const REQUESTS: Readonly<Record<string, Handler>> = {
  initialize,
  launch,
  attach,
  configurationDone,
  restart,
  terminate,
  disconnect,
  setBreakpoints,
  setFunctionBreakpoints,
  setExceptionBreakpoints,
  dataBreakpointInfo,
  setDataBreakpoints,
  setInstructionBreakpoints,
  breakpointLocations,
  threads,
  stackTrace,
  scopes,
  variables,
  evaluate,
  completions: completionsAt,
  setVariable,
  setExpression,
  readMemory,
  writeMemory,
  exceptionInfo,
  loadedSources,
  source,
  locations,
  disassemble,
  next,
  stepIn,
  stepOut,
  stepInTargets,
  stepBack,
  continue: continueRun,
  reverseContinue,
  pause,
  gotoTargets,
  goto,
  restartFrame,
  cancel,
  'snoopscope/position': position,
  'snoopscope/seek': seek,
  'snoopscope/steps': steps,
  'snoopscope/reverseNext': reverseNext,
  'snoopscope/reverseStepIn': reverseStepIn,
  'snoopscope/reverseStepOut': reverseStepOut,
  'snoopscope/numbers': numbers,
  'snoopscope/who': who,
  'snoopscope/picture': picture,
  'snoopscope/save': save,
};

/**
 * Requests that move. A client may send several in one write: each begins when the one before it has stopped, or has
 * run for so long that a person would see it.
 */
const MOVEMENTS: ReadonlySet<string> = new Set([
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'continue',
  'reverseContinue',
  'goto',
  'restartFrame',
  'snoopscope/seek',
  'snoopscope/reverseNext',
  'snoopscope/reverseStepIn',
  'snoopscope/reverseStepOut',
]);

function isMovement({ command, arguments: given }: DebugProtocol.Request): boolean {
  return MOVEMENTS.has(command) || (command === 'evaluate' && isRecord(given) && movesWhenTyped(given.expression));
}

/** Requests that need no session: everything else has to know how the client counts lines. */
const WITHOUT_SESSION: ReadonlySet<string> = new Set(['initialize', 'disconnect', 'terminate']);

export class SnoopscopeDebugSession extends ProtocolServer {
  readonly #state: SessionState;
  readonly #closed: () => void;
  /** The client reads no more: what is sent to it would only fail, and the failure be reported to it again. */
  #gone = false;
  /** Fulfilled when the last movement has stopped or runs visibly; undefined when there is none to wait for. */
  #moved: Promise<void> | undefined;
  #runsVisibly: () => void = () => {};

  constructor(files: FileAccessor, options: SessionOptions = {}) {
    super();
    this.#closed = options.closed ?? (() => {});
    const pause = options.pause ?? platformYield();
    this.#state = {
      files,
      pause: () => {
        this.#runsVisibly();
        return pause();
      },
      breakpoints: new BreakpointStore(),
      initialized: false,
      typing: true,
      counting: COUNTS_FROM_ONE,
      launchArguments: undefined,
      launched: undefined,
      loads: 0,
      configured: false,
      interrupt: false,
      ended: false,
      progress: { supported: false, pauses: 0, count: 0, id: undefined },
      hexadecimal: false,
      styled: false,
      sources: new Map(),
      nextReference: 1,
      emit: (event, body) => {
        if (!this.#gone) this.sendEvent({ seq: 0, type: 'event', event, ...(body ? { body } : {}) });
      },
    };
    this.on('close', () => this.#close());
    // A message that is not JSON: the stream itself continues.
    this.on('error', ({ body }: { body?: unknown }) => {
      // After a disconnect nothing is read any more, and the stream is closed in the middle.
      if (!this.#state.ended) this.#complain(`A message could not be read: ${String(body)}`);
    });
  }

  override start(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): void {
    // The client has died with an answer on its way to it.
    output.once('error', () => {
      this.#gone = true;
      this.#close();
    });
    super.start(input, output);
  }

  override sendResponse(response: DebugProtocol.Response): void {
    if (!this.#gone) super.sendResponse(response);
  }

  override dispose(): void {
    this.#state.interrupt = true;
    this.#state.ended = true;
  }

  /** Valid JSON need not be a message. */
  override handleMessage(message: DebugProtocol.ProtocolMessage): void {
    if (isRecord(message) && typeof message.type === 'string') super.handleMessage(message);
    else this.#complain('A message could not be read: it is not an object with a "type", such as "request".');
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void (isMovement(request) ? this.#inTurn(request) : this.#answer(request));
  }

  /** Answers a request that moves: at once, or after those before it. */
  #inTurn(request: DebugProtocol.Request): void {
    const begin = (): Promise<void> => {
      const visible = new Promise<void>((resolve) => {
        this.#runsVisibly = resolve;
      });
      return Promise.race([this.#answer(request), visible]);
    };
    const over = this.#moved ? this.#moved.then(begin) : begin();
    this.#moved = over;
    void over.then(() => {
      if (this.#moved === over) this.#moved = undefined;
    });
  }

  async #answer(request: DebugProtocol.Request): Promise<void> {
    try {
      const { body, refusal, after } = await this.#call(request);
      if (refusal !== undefined) this.#refuse(request, refusal);
      else this.sendResponse({ ...responseTo(request), success: true, ...(body ? { body } : {}) });
      await this.#afterwards(after);
    } catch (error) {
      this.#refuse(request, error);
    }
    if (request.command === 'disconnect') this.#close();
  }

  /** A refusal takes as long as an answer, so that neither overtakes the other. */
  async #call(request: DebugProtocol.Request): Promise<RequestAnswer> {
    const handler = Object.hasOwn(REQUESTS, request.command) ? REQUESTS[request.command] : undefined;
    if (!handler) throw new RequestError(`Snoopscope does not know the request ${String(request.command)}.`);
    if (!this.#state.initialized && !WITHOUT_SESSION.has(request.command)) {
      throw new RequestError(`Send "initialize" before "${request.command}": the session has not begun.`);
    }
    if (this.#state.ended && !WITHOUT_SESSION.has(request.command))
      throw new RequestError('The session is over: start another one.');
    return handler(this.#state, argumentsOf(request.command, request.arguments));
  }

  /** What follows an answer: a movement and its stop. A bug in it is ours; the session stays where it is. */
  async #afterwards(after: RequestAnswer['after']): Promise<void> {
    try {
      await after?.();
    } catch (error) {
      this.#complain(bugText(error));
      stopHere(this.#state, 'Stopped by a bug of Snoopscope; see the debug console');
    }
  }

  #refuse(request: DebugProtocol.Request, error: unknown): void {
    const ours = !(error instanceof RequestError);
    const format = ours ? bugText(error).split('\n')[0] : error.message;
    if (ours) this.#complain(bugText(error));
    // What was typed is answered where it was typed: in red in the console, the watch or the hover.
    const showUser = !(error instanceof StaleRequest) && (ours || request.command !== 'evaluate');
    const message = { id: ours ? 2 : 1, format: format ?? '', showUser };
    this.sendResponse({ ...responseTo(request), success: false, message: message.format, body: { error: message } });
  }

  #complain(text: string): void {
    this.#state.emit('output', { category: 'stderr', output: `${text}\n` });
  }

  #close(): void {
    this.dispose();
    this.#closed();
  }
}

function responseTo(request: DebugProtocol.Request): DebugProtocol.Response {
  return { seq: 0, type: 'response', request_seq: request.seq, command: request.command, success: true };
}

function bugText(error: unknown): string {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return `This is a bug of Snoopscope, not of your scenario: ${message}\n${stack ?? ''}`;
}
