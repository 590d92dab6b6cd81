/**
 * Explorations with real threads, as the command line and the editor have them: what they find, what becomes of them
 * when a thread dies, and how soon they are over when the user does not want to wait.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { Exploring } from '../../client/cli/src/explore-file.ts';
import { nodeThreads as commandThreads, exploreWithWorkers } from '../../client/cli/src/explore-workers.ts';
import { type ExploreReply, exploreScenario } from '../../client/vscode/src/explore-worker.ts';
import { editorThreads } from '../../client/vscode/src/node-threads.ts';
import {
  Crew,
  type Exploration,
  elaborate,
  explore,
  LOOK_MS,
  type Model,
  parse,
  profileNamed,
  ThreadPool,
} from '../../sim-core/src/index.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

const SCRIPT = path.join(import.meta.dirname, '../../client/cli/src/explore-level-worker.ts');
const TINY = everyoneWritesEverything(3, 1);
/** Levels of some thousand states, and of many thousands. */
const SMALL = everyoneWritesEverything(4, 2);
const LARGE = everyoneWritesEverything(4, 3);
/** More than anybody waits for. */
const ENDLESS = everyoneWritesEverything(6, 6);
const MEMORIES = ['shared', 'messages'] as const;

const DEATHS = {
  'throws an error': 'a cosmic ray',
  'ends the thread': 'it ended with code 3',
  'runs out of memory': 'memory limit',
} as const;

// Every thread of this file is one of these.
let starts = 0;
let ends = 0;
const start = (): Worker => {
  starts++;
  return new Worker(SCRIPT).on('exit', () => ends++);
};
const COMMAND = commandThreads(start);
const EDITOR = editorThreads(start);
const REFUSED = new ThreadPool(() => {
  throw new Error('threads are not allowed here');
});
const terminate = vi.spyOn(Worker.prototype, 'terminate');

/** What one thread finds in the large scenario. */
let alone: Exploration | undefined;

describe('the command line', () => {
  it.each(MEMORIES)('finds with three threads what one finds (%s)', async (memory) => {
    const model = modelOf(LARGE);
    const exploring = exploreWithWorkers(model, { memory }, 3, COMMAND);
    const together = await toEnd(exploring);
    alone ??= explore(model);
    expect(essence(together, memory)).toEqual(essence(alone, memory));
  });

  it.each(MEMORIES)('is over within 100 ms when it is stopped (%s)', async (memory) => {
    const stopped = async (): Promise<number> => {
      const exploring = exploreWithWorkers(modelOf(ENDLESS), { memory }, 3, COMMAND);
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
});

describe('the editor', () => {
  it.each(MEMORIES)('finds with three threads what one finds (%s)', async (memory) => {
    const { workers, report } = explored(await inEditor(LARGE, { memory, count: 3 }));
    expect(workers.count).toBe(3);
    expect(workers.expanded).toBeGreaterThan(1000);
    alone ??= explore(modelOf(LARGE));
    expect(report.complete).toBe(true);
    if (memory === 'messages') expect([report.states, report.transitions]).toEqual([alone.states, alone.transitions]);
    expect(report.outcomes.map((o) => o.values)).toEqual(alone.outcomes.map((o) => o.values));
  });

  it('has no others when one worker is asked for', async () => {
    const { workers } = explored(await inEditor(SMALL, { memory: 'shared', count: 1 }));
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
      const answer = await inEditor(ENDLESS, { memory, count: 3, stop: stop.signal, onProgress });
      const { ended, report, shortened } = explored(answer);
      expect([report.complete, report.limit?.kind, shortened]).toEqual([false, 'stopped', false]);
      return ended - aborted;
    };
    expect(await leastOf(cancelled, 100)).toBeLessThan(100);
  });

  it.each(MEMORIES)('continues alone where no thread may be started, and says so (%s)', async (memory) => {
    const answer = await inEditor(SMALL, { memory, count: 3, pool: REFUSED });
    const { workers, report } = explored(answer);
    expect(workers).toEqual({ count: 1, memory, expanded: 0, problem: 'threads are not allowed here' });
    expect(report.complete).toBe(true);
  });
});

describe('a thread that is lost ends the exploration with why, and with what is known', () => {
  // Programs of their own: what kills a thread may kill the process that it is in.
  it.each(Object.keys(DEATHS) as (keyof typeof DEATHS)[])('when it %s', async (death) => {
    const program = path.join(import.meta.dirname, 'lost-thread.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program, death]);
    const answers = JSON.parse(stdout) as Record<string, Pick<Exploration, 'states' | 'complete' | 'limit'>>;
    expect(Object.keys(answers)).toEqual([
      'command, shared',
      'editor, shared',
      'command, messages',
      'editor, messages',
    ]);
    for (const [host, { states, complete, limit }] of Object.entries(answers)) {
      expect(states, host).toBeGreaterThan(1000);
      expect(complete, host).toBe(false);
      expect(limit, host).toEqual({ kind: 'thread', message: expect.stringContaining(DEATHS[death]) });
    }
  });

  it.each(MEMORIES)('when it does not answer (%s)', (memory) => {
    const pool = new ThreadPool(() => ({ post: () => {} }));
    const crew = new Crew(modelOf(SMALL), { memory }, { count: 2, pool, advice: 'Try alone.', onIdle: () => {} });
    let looks = 0;
    while (crew.search.step(1000)) {
      if (!crew.search.waiting) continue;
      crew.look();
      looks++;
    }
    const { states, complete, limit } = crew.search.result();
    expect(states).toBeGreaterThan(1000);
    expect(complete).toBe(false);
    const message = 'A thread of the exploration has not answered for 30 seconds. Try alone.';
    expect(limit).toEqual({ kind: 'thread', message });
    expect(looks * LOOK_MS).toBeGreaterThanOrEqual(30_000);
  });
});

describe('threads', () => {
  it('are kept: 200 explorations are cancelled, and no thread starts or ends for it', async () => {
    const model = modelOf(TINY);
    for (let i = 0; i < 200; i++) {
      const memory = MEMORIES[i % 2]!;
      if (i % 20 === 0) {
        const stop = new AbortController();
        setImmediate(() => stop.abort());
        const { kind } = await inEditor(SMALL, { memory, count: 3, stop: stop.signal });
        // On a busy machine it is cancelled before anything is known.
        expect(['explored', 'cancelled']).toContain(kind);
        continue;
      }
      // Left in the middle of a level, with threads at work.
      const left = exploreWithWorkers(model, { memory, sharedLevel: 8 + (i % 7) }, 3, COMMAND);
      while (!left.waiting?.() && left.step()) {
        // Until it has to wait for them, or is over.
      }
      left.close?.();
    }
    // Nothing of what they were at is left over.
    for (const memory of MEMORIES) {
      const after = await toEnd(exploreWithWorkers(model, { memory, sharedLevel: 8 }, 3, COMMAND));
      expect(essence(after, memory)).toEqual(essence(explore(model), memory));
    }
    await toEnd(exploreWithWorkers(modelOf(SMALL), {}, 3, EDITOR));
    // Two beside the one that leads: of the command, and of the editor.
    expect(starts).toBe(4);
    expect(ends).toBe(0);
    expect(terminate).not.toHaveBeenCalled();
  });
});

type ProgressReply = Extract<ExploreReply, { kind: 'progress' }>;

interface EditorCall {
  readonly memory: 'shared' | 'messages';
  readonly count: number;
  readonly pool?: ThreadPool;
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
  await exploreScenario(
    {
      kind: 'explore',
      method: { kind: 'all' },
      text,
      includes: {},
      kernel: 'v6.12',
      maxBytes: 2 ** 30,
      workers: call.count,
      levelWorker: SCRIPT,
    },
    {
      send,
      pause: () => new Promise(setImmediate),
      stop: call.stop ?? new AbortController().signal,
      threads: { pool: () => call.pool ?? EDITOR, memory: call.memory, processors: 4 },
    },
  );
  if (!last) throw new Error('no answer');
  return last;
}

function explored(reply: ExploreReply): Extract<ExploreReply, { kind: 'explored' }> {
  if (reply.kind !== 'explored') throw new Error(`the answer is ${reply.kind}`);
  return reply;
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

/** The least of up to ten times: when somebody else has the machine it takes longer, but not every time. */
async function leastOf(measure: () => Promise<number>, enough: number): Promise<number> {
  let least = await measure();
  for (let again = 0; least >= enough && again < 9; again++) least = Math.min(least, await measure());
  return least;
}

/** What does not depend on who found it; with messages nothing does. */
function essence(exploration: Exploration, memory: 'shared' | 'messages'): object {
  const { states, transitions, complete, conditions, outcomes } = exploration;
  const verdicts = [complete, conditions.map((c) => c.holds), outcomes.map((o) => o.values)];
  return memory === 'shared' ? verdicts : [...verdicts, states, transitions];
}

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}
