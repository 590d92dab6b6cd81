/** Explores one scenario as the benchmark wants it and prints one JSON document: `prove FILE OPTIONS`. */
import { readFileSync } from 'node:fs';
import { elaborate, type ExploreOptions, parse, profileNamed, Search } from '../../../sim-core/src/index.ts';

const [file, options] = process.argv.slice(2) as [string, string];
const profile = profileNamed('v6.12');
if (!profile) throw new Error('the profile of the scenarios is gone');
const { model, diagnostics } = elaborate(parse(readFileSync(file, 'utf8')), { profile });
if (!model) throw new Error(diagnostics[0]?.message);
const began = performance.now();
const search = new Search(model, { granularity: 'statement', maxBytes: 8 * 1024 ** 3, ...(JSON.parse(options) as ExploreOptions) });
while (search.step(1 << 16)) {
  // To the end, or to the limit that the options set.
}
const seconds = (performance.now() - began) / 1000;
const { states, transitions, complete, bytes, maxDepth, outcomes, terms, findings, reductions, finals } = search.result();
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
    findings: findings.map((f) => ({ finding: f.finding, occurrences: f.occurrences, length: f.schedule.reduce((sum, item) => sum + item.count, 0) })),
  }),
);
