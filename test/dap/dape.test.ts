// A client that acts upon answers and events as dape 0.27 for Emacs does. dape itself needs Emacs 29 and was not run here:
// what it waits for, and what it takes an event to mean, was read in its source.
import { expect, test } from 'vitest';
import { DapClient, type Message, repositoryFiles } from './client.ts';

const program = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';

class Dape {
  readonly client = new DapClient(repositoryFiles());
  /** What it believes of each thread; a movement is refused by itself while none is stopped. */
  readonly status = new Map<number, 'running' | 'stopped'>();
  /** Breakpoints that it knows: an event about another one would make it place, or take away, one in the buffer. */
  readonly known = new Set<number>();
  readonly unknown: Message[] = [];
  readonly repl: string[] = [];
  ended = false;
  #read = 0;

  /** Takes what has come, in its order: an answer to a movement means that all are running. */
  take(): void {
    for (; this.#read < this.client.messages.length; this.#read++) this.#took(this.client.messages[this.#read]!);
  }

  #took(message: Message): void {
    const { type, event, command = '', success, body } = message;
    if (type === 'response') {
      if (success && MOVES.has(command)) this.#all('running');
      if (success) for (const { id } of body?.breakpoints ?? []) if (id !== undefined) this.known.add(id);
      return;
    }
    if (event === 'continued') this.#all('running', body.allThreadsContinued === false ? [body.threadId] : undefined);
    if (event === 'stopped') this.#all('stopped', body.allThreadsStopped ? undefined : [body.threadId]);
    if (event === 'breakpoint' && !this.known.has(body.breakpoint.id)) this.unknown.push(message);
    if (event === 'output') this.repl.push(body.output);
    if (event === 'terminated') this.ended = true;
  }

  #all(status: 'running' | 'stopped', threads: Iterable<number> = this.status.keys()): void {
    for (const thread of threads) this.status.set(thread, status);
  }

  get stopped(): boolean {
    this.take();
    return [...this.status.values()].includes('stopped');
  }

  /** Each request is sent when the one before is answered; those of a line in one go. */
  async start(breakpoints: Readonly<Record<string, readonly { readonly line: number }[]>>): Promise<void> {
    const { client } = this;
    await client.request('initialize', {
      clientID: 'dape',
      adapterID: 'snoopscope',
      pathFormat: 'path',
      linesStartAt1: true,
      columnsStartAt1: true,
      supportsRunInTerminalRequest: true,
      supportsArgsCanBeInterpretedByShell: true,
      supportsProgressReporting: true,
      supportsStartDebuggingRequest: true,
    });
    const initialized = client.event('initialized');
    // Its answer may come before or after: nothing waits for it.
    const launched = client.request('launch', this.arguments);
    await initialized;
    await client.request('setExceptionBreakpoints', { filters: ['stale-read', 'deadlock'] });
    // One that is refused would leave the configuration open for ever: it waits for all of them to succeed.
    await Promise.all(
      Object.entries(breakpoints).map(([path, all]) =>
        client.request('setBreakpoints', { breakpoints: all, lines: all.map(({ line }) => line), source: { path } }),
      ),
    );
    await client.request('setFunctionBreakpoints', { breakpoints: [] });
    await client.request('setDataBreakpoints', { breakpoints: [] });
    const from = client.messages.length;
    await client.request('configurationDone');
    await launched;
    await this.afterStop(from);
  }

  readonly arguments = { type: 'snoopscope', request: 'launch', program, stopOnEntry: true };

  /** What a stop makes it ask for, one after the other. */
  async afterStop(from: number): Promise<{ readonly line: number; readonly name: string }> {
    const { client } = this;
    const { body } = await client.until(({ event }) => event === 'stopped', from);
    this.take();
    for (const { id } of (await client.request('threads')).threads)
      if (!this.status.has(id)) this.status.set(id, 'stopped');
    const args = { threadId: body.threadId, startFrame: 0, levels: 1, format: { module: true } };
    const { stackFrames, totalFrames } = await client.request('stackTrace', args);
    expect([stackFrames.length, typeof totalFrames]).toEqual([1, 'number']);
    // Without a file or a reference it shows nothing.
    expect(stackFrames[0].source?.path ?? stackFrames[0].source?.sourceReference).toBeTruthy();
    const { scopes } = await client.request('scopes', { frameId: stackFrames[0].id });
    // All that are not expensive, in one go.
    const open = scopes.filter(({ expensive }: { expensive?: boolean }) => expensive !== true);
    await Promise.all(
      open.map(({ variablesReference }: { variablesReference: number }) =>
        client.request('variables', { variablesReference }),
      ),
    );
    return stackFrames[0];
  }

  async move(command: string, args: object): Promise<{ readonly line: number; readonly name: string }> {
    expect([command, this.stopped]).toEqual([command, true]);
    const from = this.client.messages.length;
    await this.client.request(command, args);
    return this.afterStop(from);
  }
}

const MOVES: ReadonlySet<string> = new Set(['next', 'stepIn', 'stepOut', 'continue']);
const BREAKPOINTS = {
  [program]: [{ line: 35 }, { line: 34, logMessage: 'x is {[x]}' }],
  // Of another project, and of a buffer that has lines which are not saved yet.
  'elsewhere/other.snoop': [{ line: 3, condition: '[x] == 1' }],
  'scenarios/pcie/none.snoop': [{ line: 9999, hitCondition: '2' }],
};

test('comes to its first stop, whatever breakpoints it has, and knows that all are stopped after each movement', async () => {
  const dape = new Dape();
  await dape.start(BREAKPOINTS);
  expect(dape.stopped).toBe(true);
  const thread = () => ({ threadId: [...dape.status.keys()][0] });
  expect((await dape.move('continue', thread())).line).toBe(35);
  for (const command of ['stepIn', 'stepIn', 'stepOut', 'next'])
    await dape.move(command, { ...thread(), granularity: 'line' });
  expect([dape.stopped, dape.unknown]).toEqual([true, []]);
});

test('stays stopped when a line in its REPL goes somewhere else', async () => {
  const dape = new Dape();
  await dape.start({});
  await dape.move('continue', { threadId: 1 });
  for (const expression of ['go 20', 'reverse-next', 'branch 1']) {
    const from = dape.client.messages.length;
    const { stackFrames } = await dape.client.request('stackTrace', { threadId: 1, startFrame: 0, levels: 1 });
    await dape.client.request('evaluate', { frameId: stackFrames[0].id, expression, context: 'repl' });
    await dape.afterStop(from);
    expect([expression, dape.stopped]).toEqual([expression, true]);
    const since = dape.client.messages.slice(from).flatMap(({ event }) => event ?? []);
    expect([expression, since.filter((event) => event === 'stopped').length]).toEqual([expression, 1]);
  }
});

test('keeps its breakpoints over a restart, which names only those that it has', async () => {
  const dape = new Dape();
  await dape.start(BREAKPOINTS);
  dape.status.clear();
  const from = dape.client.messages.length;
  await dape.client.request('restart', { arguments: dape.arguments });
  await dape.afterStop(from);
  expect([dape.stopped, dape.unknown]).toEqual([true, []]);
  expect((await dape.move('continue', { threadId: 1 })).line).toBe(35);
});

test('asks for the end when it hears of it, and is answered', async () => {
  const dape = new Dape();
  await dape.start({});
  await dape.client.request('terminate');
  await dape.client.until(({ event }) => event === 'terminated');
  dape.take();
  expect(dape.ended).toBe(true);
  // Told that the session is over, it asks for that before it ends the process.
  expect(await dape.client.send('terminate')).toMatchObject({ success: true });
  expect(await dape.client.send('disconnect', { restart: false })).toMatchObject({ success: true });
});
