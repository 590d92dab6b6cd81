/**
 * Explores with a thread that dies when the first states come, as the command and the editor do, and prints what is said
 * then: `lost-thread DEATH`.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { nodeThreads as commandThreads, exploreWithWorkers } from '../../client/cli/src/explore-workers.ts';
import { type ExploreReply, exploreScenario } from '../../client/vscode/src/explore-worker.ts';
import { editorThreads } from '../../client/vscode/src/node-threads.ts';
import { type Exploration, elaborate, parse, profileNamed } from '../../sim-core/src/index.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

/** What the thread does instead of its work. */
const DEATHS: Readonly<Record<string, { body: string; options?: WorkerOptions }>> = {
  'throws an error': { body: "throw new Error('a cosmic ray')" },
  'ends the thread': { body: 'process.exit(3)' },
  'runs out of memory': {
    body: 'for (const all = []; ; ) all.push(new Array(1000).fill(all.length).map(String))',
    options: { resourceLimits: { maxOldGenerationSizeMb: 16 } },
  },
};
const TEXT = everyoneWritesEverything(4, 2);

type Said = Pick<Exploration, 'states' | 'complete' | 'limit'>;

const death = DEATHS[process.argv[2] ?? ''];
if (!death) throw new Error('no such death');
const folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-lost-thread-'));
const script = path.join(folder, 'deadly.mjs');
writeFileSync(
  script,
  `import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ kind }) => {
  if (kind !== 'tables') { ${death.body}; }
});
`,
);
const start = (): Worker => new Worker(script, death.options);
const said: Record<string, Said> = {};
for (const memory of ['shared', 'messages'] as const) {
  said[`command, ${memory}`] = await inCommand(memory);
  said[`editor, ${memory}`] = await inEditor(memory);
}
process.stdout.write(JSON.stringify(said));
await rm(folder, { recursive: true });

async function inCommand(memory: 'shared' | 'messages'): Promise<Said> {
  const { model } = elaborate(parse(TEXT), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error('the scenario has errors');
  const exploring = exploreWithWorkers(model, { memory }, 3, commandThreads(start));
  while (exploring.step()) if (exploring.waiting?.()) await exploring.wait?.();
  while (exploring.waiting?.()) await exploring.wait?.();
  exploring.close?.();
  return essence(exploring.result());
}

async function inEditor(memory: 'shared' | 'messages'): Promise<Said> {
  const replies: ExploreReply[] = [];
  await exploreScenario(
    {
      kind: 'explore',
      method: { kind: 'all' },
      text: TEXT,
      includes: {},
      kernel: 'v6.12',
      maxBytes: 2 ** 30,
      workers: 3,
      levelWorker: script,
    },
    {
      send: (reply) => void replies.push(reply),
      pause: () => new Promise(setImmediate),
      stop: new AbortController().signal,
      threads: { pool: () => editorThreads(start), memory, processors: 4 },
    },
  );
  const last = replies.at(-1);
  if (last?.kind !== 'explored') throw new Error(`the answer is ${last?.kind}`);
  return essence(last.report);
}

function essence({ states, complete, limit }: Said): Said {
  return { states, complete, ...(limit && { limit }) };
}
