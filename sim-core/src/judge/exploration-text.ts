/** What an exploration looked at, and how much there is to look at, in sentences: the command and the editor say the same. */
import { counted } from '../counted.ts';
import type { Fingerprinting, SamplingResult } from '../explore/exploration.ts';
import type { Estimate } from '../explore/random/estimate.ts';
import type { ExplorationReport } from './report.ts';

/** What is known, and of what. `depthOption`: what raises the limit that cut runs off, `--max-depth`. */
export function coverageText(report: ExplorationReport, depthOption?: string): string {
  const { complete, granularity, finals, frontier, sampling, fingerprints, switches } = report;
  const what = unitsOf(granularity);
  const ends = counted(finals, 'final state');
  if (sampling) {
    const how = sampling.pctDepth === undefined ? 'uniformly' : `by PCT of depth ${sampling.pctDepth}`;
    return `${counted(sampling.runs, 'run')} of ${what}, drawn ${how} from seed ${sampling.seed}; ${finals} ended${cutText(sampling, depthOption)}`;
  }
  if (complete && fingerprints) return `all interleavings of ${what}, ${ends}, ${missText(fingerprints)}`;
  if (complete) return `all interleavings of ${what}, ${ends}`;
  if (switches && switches.completed >= 0) {
    const most = counted(switches.completed, 'switch');
    const beyond =
      switches.completed < switches.asked ? `, and some of those with more, of the ${switches.asked} asked for` : '';
    return `all interleavings of ${what} with at most ${most}${beyond}: ${ends}; nothing is proved about those with more`;
  }
  return `some interleavings of ${what}: ${ends} so far, ${counted(frontier, 'state')} still to be continued`;
}

/** Nothing is proved by fingerprints without this number. */
export function missText({ bits, missProbability }: Fingerprinting): string {
  return `but for a probability of at most ${missProbability.toPrecision(2)} that two states shared a ${bits}-bit fingerprint`;
}

/** Probes saw most of the states when they saw this share of what is estimated. */
const MOST = 0.8;

/** How many states and orders of moves there are at least. */
export function estimateLines({ granularity, probes, cut, executions, states }: Estimate): string[] {
  const { atLeast, deviation, seen } = states;
  const trust =
    seen >= MOST * atLeast
      ? 'most of these were seen; states that random runs rarely reach may double the number'
      : 'few of them were seen, so there may be many times as many';
  return [
    `at least ${counted(Math.round(atLeast), 'state')} (± ${Math.round(deviation)}) without reduction: ${trust}`,
    `about 10^${executions.log10.toFixed(1)} orders of ${unitsOf(granularity)}${cut > 0 ? ', as far as they were followed' : ''}`,
    `estimated from ${counted(probes, 'random run')}, which met ${counted(seen, 'state')}`,
  ];
}

function unitsOf(granularity: Estimate['granularity']): string {
  return granularity === 'micro' ? 'micro-steps' : 'statements';
}

/** If runs did not end by themselves, the user wants to know what ended them. */
function cutText({ cut }: SamplingResult, depthOption: string | undefined): string {
  if (!cut) return '';
  const way = depthOption === undefined ? '' : ` (${depthOption})`;
  return `, ${cut.runs} ${cut.runs === 1 ? 'was' : 'were'} cut off after ${counted(cut.moves, 'move')}${way}`;
}
