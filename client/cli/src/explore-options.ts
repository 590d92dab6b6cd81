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
import { MAX_MEGABYTES, maxBytesOf } from './check-options.ts';
import {
  ANY_FILES,
  type CommandOption,
  FORMAT,
  GRANULARITY,
  type Invocation,
  KERNEL,
  type ShellOffer,
} from './commands/command.ts';
import { Failure } from './failure.ts';

const DEFAULT_MAX_STATES = 50_000_000;
const DEFAULT_SEED = 1;
/** Runs, and shares of them, have numbers of 32 bits. */
const MOST_RUNS = 2 ** 32;
const MOST_PCT_DEPTH = 1000;
/** A larger bound does not bound anything. */
const MOST_SWITCHES = 1000;
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
const FINDING_LIST: ShellOffer = { list: () => FINDING_WORDS };

/** The name of a reduction that --without takes. */
export function reductionName(key: keyof Reductions): string {
  return REDUCTION_NAMES.find((name) => REDUCTIONS.get(name) === key) ?? key;
}

export const EXPLORE_OPTIONS: readonly CommandOption[] = [
  { ...KERNEL, doc: `${KERNEL.doc} Default: the scenario's \`kernel\` line, else the newest.` },
  GRANULARITY,
  {
    name: 'max-states',
    value: 'N',
    doc: `Limit the search to N states. Default: ${DEFAULT_MAX_STATES.toLocaleString('en-US')}.`,
  },
  { name: 'max-seconds', value: 'S', doc: 'Limit the search to S seconds.' },
  MAX_MEGABYTES,
  { name: 'max-depth', value: 'N', doc: 'Limit the search to N moves after setup.' },
  {
    name: 'max-switches',
    value: 'N',
    doc: 'Limit the search to interleavings with at most N switches, fewest first. A switch preempts an actor that could continue, or lets the environment act while an actor can move. Nothing is proved beyond N.',
  },
  {
    name: 'stop-on',
    value: 'FINDINGS',
    offers: FINDING_LIST,
    doc: 'Stop at the first of these findings and exit with 1: `stale-read,deadlock`, or `all`. Default: count findings and continue.',
  },
  { name: 'ignore', value: 'FINDINGS', offers: FINDING_LIST, doc: 'Ignore these findings.' },
  { name: 'no-reduction', doc: 'Visit every state, including those that a reduction would merge or skip.' },
  {
    name: 'without',
    value: 'REDUCTIONS',
    offers: { list: () => REDUCTION_NAMES },
    doc: `Disable some reductions, separated by commas: ${listed(REDUCTION_NAMES)}.`,
  },
  {
    name: 'estimate',
    doc: 'Estimate the number of states and of interleavings from up to 1000 random runs, and stop. Both are lower bounds.',
  },
  { name: 'workers', value: 'N', doc: 'Explore with N threads. Default: 1.' },
  {
    name: 'fingerprint',
    doc: 'Store a 64-bit hash of each state instead of the state. Takes less memory; the result reports the probability that a state was missed.',
  },
  {
    name: 'checkpoint',
    value: 'CP',
    offers: ANY_FILES,
    doc: 'Save progress to CP every 30 seconds and on exit; resume from CP if it exists. Only limits and --workers may differ from the call that wrote it; --max-switches is given in both or in neither.',
  },
  { name: 'random', value: 'N', doc: 'Sample N random runs instead of searching exhaustively.' },
  { name: 'seed', value: 'S', doc: `Seed of the random numbers, 0 to ${MAX_SEED}. Default: ${DEFAULT_SEED}.` },
  { name: 'pct', value: 'DEPTH', doc: 'With --random: sample by PCT, for bugs that need DEPTH ordering constraints.' },
  { name: 'shard', value: 'I/N', doc: 'With --random: take share I of N of the runs.' },
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

export function exploreRequestOf(call: Invocation): ExploreRequest {
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

function exploreOptionsOf(call: Invocation): ExploreOptions {
  const granularity = call.text('granularity') as Granularity | undefined;
  const maxDepth = call.count('max-depth');
  const maxSwitches = maxSwitchesOf(call);
  const { stopOn, ignore } = findingsOf(call);
  return {
    maxStates: call.count('max-states') ?? DEFAULT_MAX_STATES,
    maxBytes: maxBytesOf(call),
    findings: {
      ...Object.fromEntries(ignore.map((finding) => [finding, 'ignore'])),
      ...Object.fromEntries(stopOn.map((finding) => [finding, 'stop'])),
    },
    // --stop-on asks for the nearest finding, which persistent sets may skip.
    reduction: { ...(stopOn.length > 0 && { partialOrder: false }), ...reductionOf(call) },
    ...(granularity && { granularity }),
    ...(maxDepth !== undefined && { maxDepth }),
    ...(maxSwitches !== undefined && { maxSwitches }),
    ...(call.flag('fingerprint') && { fingerprint: true }),
  };
}

/** Switches, of which none is a number too. */
function maxSwitchesOf(call: Invocation): number | undefined {
  const text = call.text('max-switches');
  if (text === undefined) return undefined;
  const switches = Number(text.replaceAll('_', ''));
  if (/^\d[\d_]*$/.test(text) && switches <= MOST_SWITCHES) return switches;
  throw new Failure(`--max-switches takes a whole number from 0 to ${MOST_SWITCHES}, found \`${text}\`.`, {
    code: 'not-a-count',
  });
}

function sampleOptionsOf(call: Invocation, explore: ExploreOptions): SampleOptions | undefined {
  const runs = call.count('random', MOST_RUNS);
  const pctDepth = call.count('pct', MOST_PCT_DEPTH);
  const shard = call.text('shard');
  if (runs !== undefined) {
    const seed = seedOf(call.text('seed'));
    return { ...explore, runs, seed, ...(pctDepth !== undefined && { pctDepth }), ...shardOf(shard) };
  }
  const idle = ['seed', 'pct', 'shard'].find((option) => call.text(option) !== undefined);
  if (idle === undefined) return undefined;
  throw new Failure(`--${idle} needs --random: --random 1000 --${idle} ….`, {
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

function reductionOf(call: Invocation): Partial<Reductions> {
  if (call.flag('no-reduction')) return NO_REDUCTION;
  const names = wordsOf(call, 'without', REDUCTION_NAMES);
  return Object.fromEntries(names.map((name) => [REDUCTIONS.get(name)!, false]));
}

/** `all` in one list excludes what the other names. */
function findingsOf(call: Invocation): { readonly stopOn: readonly Finding[]; readonly ignore: readonly Finding[] } {
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
  {
    option: 'max-switches',
    others: ['random', 'estimate'],
    why: 'neither runs at random nor an estimate of all states know that bound',
  },
  { option: 'max-switches', others: ['max-depth'], why: 'a search by switches does not go by the length of paths' },
  {
    option: 'max-switches',
    others: ['fingerprint'],
    why: 'a search by switches reaches its states twice, and fingerprints keep none',
  },
  { option: 'max-switches', others: ['workers'], why: 'a search by switches runs on one thread' },
  { option: 'no-reduction', others: ['without'], why: 'the first switches off all of them' },
];

/** Reductions that a search with another option never uses: `--without` one of them changes nothing. */
const UNUSED_REDUCTIONS: readonly {
  readonly option: string;
  readonly names: readonly string[];
  readonly why: string;
}[] = [
  {
    option: 'max-switches',
    names: ['partial-order', 'sleep-sets'],
    why: 'a search by switches uses neither persistent nor sleep sets',
  },
  { option: 'stop-on', names: ['partial-order'], why: 'a search for the nearest finding uses no persistent sets' },
];

/** Options that would be of no effect beside another one. */
function refuseIdle(call: Invocation): void {
  for (const { option, names, why } of UNUSED_REDUCTIONS) {
    const without = call.flag(option) ? wordsOf(call, 'without', REDUCTION_NAMES) : [];
    const unused = without.find((name) => names.includes(name));
    if (unused === undefined) continue;
    throw new Failure(`--${option} and --without ${unused} do not go together: ${why}.`, {
      code: 'options-exclude-each-other',
    });
  }
  for (const { option, others, why } of EXCLUSIONS) {
    const idle = call.flag(option) ? others.find((other) => call.flag(other)) : undefined;
    if (idle === undefined) continue;
    throw new Failure(`--${option} and --${idle} do not go together: ${why}.`, { code: 'options-exclude-each-other' });
  }
}

function wordsOf(call: Invocation, option: string, known: readonly string[]): string[] {
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
