/** Explores one scenario as the benchmark wants it and prints one JSON document: `prove FILE OPTIONS`. */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
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
const { workers = 1, ...own } = JSON.parse(options) as ExploreOptions & { workers?: number };
const profile = profileNamed('v6.12');
if (!profile) throw new Error('the profile of the scenarios is gone');
const { model, diagnostics } = elaborate(parse(readFileSync(file, 'utf8')), { profile });
if (!model) throw new Error(diagnostics[0]?.message);
const began = performance.now();
const settings: ExploreOptions = { granularity: 'statement', maxBytes: 8 * 1024 ** 3, ...own };
const exploration = workers > 1 ? await together(model, settings, workers) : alone(model, settings);
const seconds = (performance.now() - began) / 1000;
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

function alone(model: Model, options: ExploreOptions): Exploration {
  const search = new Search(model, options);
  while (search.step(1 << 16)) {
    // To the end, or to the limit that the options set.
  }
  return search.result();
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
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
