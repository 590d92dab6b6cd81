/** Explore in the page's worker, by each method: all interleavings, few switches, random runs, or only an estimate. */
import {
  adviceText,
  counted,
  coverageText,
  Estimator,
  type ExplorationReport,
  estimateLines,
  exploringGraph,
  type Model,
  outcomesPicture,
  type Profile,
  reporting,
  Sampler,
  Search,
  verdictOf,
} from '@snoopscope/sim-core';
import type { ExploreMethod } from '@snoopscope/views/draw';
import { ended, type JobSurroundings, PAGE_LIMITS, paced, progressTeller } from './pace.ts';

type Drawn = Extract<ExploreMethod, { kind: 'random' }>;

/** While moves are learned one takes a thousand times as long as later: few of them, or a cancel waits for seconds. */
const SEARCH_MOVES = 64;
/** Sends an answer, unless it was cancelled. */
export async function exploredBy(
  method: ExploreMethod,
  model: Model,
  profile: Profile,
  around: JobSurroundings,
): Promise<void> {
  if (method.kind === 'estimate') {
    const estimator = new Estimator(model);
    if (!(await paced(() => estimator.step(), around))) return;
    const lines = estimateLines(estimator.result()).map(sentence);
    around.send({
      kind: 'estimated',
      lines: [`An estimate on ${profile.name}`, ...lines, 'Both are lower bounds; nothing was explored.'],
    });
    return;
  }
  const exploration = await (method.kind === 'random'
    ? drawn(method, model, around)
    : searched(method.kind === 'switches' ? method.most : undefined, model, around));
  if (!exploration) return;
  const shouldStop = around.cancelled;
  const slices = reporting(verdictOf(model, profile, exploration), { ...PAGE_LIMITS, shouldStop });
  const report = await ended(slices, around);
  if (!report) return;
  const graph = await ended(exploringGraph(model, report), around);
  around.send({ kind: 'explored', lines: linesOf(report), picture: outcomesPicture(report, graph) });
}

async function searched(maxSwitches: number | undefined, model: Model, around: JobSurroundings) {
  const search = new Search(model, { ...PAGE_LIMITS, ...(maxSwitches !== undefined && { maxSwitches }) });
  const tell = progressTeller(around);
  const done = await paced(
    () => search.step(SEARCH_MOVES),
    around,
    () => tell(search.progress()),
  );
  return done ? search.result() : undefined;
}

async function drawn({ runs, seed, pctDepth }: Drawn, model: Model, around: JobSurroundings) {
  const sampler = new Sampler(model, { runs, seed, ...(pctDepth !== undefined && { pctDepth }) });
  const tell = progressTeller(around, ({ frontier }) => {
    const share = 1 - frontier / runs;
    return { text: `${(runs - frontier).toLocaleString('en-US')} of ${counted(runs, 'run')}`, share };
  });
  const done = await paced(
    () => sampler.step(),
    around,
    () => tell(sampler.progress()),
  );
  return done ? sampler.result() : undefined;
}

/** What it came to, in sentences; the first is a heading. */
function linesOf(report: ExplorationReport): readonly string[] {
  const { states, transitions, limit, advice, sampling } = report;
  return [
    `${verdictWord(report)} on ${report.kernel}`,
    sentence(coverageText(report)),
    sampling
      ? `${counted(transitions, 'move')}.`
      : `${counted(states, 'state')}, ${counted(transitions, 'transition')}.`,
    ...(limit?.kind === 'states' || limit?.kind === 'bytes'
      ? ['The page stops there; the command has other limits.']
      : []),
    ...advice.map((each) => adviceText(each, { maxSwitches: (bound) => `“with few switches”, ${bound} at most` })),
  ];
}

/** Random runs prove nothing. */
function verdictWord({ passed, skipped, sampling }: ExplorationReport): string {
  if (skipped !== undefined) return `Skipped: ${skipped}`;
  if (passed === false) return 'FAILED';
  return passed ? 'As declared' : sampling ? 'Nothing proved' : 'Open';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
