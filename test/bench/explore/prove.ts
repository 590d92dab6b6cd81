/** Explores one scenario as the benchmark wants it and prints one JSON document: `prove FILE OPTIONS`. */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  checkpointPieces,
  decodeCheckpoint,
  type Exploration,
  type ExploreOptions,
  elaborate,
  type FromLevelWorker,
  type Model,
  ParallelSearch,
  parse,
  profileNamed,
  Search,
} from '../../../sim-core/src/index.ts';

const [file, options] = process.argv.slice(2) as [string, string];
const {
  workers = 1,
  checkpoint,
  ...own
} = JSON.parse(options) as ExploreOptions & {
  workers?: number;
  /** Saves the search when it is over to this file, and continues from it. */
  checkpoint?: string;
};
const profile = profileNamed('v6.12');
if (!profile) throw new Error('the profile of the scenarios is gone');
const model = fresh();
const began = performance.now();
const settings: ExploreOptions = { granularity: 'statement', maxBytes: 8 * 1024 ** 3, ...own };
const search = workers > 1 ? undefined : alone(model, settings);
const exploration = search?.result() ?? (await together(model, settings, workers));
const seconds = (performance.now() - began) / 1000;
const saved = search && checkpoint ? save(search, checkpoint) : undefined;
const { states, transitions, complete, bytes, maxDepth, outcomes, terms, findings, reductions, finals } = exploration;
process.stdout.write(
  JSON.stringify({
    seconds,
    states,
    transitions,
    complete,
    depth: maxDepth,
    finals,
    bytes,
    saved,
    residentMegabytes: process.resourceUsage().maxRSS / 1024,
    reductions,
    terms,
    outcomes: outcomes.map((o) => o.values.join(' ')),
    findings: findings.map((f) => ({
      finding: f.finding,
      occurrences: f.occurrences,
      length: f.schedule.reduce((sum, item) => sum + item.count, 0),
    })),
  }),
);

function fresh(): Model {
  const { model: made, diagnostics } = elaborate(parse(readFileSync(file, 'utf8')), { profile: profile! });
  if (!made) throw new Error(diagnostics[0]?.message);
  return made;
}

function alone(model: Model, options: ExploreOptions): Search {
  const search = new Search(model, options);
  while (search.step(1 << 16)) {
    // To the end, or to the limit that the options set.
  }
  return search;
}

/** Seconds to write and to read a checkpoint, to the disk and from it, and its bytes. */
function save(search: Search, file: string): { write: number; read: number; bytes: number } {
  const identity = { scenario: '', kernel: '', options: '', engine: '' };
  const before = performance.now();
  const handle = openSync(file, 'w');
  for (const piece of checkpointPieces(identity, search.checkpointData())) writeSync(handle, piece);
  fsyncSync(handle);
  closeSync(handle);
  const written = performance.now();
  const bytes = readFileSync(file);
  const again = new Search(fresh(), settings);
  again.restore(decodeCheckpoint(bytes, identity));
  const read = performance.now();
  if (again.progress().states !== search.progress().states) throw new Error('states were lost on the way');
  return { write: (written - before) / 1000, read: (read - written) / 1000, bytes: bytes.length };
}

async function together(model: Model, options: ExploreOptions, count: number): Promise<Exploration> {
  const threads = Array.from({ length: count - 1 }, () => new Worker(new URL('./prove-worker.mjs', import.meta.url)));
  try {
    return await new Promise((resolve, reject) => {
      const search = new ParallelSearch(
        model,
        options,
        threads.map((thread) => ({ post: (message, transfer) => thread.postMessage(message, transfer) })),
        () => advance(),
      );
      const advance = (): void => {
        while (!search.waiting && search.step(1 << 16)) {
          // Alone while levels are small.
        }
        if (!search.waiting) resolve(search.result());
      };
      threads.forEach((thread, index) => {
        thread.on('message', (answer: FromLevelWorker) => search.receive(index, answer));
        thread.on('error', reject);
      });
      advance();
    });
  } finally {
    // They end with the process.
    for (const thread of threads) thread.unref();
  }
}
