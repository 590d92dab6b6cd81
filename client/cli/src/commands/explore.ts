/** `snoopscope explore FILE`: what can happen, over all interleavings of one kernel, or over random ones. */
import {
  type Exploration,
  type ExploreOptions,
  type Finding,
  FINDINGS,
  type Granularity,
  type Model,
  Sampler,
  Search,
  SLICE_MOVES,
  shortestSchedule,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type Described, describe, exitCodeOf, printExploration } from '../explore-text.ts';
import { Failure } from '../failure.ts';
import { pause } from '../io.ts';
import { FORMAT_VERSION } from '../json.ts';
import { ownProfile, profileOf } from '../kernels.ts';
import { modelOf, readScenario } from '../scenario-file.ts';
import { type Call, type Command, FORMAT, GRANULARITY, KERNEL } from './command.ts';

export const explore: Command = {
  name: 'explore',
  summary: 'Show every outcome of a scenario, over all interleavings of one kernel or over random runs.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  description: [
    'Visits every state that the scenario can reach and prints, for each condition, its verdict with the number of outcomes for and against it; the outcomes themselves, each with a schedule that leads there; and the findings with a shortest schedule. `run --schedule` and the debugger replay a schedule.',
    'The reductions visit fewer states and keep verdicts and outcomes; --no-reduction visits all, and --without switches single ones off. When a limit ends the search, what is known is printed and the exit code is 3.',
    'With --random, runs are drawn instead, uniformly or by PCT; a seed gives the same runs again, and --shard divides them among machines. `snoopscope merge` puts the JSON results together.',
    'FILE may be - for standard input.',
  ],
  options: [
    { ...KERNEL, doc: `${KERNEL.doc} Without it the one of the scenario's \`kernel\` line, else the newest release.` },
    GRANULARITY,
    { name: 'max-states', value: 'N', doc: 'Stop after this many states.' },
    { name: 'max-megabytes', value: 'N', doc: 'Stop when the states take this much memory; 1024 without it.' },
    { name: 'max-seconds', value: 'S', doc: 'Stop after this many seconds.' },
    { name: 'max-depth', value: 'N', doc: 'Look no further than this many moves behind the setup.' },
    { name: 'stop', value: 'FINDINGS', doc: 'Stop at the first of these findings: `stale-read,deadlock`, or `all`.' },
    { name: 'ignore', value: 'FINDINGS', doc: 'Do not look for these findings.' },
    { name: 'no-reduction', doc: 'Visit every state.' },
    {
      name: 'without',
      value: 'REDUCTIONS',
      doc: 'Switch off single reductions: partial-order, sleep, symmetry, dead-state, versions.',
    },
    { name: 'random', value: 'N', doc: 'Draw N runs instead of visiting everything.' },
    { name: 'seed', value: 'S', doc: 'Where the random numbers begin; 1 without it.' },
    { name: 'pct', value: 'DEPTH', doc: 'Draw by PCT, for bugs that need DEPTH ordering constraints.' },
    { name: 'shard', value: 'I/N', doc: 'Take only the Ith of N shares of the random runs.' },
    FORMAT,
  ],
  examples: [
    { line: 'explore scenarios/wbinvd/local-cpu-not-flushed.snoop --kernel v5.11', about: 'Every outcome on v5.11.' },
    { line: 'explore a.snoop --stop stale-read', about: 'The shortest way to a stale read.' },
    { line: 'explore a.snoop --random 100000 --pct 3 --seed 7', about: 'A hundred thousand runs by PCT.' },
  ],
  async run(call) {
    const file = await readScenario(call.io, call.operands[0] as string);
    const kernel = call.text('kernel');
    const profile = kernel === undefined ? ownProfile(file) : profileOf(kernel);
    const model = modelOf(file, profile);
    const options = optionsOf(call);
    const began = performance.now();
    const exploration = call.count('random') === undefined ? await visit(call, model, options) : await draw(call, model, options);
    const seconds = (performance.now() - began) / 1000;
    const described = describe(model, exploration, shortened(call, model, exploration, options));
    const exitCode: ExitCode = call.io.interrupt.aborted ? EXIT.interrupted : exitCodeOf(exploration);
    if (call.format === 'json') call.printJson(documentOf(file.name, profile.name, described, exploration, seconds, exitCode));
    else printExploration(call, { file: file.name, kernel: profile.name, exploration, described, seconds });
    return exitCode;
  },
};

const REDUCTION_NAMES = { 'partial-order': 'partialOrder', sleep: 'sleep', symmetry: 'symmetry', 'dead-state': 'deadState', versions: 'versions' } as const;
const DEFAULT_MEGABYTES = 1024;

function optionsOf(call: Call): ExploreOptions {
  const granularity = call.text('granularity') as Granularity | undefined;
  const maxStates = call.count('max-states');
  const maxDepth = call.count('max-depth');
  const stop = findingsOf(call, 'stop');
  const ignore = findingsOf(call, 'ignore');
  const without = wordsOf(call, 'without', Object.keys(REDUCTION_NAMES));
  const off = call.flag('no-reduction') ? Object.keys(REDUCTION_NAMES) : without;
  return {
    maxBytes: (call.count('max-megabytes') ?? DEFAULT_MEGABYTES) * 1024 * 1024,
    findings: Object.fromEntries([...stop.map((f) => [f, 'stop'] as const), ...ignore.map((f) => [f, 'ignore'] as const)]),
    reduction: {
      // Who wants the first finding wants the nearest one, and persistent sets do not keep that.
      ...(stop.length > 0 ? { partialOrder: false } : {}),
      ...Object.fromEntries(off.map((name) => [REDUCTION_NAMES[name as keyof typeof REDUCTION_NAMES], false])),
    },
    ...(granularity && { granularity }),
    ...(maxStates !== undefined && { maxStates }),
    ...(maxDepth !== undefined && { maxDepth }),
  };
}

function findingsOf(call: Call, option: string): Finding[] {
  const words = wordsOf(call, option, [...FINDINGS, 'all']);
  return words.includes('all') ? [...FINDINGS] : (words as Finding[]);
}

function wordsOf(call: Call, option: string, known: readonly string[]): string[] {
  const words = (call.text(option) ?? '').split(',').filter((word) => word !== '');
  for (const word of words) {
    if (known.includes(word)) continue;
    throw new Failure(`--${option} does not know \`${word}\`: it takes ${known.join(', ')}.`, { code: `unknown-${option}` });
  }
  return words;
}

/** How long one slice may take: a cancel is looked at between two. */
const SLICE_MS = 40;
const FIRST_PROGRESS_MS = 1000;
const FURTHER_PROGRESS_MS = 5000;

interface Stepping {
  readonly step: () => boolean;
  readonly stop: () => void;
  readonly tell: () => string;
}

async function inSlices(call: Call, work: Stepping): Promise<void> {
  const began = performance.now();
  const maxSeconds = call.count('max-seconds');
  let told = began + FIRST_PROGRESS_MS;
  for (let goesOn = true; goesOn; ) {
    const until = performance.now() + SLICE_MS;
    while (goesOn && performance.now() < until) goesOn = work.step();
    const now = performance.now();
    if (call.io.interrupt.aborted || (maxSeconds !== undefined && now - began > maxSeconds * 1000)) {
      work.stop();
      return;
    }
    if (now > told && call.format === 'text') {
      call.remark(work.tell());
      told = now + FURTHER_PROGRESS_MS;
    }
    await pause();
  }
}

async function visit(call: Call, model: Model, options: ExploreOptions): Promise<Exploration> {
  const search = new Search(model, options);
  const began = performance.now();
  await inSlices(call, {
    step: () => search.step(SLICE_MOVES),
    stop: () => search.stop({ kind: 'stopped' }),
    tell: () => {
      const { states, frontier, depth, bytes } = search.progress();
      const rate = Math.round(states / ((performance.now() - began) / 1000));
      return `${states} states, ${rate} a second, ${frontier} to be continued, depth ${depth}, ${Math.round(bytes / 1024 / 1024)} MB`;
    },
  });
  return search.result();
}

async function draw(call: Call, model: Model, options: ExploreOptions): Promise<Exploration> {
  const runs = call.count('random') as number;
  const pctDepth = call.count('pct');
  const share = shardOf(call.text('shard'));
  const sampler = new Sampler(model, { ...options, ...share, runs, seed: call.count('seed') ?? 1, ...(pctDepth !== undefined && { pctDepth }) });
  let done = 0;
  await inSlices(call, {
    step: () => {
      done++;
      return sampler.step();
    },
    stop: () => sampler.stop({ kind: 'stopped' }),
    tell: () => `${done} of ${Math.ceil(runs / (share.shards ?? 1))} runs`,
  });
  return sampler.result();
}

function shardOf(text: string | undefined): { shard?: number; shards?: number } {
  if (text === undefined) return {};
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = Number(i);
  const shards = Number(n);
  if (shard >= 1 && shard <= shards) return { shard: shard - 1, shards };
  throw new Failure(`--shard takes a share and their number, 1/4 to 4/4, found \`${text}\`.`, { code: 'not-a-shard' });
}

/** Findings and violated conditions get a schedule with as few moves and changes of the actor as possible. */
function shortened(call: Call, model: Model, exploration: Exploration, options: ExploreOptions): Parameters<typeof describe>[2] {
  const bounded: ExploreOptions = { ...options, shouldStop: () => call.io.interrupt.aborted };
  return {
    findings: exploration.findings.map((f) => shortestSchedule(model, exploration, { kind: 'finding', finding: f.finding }, bounded)),
    conditions: exploration.conditions.map((_, index) => shortestSchedule(model, exploration, { kind: 'condition', index }, bounded)),
  };
}

function documentOf(file: string, kernel: string, described: Described, exploration: Exploration, seconds: number, exitCode: ExitCode): object {
  const { granularity, complete, limit, sampling, states, transitions, maxDepth, bytes, finals, reductions } = exploration;
  return {
    format: FORMAT_VERSION,
    file,
    kernel,
    passed: exitCode === EXIT.fine,
    seconds: Math.round(seconds * 1000) / 1000,
    granularity,
    complete,
    ...(limit ? { limit } : {}),
    ...(sampling ? { sampling } : {}),
    states,
    transitions,
    depth: maxDepth,
    bytes,
    finals,
    reductions,
    ...described,
    // What `merge` reads; schedules in it are moves by number.
    exploration,
  };
}

