/**
 * Explorations with real threads, as the command line and the editor have them: what they find, what becomes of them
 * when a thread dies, and how soon they are over when the user does not want to wait.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Exploring } from '../../client/cli/src/explore-file.ts';
import { exploreWithWorkers } from '../../client/cli/src/explore-workers.ts';
import type { LevelThread } from '../../client/vscode/src/explore-threads.ts';
import { type ExploreReply, exploreScenario } from '../../client/vscode/src/explore-worker.ts';
import { createAnswerer, type WorkerReply } from '../../client/vscode/src/worker.ts';
import {
  type Exploration,
  elaborate,
  explore,
  type Model,
  type Profile,
  parse,
  profileNamed,
} from '../../sim-core/src/index.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

const SCRIPT = path.join(import.meta.dirname, '../../client/cli/src/explore-level-worker.ts');
/** Levels of some thousand states, and of many thousands. */
const SMALL = everyoneWritesEverything(4, 2);
const LARGE = everyoneWritesEverything(4, 3);
/** More than anybody waits for. */
const ENDLESS = everyoneWritesEverything(6, 6);
const MEMORIES = ['shared', 'messages'] as const;

/** What a thread may do instead of its work. */
const DEATHS = {
  'throws an error': { body: "throw new Error('a cosmic ray')", why: 'a cosmic ray' },
  'ends the thread': { body: 'process.exit(3)', why: 'it ended with code 3' },
  'runs out of memory': {
    body: 'for (const all = []; ; ) all.push(new Array(1000).fill(all.length).map(String))',
    why: 'memory limit',
    options: { resourceLimits: { maxOldGenerationSizeMb: 16 } },
  },
} as const satisfies Record<string, { body: string; why: string; options?: WorkerOptions }>;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-threads-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A script that dies when the first states come. */
function deadly(name: keyof typeof DEATHS): { file: string; options: WorkerOptions } {
  const death = DEATHS[name];
  const file = path.join(folder, `${name.replaceAll(' ', '-')}.mjs`);
  const text = `import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ kind }) => {
  if (kind !== 'tables') { ${death.body}; }
});
`;
  writeFileSync(file, text);
  return { file, options: 'options' in death ? death.options : {} };
}

/** What one thread finds in the large scenario. */
let alone: Exploration | undefined;

describe('the command line', () => {
  it.each(MEMORIES)('finds with three threads what one finds (%s)', async (memory) => {
    const model = modelOf(LARGE);
    const exploring = exploreWithWorkers(model, { memory }, 3, () => new Worker(SCRIPT));
    const together = await toEnd(exploring);
    alone ??= explore(model);
    expect(essence(together, memory)).toEqual(essence(alone, memory));
  });

  it.each(MEMORIES)('is over within 100 ms when it is stopped (%s)', async (memory) => {
    const stopped = async (): Promise<number> => {
      const exploring = exploreWithWorkers(modelOf(ENDLESS), { memory }, 3, () => new Worker(SCRIPT));
      let began = 0;
      const { complete, limit, states } = await toEnd(exploring, ({ states, depth }) => {
        if (states < 100_000 || depth < 9) return false;
        began = performance.now();
        return true;
      });
      const delay = performance.now() - began;
      expect([complete, limit?.kind]).toEqual([false, 'stopped']);
      expect(states).toBeGreaterThanOrEqual(100_000);
      return delay;
    };
    expect(await leastOf(stopped, 100)).toBeLessThan(100);
  });

  it.each(Object.keys(DEATHS) as (keyof typeof DEATHS)[])('fails when a thread %s', async (name) => {
    const { file, options } = deadly(name);
    for (const memory of MEMORIES) {
      const exploring = exploreWithWorkers(modelOf(SMALL), { memory }, 3, () => new Worker(file, options));
      await expect(toEnd(exploring)).rejects.toThrow(DEATHS[name].why);
    }
  });
});

describe('the editor', () => {
  it.each(MEMORIES)('finds with three threads what one finds (%s)', async (memory) => {
    const { workers, report } = explored(await inEditor(LARGE, { memory, count: 3, script: SCRIPT }));
    expect(workers.count).toBe(3);
    expect(workers.expanded).toBeGreaterThan(1000);
    alone ??= explore(modelOf(LARGE));
    expect(report.complete).toBe(true);
    if (memory === 'messages') expect([report.states, report.transitions]).toEqual([alone.states, alone.transitions]);
    expect(report.outcomes.map((o) => o.values)).toEqual(alone.outcomes.map((o) => o.values));
  });

  it('has no others when one worker is asked for', async () => {
    const { workers } = explored(await inEditor(SMALL, { memory: 'shared', count: 1, script: SCRIPT }));
    expect(workers).toEqual({ count: 1, memory: 'shared', expanded: 0 });
  });

  it.each(MEMORIES)('is over within 100 ms when it is cancelled, with what is known (%s)', async (memory) => {
    const cancelled = async (): Promise<number> => {
      const stop = new AbortController();
      let aborted = 0;
      const onProgress = ({ progress: { states, depth } }: ProgressReply): void => {
        if (stop.signal.aborted || states < 100_000 || depth < 9) return;
        aborted = Date.now();
        stop.abort();
      };
      const answer = await inEditor(ENDLESS, { memory, count: 3, script: SCRIPT, stop: stop.signal, onProgress });
      const { ended, report, shortened } = explored(answer);
      expect([report.complete, report.limit?.kind, shortened]).toEqual([false, 'stopped', false]);
      return ended - aborted;
    };
    expect(await leastOf(cancelled, 100)).toBeLessThan(100);
  });

  it.each(Object.keys(DEATHS) as (keyof typeof DEATHS)[])('fails when a thread %s', async (name) => {
    const { file, options } = deadly(name);
    for (const memory of MEMORIES) {
      const answer = inEditor(SMALL, { memory, count: 2, script: file, options });
      await expect(answer).rejects.toThrow(DEATHS[name].why);
    }
  });

  it('says which thread died, and why, instead of a result', async () => {
    const { file } = deadly('throws an error');
    const threads = { start: () => levelThread(new Worker(file)), memory: 'shared', processors: 4 } as const;
    const reply = await new Promise<WorkerReply>((resolve) => {
      const answer = createAnswerer(threads, (reply) => reply.kind !== 'progress' && resolve(reply));
      answer({ kind: 'explore', text: SMALL, includes: {}, maxBytes: 2 ** 30, workers: 2, levelWorker: '' });
    });
    expect(reply).toEqual({
      kind: 'died',
      message:
        'A worker of the exploration died: a cosmic ray. The setting snoopscope.explore.workers takes 1 for no others.',
    });
  });

  it.each(MEMORIES)('goes on alone where no thread may be started, and says so (%s)', async (memory) => {
    const answer = await inEditor(SMALL, { memory, count: 3, script: 'refused' });
    const { workers, report } = explored(answer);
    expect(workers).toEqual({ count: 1, memory, expanded: 0, problem: 'threads are not allowed here' });
    expect(report.complete).toBe(true);
  });
});

type ProgressReply = Extract<ExploreReply, { kind: 'progress' }>;

interface EditorCall {
  readonly memory: 'shared' | 'messages';
  readonly count: number;
  readonly script: string;
  readonly options?: WorkerOptions;
  readonly stop?: AbortSignal;
  readonly onProgress?: (reply: ProgressReply) => void;
}

/** What the worker beside the editor answers last. */
async function inEditor(text: string, call: EditorCall): Promise<ExploreReply> {
  let last: ExploreReply | undefined;
  const send = (reply: ExploreReply): void => {
    last = reply;
    if (reply.kind === 'progress') call.onProgress?.(reply);
  };
  const start = (script: string): LevelThread => {
    if (script === 'refused') throw new Error('threads are not allowed here');
    return levelThread(new Worker(script, call.options));
  };
  await exploreScenario(
    {
      kind: 'explore',
      text,
      includes: {},
      kernel: 'v6.12',
      maxBytes: 2 ** 30,
      workers: call.count,
      levelWorker: call.script,
    },
    {
      send,
      pause: () => new Promise(setImmediate),
      stop: call.stop ?? new AbortController().signal,
      threads: { start, memory: call.memory, processors: 4 },
    },
  );
  if (!last) throw new Error('no answer');
  return last;
}

function explored(reply: ExploreReply): Extract<ExploreReply, { kind: 'explored' }> {
  if (reply.kind !== 'explored') throw new Error(`the answer is ${reply.kind}`);
  return reply;
}

/** As client/vscode/src/check-node.ts, which is a program. */
function levelThread(worker: Worker): LevelThread {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen({ onAnswer, onDeath }) {
      worker.on('message', onAnswer);
      worker.on('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => onDeath(`it ended with code ${code}`));
    },
    terminate: () => {
      worker.removeAllListeners('exit');
      void worker.terminate();
    },
  };
}

async function toEnd(
  exploring: Exploring,
  isEnough: (progress: ReturnType<Exploring['progress']>) => boolean = () => false,
): Promise<Exploration> {
  try {
    while (exploring.step()) {
      await (exploring.waiting?.() ? exploring.wait?.() : new Promise(setImmediate));
      if (isEnough(exploring.progress())) exploring.stop({ kind: 'stopped' });
    }
    while (exploring.waiting?.()) await exploring.wait?.();
    return exploring.result();
  } finally {
    await exploring.close?.();
  }
}

/** The least of up to three times: when somebody else has the machine it takes longer, but not every time. */
async function leastOf(measure: () => Promise<number>, enough: number): Promise<number> {
  let least = await measure();
  for (let again = 0; least >= enough && again < 2; again++) least = Math.min(least, await measure());
  return least;
}

/** What does not depend on who found it; with messages nothing does. */
function essence(exploration: Exploration, memory: 'shared' | 'messages'): object {
  const { states, transitions, complete, conditions, outcomes } = exploration;
  const verdicts = [complete, conditions.map((c) => c.holds), outcomes.map((o) => o.values)];
  return memory === 'shared' ? verdicts : [...verdicts, states, transitions];
}

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12') as Profile });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}
