// A debug session driven by the commands of VS Code's debug toolbar.
import * as vscode from 'vscode';

/** Where and why a session is stopped. */
export interface Stop {
  readonly reason: string;
  readonly description: string;
  /** What a hover over the reason says. */
  readonly text: string;
  /** Innermost first, as the Call Stack view shows them. */
  readonly frames: readonly {
    readonly id: number;
    readonly name: string;
    readonly line: number;
    readonly column: number;
  }[];
  readonly threadId: number;
}

interface Place {
  readonly position: number;
  readonly steps: number;
  readonly branch: number;
  readonly branches: number;
  readonly threadId: number;
}

/** One session from its start to its end. */
export class DebugRun {
  readonly session: vscode.DebugSession;
  readonly #messages: Messages;
  readonly #ended: Promise<void>;

  private constructor(session: vscode.DebugSession, messages: Messages) {
    this.session = session;
    this.#messages = messages;
    this.#ended = new Promise((resolve) => {
      const listener = vscode.debug.onDidTerminateDebugSession(({ id }) => {
        if (id !== session.id) return;
        listener.dispose();
        resolve();
      });
    });
  }

  /** Starts a session by whatever `start` does, and waits for its first stop. */
  static async start(start: () => Thenable<unknown>): Promise<{ run: DebugRun; stop: Stop }> {
    const messages = new Messages();
    const [session] = await Promise.all([messages.session, start()]);
    const run = new DebugRun(session, messages);
    return { run, stop: await run.#stopped() };
  }

  /** The session whose name is as wanted, once it has started and stopped; others may start meanwhile. */
  static async following(name: RegExp): Promise<DebugRun> {
    const messages = new Messages(name);
    const run = new DebugRun(await messages.session, messages);
    await messages.nextStop();
    return run;
  }

  /** The next stop, whatever leads to it. */
  stop(): Promise<Stop> {
    return this.#stopped();
  }

  /** Where the run is, as the adapter says. */
  place(): Thenable<Place> {
    return this.request<Place>('snoopscope/position', {});
  }

  /** The same, once it has come to a position. */
  async at(position: number): Promise<Place> {
    for (;;) {
      const place = await this.place();
      if (place.position === position) return place;
      await this.#messages.nextStop();
    }
  }

  /** The stack of the thread that the run is at. */
  async frames(): Promise<Stop['frames']> {
    const { threadId } = await this.place();
    return (await this.request<{ stackFrames: Stop['frames'] }>('stackTrace', { threadId })).stackFrames;
  }

  /** Runs a command of the workbench, and waits for the stop that it leads to. */
  after(command: string): Promise<Stop> {
    return this.afterDoing(() => vscode.commands.executeCommand(command));
  }

  /** The same for whatever else leads to a stop. */
  async afterDoing(act: () => Thenable<unknown>): Promise<Stop> {
    const stop = this.#stopped();
    await act();
    return stop;
  }

  /** The same where VS Code may keep the frame that it has in focus: waits for the adapter alone. */
  async stopAfter(act: () => Thenable<unknown>): Promise<void> {
    const stop = this.#messages.nextStop();
    await act();
    await stop;
  }

  /** Asks the adapter directly, for what VS Code shows only in its window. */
  request<Body>(command: string, args: object): Thenable<Body> {
    return this.session.customRequest(command, args) as Thenable<Body>;
  }

  async threads(): Promise<string[]> {
    const { threads } = await this.request<{ threads: { name: string }[] }>('threads', {});
    return threads.map(({ name }) => name);
  }

  /** Ends the session, and waits until VS Code has taken notice. */
  async end(): Promise<void> {
    await vscode.debug.stopDebugging(this.session);
    await this.#ended;
    this.#messages.dispose();
  }

  async #stopped(): Promise<Stop> {
    const { reason, description = '', text = '', threadId } = await this.#messages.nextStop();
    // Toolbar commands act on the frame in focus, which VS Code sets when it has fetched the call stack.
    await this.#messages.focus();
    const { stackFrames } = await this.request<{ stackFrames: Stop['frames'] }>('stackTrace', { threadId });
    return { reason, description, text, threadId, frames: stackFrames };
  }
}

interface StoppedBody {
  readonly reason: string;
  readonly description?: string;
  readonly text?: string;
  readonly threadId: number;
}

/** Collects what the adapter says. Registered before the session starts, so that nothing is missed. */
class Messages implements vscode.Disposable {
  readonly session: Promise<vscode.DebugSession>;
  readonly #stops: StoppedBody[] = [];
  readonly #waiting: ((body: StoppedBody) => void)[] = [];
  #focused = Promise.resolve();
  readonly #registrations: vscode.Disposable[] = [];

  constructor(name = /./) {
    this.session = new Promise((resolve) => {
      const createDebugAdapterTracker = (session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined => {
        if (!name.test(session.name)) return undefined;
        resolve(session);
        return { onDidSendMessage: (message) => this.#take(message) };
      };
      this.#registrations.push(
        vscode.debug.registerDebugAdapterTrackerFactory('snoopscope', { createDebugAdapterTracker }),
      );
    });
  }

  nextStop(): Promise<StoppedBody> {
    const early = this.#stops.shift();
    return early ? Promise.resolve(early) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  focus(): Promise<void> {
    return this.#focused;
  }

  dispose(): void {
    vscode.Disposable.from(...this.#registrations).dispose();
  }

  #take(message: { type: string; event?: string; body?: StoppedBody }): void {
    if (message.event !== 'stopped' || !message.body) return;
    this.#focused = new Promise((resolve) => {
      const listener = vscode.debug.onDidChangeActiveStackItem((item) => {
        if (!(item instanceof vscode.DebugStackFrame)) return;
        listener.dispose();
        resolve();
      });
    });
    const taker = this.#waiting.shift();
    if (taker) taker(message.body);
    else this.#stops.push(message.body);
  }
}
