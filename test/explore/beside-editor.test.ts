/** The process that checks and explores beside the editor: kept, stopped without being ended, and what is said when it crashes. */
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Beside, type BesideWorker, STOP_MS } from '../../client/vscode/src/beside-workers.ts';
import type { ExploreJob } from '../../client/vscode/src/explore-worker.ts';
import type { WorkerReply } from '../../client/vscode/src/worker.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

const source = path.join(import.meta.dirname, '../../client');
const never = new AbortController().signal;
const ENDLESS = everyoneWritesEverything(6, 6);
const explore: ExploreJob = {
  kind: 'explore',
  method: { kind: 'all' },
  text: ENDLESS,
  includes: {},
  maxBytes: 2 ** 30,
  workers: 2,
  levelWorker: path.join(source, 'cli/src/explore-level-worker.ts'),
};

describe('the process beside the editor', () => {
  let folder = '';
  const started: ChildProcess[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-beside-'));
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** As client/vscode/src/extension.ts starts it. */
  function start(execArgv: string[] = []): BesideWorker {
    const child = fork(path.join(source, 'vscode/src/check-node.ts'), { serialization: 'advanced', execArgv });
    started.push(child);
    return {
      post: (message) => void child.send(message),
      listen(onReply, onDeath) {
        child.on('message', (reply) => onReply(reply as WorkerReply));
        child.on('exit', (code, signal) => onDeath(signal ?? `exit code ${code}`));
      },
      end: () => void child.kill('SIGKILL'),
    };
  }

  it('is the same one for request after request, even when they are cancelled', async () => {
    const beside = new Beside(async () => start());
    for (let i = 0; i < 3; i++) {
      const cancel = new AbortController();
      const answer = await beside.ask(explore, () => cancel.abort(), cancel.signal);
      expect(answer).toMatchObject({ kind: 'explored', report: { complete: false, limit: { kind: 'stopped' } } });
    }
    const cancel = new AbortController();
    const check = { kind: 'check', text: ENDLESS, includes: {} } as const;
    expect(await beside.ask(check, () => cancel.abort(), cancel.signal)).toBeUndefined();
    expect(started).toHaveLength(1);
  });

  it('ends with the editor, whatever it is doing', async () => {
    const beside = new Beside(async () => start());
    await new Promise<void>((resolve) => void beside.ask(explore, () => resolve(), never));
    const [child] = started as [ChildProcess];
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await ended;
  });

  it('leaves what it knew when it crashes, with why; the next request starts another one', async () => {
    // What a crash of V8 does, as soon as something is known.
    const crash = path.join(folder, 'crash.cjs');
    writeFileSync(
      crash,
      "const { send } = process; process.send = (m) => send.call(process, m, () => m.kind === 'known' && process.abort());",
    );
    const beside = new Beside(async () => start(started.length === 0 ? ['--require', crash] : []));
    const answer = await beside.ask(explore, () => {}, never);
    const message = expect.stringMatching(
      /^The process of the exploration crashed \(SIGABRT\)\. This is what it knew after \d+\.\d s\.$/,
    );
    expect(answer).toMatchObject({ kind: 'explored', report: { complete: false, limit: { kind: 'thread', message } } });
    const small = { kind: 'check', text: everyoneWritesEverything(1, 1), includes: {} } as const;
    expect(await beside.ask(small, () => {}, never)).toMatchObject({ kind: 'judged' });
    expect(started).toHaveLength(2);
  });
});

describe('a worker that does not answer', () => {
  afterEach(() => void vi.useRealTimers());

  it('is ended some seconds after it was cancelled, and not before', async () => {
    vi.useFakeTimers();
    const end = vi.fn();
    const beside = new Beside(async () => ({ post: () => {}, listen: () => {}, end }));
    const cancel = new AbortController();
    const answer = beside.ask(explore, () => {}, cancel.signal);
    await vi.advanceTimersByTimeAsync(STOP_MS * 2);
    cancel.abort();
    await vi.advanceTimersByTimeAsync(STOP_MS - 1);
    expect(end).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(end).toHaveBeenCalledOnce();
    const message = 'The exploration did not stop within 10 seconds and was ended.';
    expect(await answer).toEqual({ kind: 'died', message });
  });

  it('is not waited for by the next one', async () => {
    let starts = 0;
    const beside = new Beside(async () => {
      starts++;
      return { post: () => {}, listen: () => {}, end: () => {} };
    });
    void beside.ask(explore, () => {}, never);
    void beside.ask(explore, () => {}, never);
    await new Promise(setImmediate);
    expect(starts).toBe(2);
  });
});
