/** The options of `explore`, and what they mean to the explorer. */
import {
  ALL_REDUCTIONS,
  type ExploreOptions,
  FINDINGS,
  type Finding,
  type Granularity,
  MAX_SEED,
  NO_REDUCTION,
  type Reductions,
  type SampleOptions,
} from '@snoopscope/sim-core';
import { listed } from './arguments.ts';
import { ANY_FILES, type Call, FORMAT, GRANULARITY, KERNEL, type Offer, type OptionSpec } from './commands/command.ts';
import { Failure } from './failure.ts';

const DEFAULT_MAX_STATES = 50_000_000;
/** Beside the heap of the process this fits on any machine that runs an editor. */
const DEFAULT_MEGABYTES = 1024;
const DEFAULT_SEED = 1;
/** Runs, and shares of them, have numbers of 32 bits. */
const MOST_RUNS = 2 ** 32;
const MOST_PCT_DEPTH = 1000;
/** Each thread takes memory and time to start; more of them than processors gain nothing. */
const MOST_WORKERS = 64;

/** `partial-order` → the member of the record. */
const REDUCTIONS: ReadonlyMap<string, keyof Reductions> = new Map(
  Object.keys(ALL_REDUCTIONS).map((key) => [
    key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    key as keyof Reductions,
  ]),
);
const REDUCTION_NAMES = [...REDUCTIONS.keys()];
const FINDING_WORDS: readonly string[] = [...FINDINGS, 'all'];
const FINDING_LIST: Offer = { list: () => FINDING_WORDS };

/** The name of a reduction that --without takes. */
export function reductionName(key: keyof Reductions): string {
  return REDUCTION_NAMES.find((name) => REDUCTIONS.get(name) === key) ?? key;
}

export const EXPLORE_OPTIONS: readonly OptionSpec[] = [
  { ...KERNEL, doc: `${KERNEL.doc} Without it, what the scenario's \`kernel\` line says, else the newest.` },
  GRANULARITY,
  { name: 'max-states', value: 'N', doc: `Stop after this many states; ${DEFAULT_MAX_STATES} without it.` },
  { name: 'max-seconds', value: 'S', doc: 'Stop after this many seconds.' },
  {
    name: 'max-megabytes',
    value: 'N',
    doc: `Stop when the states take more memory than this; ${DEFAULT_MEGABYTES} without it.`,
  },
  { name: 'max-depth', value: 'N', doc: 'Look no further than this many moves behind the setup.' },
  {
    name: 'stop-on',
    value: 'FINDINGS',
    offers: FINDING_LIST,
    doc: 'Stop at the first of these findings, with exit code 1: `stale-read,deadlock`, or `all`. Without it, findings are counted.',
  },
  { name: 'ignore', value: 'FINDINGS', offers: FINDING_LIST, doc: 'Do not look for these findings.' },
  { name: 'no-reduction', doc: 'Visit every state, and tell apart also those that come to the same.' },
  {
    name: 'without',
    value: 'REDUCTIONS',
    offers: { list: () => REDUCTION_NAMES },
    doc: `Switch off single reductions, with commas between: ${listed(REDUCTION_NAMES)}.`,
  },
  {
    name: 'estimate',
    doc: 'Only estimate how many states and how many orders of moves there are; a lower bound, from up to 1000 random runs.',
  },
  { name: 'workers', value: 'N', doc: 'Expand large levels of states with this many threads; 1 without it.' },
  {
    name: 'fingerprint',
    doc: 'Keep 64 bits of each state instead of the state: less memory, and a probability that a state was missed, which stands in the result.',
  },
  {
    name: 'checkpoint',
    value: 'CP',
    offers: ANY_FILES,
    doc: 'Write how far it is to the file CP, every 30 seconds and at the end, and go on from it if it is there. Limits and --workers may differ from call to call, nothing else.',
  },
  { name: 'random', value: 'N', doc: 'Draw N runs instead of visiting everything.' },
  { name: 'seed', value: 'S', doc: `Where the random numbers begin: 0 to ${MAX_SEED}; ${DEFAULT_SEED} without it.` },
  { name: 'pct', value: 'DEPTH', doc: 'With --random: draw by PCT, for bugs that need DEPTH ordering constraints.' },
  { name: 'shard', value: 'I/N', doc: 'With --random: take only the Ith of N shares of the runs.' },
  FORMAT,
];

export interface ExploreRequest {
  readonly explore: ExploreOptions;
  readonly maxSeconds: number | undefined;
  /** Set when runs are to be drawn. */
  readonly sample: SampleOptions | undefined;
  /** Threads that share the work. */
  readonly workers: number;
  /** The file that the exploration is kept in. */
  readonly checkpoint: string | undefined;
}

export function exploreRequestOf(call: Call): ExploreRequest {
  refuseIdle(call);
  const explore = exploreOptionsOf(call);
  return {
    explore,
    maxSeconds: call.count('max-seconds'),
    sample: sampleOptionsOf(call, explore),
    workers: call.count('workers', MOST_WORKERS) ?? 1,
    checkpoint: call.text('checkpoint'),
  };
}

function exploreOptionsOf(call: Call): ExploreOptions {
  const granularity = call.text('granularity') as Granularity | undefined;
  const maxDepth = call.count('max-depth');
  const { stopOn, ignore } = findingsOf(call);
  return {
    maxStates: call.count('max-states') ?? DEFAULT_MAX_STATES,
    maxBytes: (call.count('max-megabytes') ?? DEFAULT_MEGABYTES) * 1024 ** 2,
    findings: {
      ...Object.fromEntries(ignore.map((finding) => [finding, 'ignore'])),
      ...Object.fromEntries(stopOn.map((finding) => [finding, 'stop'])),
    },
    // Who wants the first finding wants the nearest one, and persistent sets do not keep that.
    reduction: { ...(stopOn.length > 0 && { partialOrder: false }), ...reductionOf(call) },
    ...(granularity && { granularity }),
    ...(maxDepth !== undefined && { maxDepth }),
    ...(call.flag('fingerprint') && { fingerprint: true }),
  };
}

function sampleOptionsOf(call: Call, explore: ExploreOptions): SampleOptions | undefined {
  const runs = call.count('random', MOST_RUNS);
  const pctDepth = call.count('pct', MOST_PCT_DEPTH);
  const shard = call.text('shard');
  if (runs !== undefined) {
    const seed = seedOf(call.text('seed'));
    return { ...explore, runs, seed, ...(pctDepth !== undefined && { pctDepth }), ...shardOf(shard) };
  }
  const idle = ['seed', 'pct', 'shard'].find((option) => call.text(option) !== undefined);
  if (idle === undefined) return undefined;
  throw new Failure(`--${idle} says how runs are drawn, and without --random none are: --random 1000 --${idle} ….`, {
    code: 'missing-option',
  });
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SEED;
  const seed = Number(text.replaceAll('_', ''));
  if (/^\d[\d_]*$/.test(text) && seed <= MAX_SEED) return seed;
  throw new Failure(`--seed takes a whole number from 0 to ${MAX_SEED}, found \`${text}\`.`, { code: 'not-a-seed' });
}

/** `I/N` as a share (from 0) and their number; nothing when it was not given. */
export function shardOf(text: string | undefined): { shard?: number; shards?: number } {
  if (text === undefined) return {};
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [shard, shards] = [Number(i), Number(n)];
  if (shard >= 1 && shard <= shards && shards <= MOST_RUNS) return { shard: shard - 1, shards };
  throw new Failure(`--shard takes a share and their number, 1/4 to 4/4, found \`${text}\`.`, { code: 'not-a-shard' });
}

function reductionOf(call: Call): Partial<Reductions> {
  if (call.flag('no-reduction')) return NO_REDUCTION;
  const names = wordsOf(call, 'without', REDUCTION_NAMES);
  return Object.fromEntries(names.map((name) => [REDUCTIONS.get(name) as keyof Reductions, false]));
}

/** `all` in one list leaves to the other what stands there by name. */
function findingsOf(call: Call): { readonly stopOn: readonly Finding[]; readonly ignore: readonly Finding[] } {
  const [stop, ignored] = [wordsOf(call, 'stop-on', FINDING_WORDS), wordsOf(call, 'ignore', FINDING_WORDS)];
  const both = stop.find((word) => ignored.includes(word));
  if (both !== undefined) {
    throw new Failure(`--stop-on and --ignore both name \`${both}\`: it is one or the other.`, {
      code: 'options-exclude-each-other',
    });
  }
  const without = (words: readonly string[], others: readonly string[]): readonly Finding[] =>
    words.includes('all') ? FINDINGS.filter((finding) => !others.includes(finding)) : (words as Finding[]);
  return { stopOn: without(stop, ignored), ignore: without(ignored, stop) };
}

interface Exclusion {
  readonly option: string;
  readonly others: readonly string[];
  readonly why: string;
}

const EXCLUSIONS: readonly Exclusion[] = [
  {
    option: 'random',
    others: ['fingerprint', 'no-reduction', 'without', 'max-states', 'max-megabytes'],
    why: 'runs that are drawn keep no states',
  },
  { option: 'random', others: ['workers'], why: 'one thread draws all runs; --shard divides them among machines' },
  {
    option: 'estimate',
    others: ['random', 'workers', 'checkpoint', 'fingerprint', 'stop-on', 'ignore'],
    why: 'an estimate explores nothing',
  },
  {
    option: 'estimate',
    others: ['no-reduction', 'without', 'max-states', 'max-megabytes', 'max-depth'],
    why: 'an estimate is of all states without reduction, and keeps none',
  },
  { option: 'no-reduction', others: ['without'], why: 'the first switches off all of them' },
];

/** Options that would be of no effect beside another one. */
function refuseIdle(call: Call): void {
  for (const { option, others, why } of EXCLUSIONS) {
    const idle = call.flag(option) ? others.find((other) => call.flag(other)) : undefined;
    if (idle === undefined) continue;
    throw new Failure(`--${option} and --${idle} do not go together: ${why}.`, { code: 'options-exclude-each-other' });
  }
}

function wordsOf(call: Call, option: string, known: readonly string[]): string[] {
  const text = call.text(option);
  const words = (text ?? '').split(',').filter((word) => word !== '');
  if (text !== undefined && words.length === 0) {
    throw new Failure(`--${option} names nothing; it takes ${listed(known)}.`, { code: 'missing-value' });
  }
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined) return words;
  throw new Failure(`--${option} does not know \`${unknown}\`; it takes ${listed(known)}.`, {
    code: `unknown-${option}`,
  });
}
