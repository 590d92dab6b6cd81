/** The run that is looked at: a session of the debug adapter, its cursor, and the pictures of where it is. */
import type { Intent, Picture } from '@snoopscope/views/draw';
import { destinationOf } from '@snoopscope/views/seek';
import { TimelineWindow } from '@snoopscope/views/window';
import { DebugClient } from './debug-client.ts';
import { PATH } from './editor.ts';

export const RUN_PICTURES = ['timeline', 'memory', 'topology'] as const;
export type RunPicture = (typeof RUN_PICTURES)[number];

export interface RunListener {
  /** It has stopped somewhere else. The line counts from 1. */
  readonly moved: (where: { readonly line?: number; readonly position: number; readonly steps: number }) => void;
  readonly ended: () => void;
  readonly said: (text: string) => void;
}

export interface LaunchChoice {
  readonly kernel?: string;
  readonly schedule?: string;
  /** Go there at once. */
  readonly position?: number;
  /** Stop before the first step; without it the first finding stops the run. */
  readonly stopOnEntry?: boolean;
}

export class ScenarioRun {
  readonly #connect: () => MessagePort;
  #session: DebugClient | undefined;
  readonly #listener: RunListener;
  readonly #window = new TimelineWindow();
  #active = false;
  /** Who moved last, as the adapter says. */
  #thread = 1;
  #before = 0;
  #position = 0;
  #steps = 0;
  #filter = '';
  #wanted: number | undefined;

  /** `connect` begins a session of the adapter. */
  constructor(connect: () => MessagePort, listener: RunListener) {
    this.#connect = connect;
    this.#listener = listener;
  }

  get #client(): DebugClient {
    if (!this.#session) throw new Error('Run the scenario first.');
    return this.#session;
  }

  get active(): boolean {
    return this.#active;
  }

  get position(): number {
    return this.#position;
  }

  /** Starts over. Rejects with the adapter's reason when the scenario cannot run. */
  async launch({ kernel, schedule, position, stopOnEntry = false }: LaunchChoice): Promise<void> {
    if (this.#active) await this.stop();
    this.#window.forget();
    this.#before = this.#position = this.#steps = 0;
    this.#wanted = position;
    this.#active = true;
    // What an older session still has to say is of no interest.
    const session = new DebugClient(this.#connect(), (event, body) => {
      if (this.#session === session) void this.#heard(event, body);
    });
    this.#session = session;
    try {
      const { exceptionBreakpointFilters = [] } = await session.request<Capabilities>('initialize', {
        adapterID: 'snoopscope',
        clientID: 'snoopscope-playground',
        linesStartAt1: true,
        columnsStartAt1: true,
      });
      await this.#client.request('launch', {
        program: PATH,
        stopOnEntry,
        ...(kernel !== undefined && { kernel }),
        ...(schedule !== undefined && { schedule }),
      });
      const filters = exceptionBreakpointFilters.filter((one) => one.default).map(({ filter }) => filter);
      await this.#client.request('setExceptionBreakpoints', { filters });
      await this.#client.request('configurationDone');
    } catch (error) {
      this.#active = false;
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (!this.#active) return;
    this.#active = false;
    const session = this.#session;
    await session?.request('disconnect').catch(() => {});
    // Another run may have begun in the meantime.
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#listener.ended();
  }

  step(): Promise<unknown> {
    return this.#client.request('next', { threadId: this.#thread });
  }

  stepBack(): Promise<unknown> {
    return this.#client.request('stepBack', { threadId: this.#thread });
  }

  continue(): Promise<unknown> {
    return this.#client.request('continue', { threadId: this.#thread });
  }

  reverse(): Promise<unknown> {
    return this.#client.request('reverseContinue', { threadId: this.#thread });
  }

  /** What its reader wants of a picture. True when the run did not move and the picture has to be asked for again. */
  async follow(intent: Intent): Promise<boolean> {
    if (intent.kind === 'window') this.#window.choose(intent, this.#steps);
    else if (intent.kind === 'filter') this.#filter = intent.text;
    else {
      const to = destinationOf(intent);
      if (to) await this.#client.request('snoopscope/seek', to);
      return false;
    }
    return true;
  }

  /** Undefined while the run moves, or when there is none. */
  async picture(picture: RunPicture): Promise<Picture | undefined> {
    if (!this.#active) return undefined;
    const args =
      picture === 'timeline'
        ? { picture, ...this.#window.at(this.#steps, this.#position), filter: this.#filter, chain: true }
        : { picture, ...(this.#before < this.#position && { since: this.#before }) };
    try {
      return (await this.#client.request<{ picture: Picture }>('snoopscope/picture', args)).picture;
    } catch {
      return undefined;
    }
  }

  async #heard(event: string, body: unknown): Promise<void> {
    if (event === 'output') {
      const { output, category } = body as { output: string; category?: string };
      if (category !== 'telemetry') this.#listener.said(output);
    } else if (event === 'stopped') {
      const { threadId, reason } = body as { threadId?: number; reason?: string };
      this.#thread = threadId ?? this.#thread;
      if (reason === 'exception') await this.#tellFinding();
      await this.#stopped();
    } else if (event === 'terminated' && this.#active) {
      this.#active = false;
      this.#listener.ended();
    }
  }

  async #tellFinding(): Promise<void> {
    const { description } = await this.#client.request<{ description?: string }>('exceptionInfo', {
      threadId: this.#thread,
    });
    if (description !== undefined) this.#listener.said(description);
  }

  /** On the way to the position that a link names: a run is recorded as far as it has come. */
  async #goesOn(position: number, steps: number): Promise<boolean> {
    const wanted = this.#wanted;
    if (wanted === undefined) return false;
    if (steps < wanted && steps > this.#steps) {
      this.#steps = steps;
      await this.continue();
      return true;
    }
    this.#wanted = undefined;
    if (position === Math.min(wanted, steps)) return false;
    await this.#client.request('snoopscope/seek', { position: Math.min(wanted, steps) });
    return true;
  }

  async #stopped(): Promise<void> {
    const { position, steps } = await this.#client.request<{ position: number; steps: number }>('snoopscope/position');
    if (await this.#goesOn(position, steps)) return;
    const { stackFrames } = await this.#client.request<{ stackFrames: readonly Frame[] }>('stackTrace', {
      threadId: this.#thread,
    });
    this.#before = this.#position;
    this.#position = position;
    this.#steps = steps;
    const own = stackFrames.find(({ source }) => source?.path === PATH);
    this.#listener.moved({ position, steps, ...(own && { line: own.line }) });
  }
}

interface Capabilities {
  readonly exceptionBreakpointFilters?: readonly { readonly filter: string; readonly default?: boolean }[];
}

interface Frame {
  readonly line: number;
  readonly source?: { readonly path?: string };
}
