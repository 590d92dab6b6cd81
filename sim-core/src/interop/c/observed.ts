/**
 * What exported programs print: calls with their results, or a histogram of outcomes. SPIN's search of an exported model
 * prints a histogram, too. Console lines around it are skipped.
 */

export type ObservedOutput =
  | ObservedCalls
  | ObservedHistogram
  /** Nothing was observed, or a part of the log is missing. */
  | { readonly kind: 'skipped' | 'cut'; readonly why: string };

/** What a log says about kernels. */
export interface ObservedKernel {
  /** The release that it ran on, as uname(2) says it. */
  readonly kernel?: string;
  /** The profile that the program was made for. */
  readonly madeFor?: string;
}

export interface ObservedCalls extends ObservedKernel {
  readonly kind: 'calls';
  readonly calls: readonly ObservedCall[];
  /** Why the program gave up, when it did. */
  readonly bailedOut?: string;
  /** How many tests its plan has. */
  readonly planned?: number;
  /** How many tests have a result. */
  readonly tested: number;
}

export interface ObservedCall {
  /** Counting from 1, as the program prints it. */
  readonly line: number;
  readonly actor: string;
  readonly text: string;
  /** Negative for an errno. */
  readonly result: number;
}

export interface ObservedHistogram extends ObservedKernel {
  readonly kind: 'histogram';
  /** Of each run; SPIN prints none. */
  readonly titles: readonly string[];
  readonly terms: readonly string[];
  readonly outcomes: readonly { readonly values: readonly string[]; readonly count: number }[];
  /** Rounds of which nothing is known: they did not end, ended before their outcome, or had one too many to list. */
  readonly unfinished: number;
  /** Set when SPIN printed it. */
  readonly spin?: SpinSearch;
}

export interface SpinSearch {
  /** It visited every state. */
  readonly exhaustive: boolean;
  /** It came to what the model lacks. */
  readonly notLearned: boolean;
  /** Findings, each as its word and, unless the environment made it, ` line N`. */
  readonly findings: readonly string[];
}

const CALL = /^# (\d+) ([^\s:]+): (.*) = (-?\d+)(?: \([^)]*\))?\s*$/;
const OUTCOME = /^(\d+)\s*:>(.*)$/;
const SKIP = /^1\.\.0 # SKIP (.*)$/;
const BAIL_OUT = /^Bail out! (.*)$/;
const UNFINISHED = /^# (\d+) of \d+ rounds (?:did not end|ended before their outcome|had outcomes beyond)/;
const KERNEL = /^# kernel (\S+)\s*$/;
const MADE_FOR = /^# made for (.+?)\s*$/;
const PLAN = /^1\.\.(\d+)\s*$/;
const TEST = /^(?:not )?ok \d+ /;
const TITLE = /^Test (.*) Allowed\s*$/;
const STATES = /^Histogram \((\d+) states\)\s*$/;

const FINDING = /^finding \d+ ([a-z-]+(?: line \d+)?)\s*$/;
const SPIN_VERSION = /^\(Spin Version /m;
const SPIN_FULL = /^Full statespace search for:/m;
const SPIN_CUT =
  /^(?:Warning: Search not completed|error: max search depth too small|pan: (?:out of memory|reached -DMEMLIM))/m;
const SPIN_NOT_LEARNED = /^not learned\s*$/m;

/** Undefined when no such program printed the text. Histograms of several runs are added up. */
export function parseObserved(text: string): ObservedOutput | undefined {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const first = (pattern: RegExp): string | undefined =>
    lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
  const kernel = first(KERNEL);
  const madeFor = first(MADE_FOR);
  const bailedOut = first(BAIL_OUT);
  const ranOn = { ...(kernel !== undefined && { kernel }), ...(madeFor !== undefined && { madeFor }) };
  const unfinished = lines.reduce((sum, line) => sum + Number(UNFINISHED.exec(line)?.[1] ?? 0), 0);
  const spin = SPIN_VERSION.test(text);
  const histogram = histogramOf(lines, spin);
  if ('why' in histogram) return { kind: 'cut', why: histogram.why };
  if (histogram.outcomes.length > 0)
    return { kind: 'histogram', ...histogram, unfinished, ...ranOn, ...(spin && { spin: spinSearch(text) }) };
  if (spin)
    return { kind: 'skipped', why: 'SPIN printed no outcome, which it does of a model that is compiled with -DPRINTF' };
  const skipped = first(SKIP);
  if (skipped !== undefined) return { kind: 'skipped', why: skipped };
  if (histogram.titles.length > 0)
    return { kind: 'skipped', why: `no round had an outcome${bailedOut === undefined ? '' : `; ${bailedOut}`}` };
  if (!lines.some((line) => line.startsWith('TAP version'))) return undefined;
  const plan = first(PLAN);
  return {
    kind: 'calls',
    calls: lines.flatMap((line): ObservedCall[] => {
      const [, number, actor = '', called = '', result] = CALL.exec(line) ?? [];
      return result === undefined ? [] : [{ line: Number(number), actor, text: called, result: Number(result) }];
    }),
    ...(plan !== undefined && { planned: Number(plan) }),
    tested: lines.filter((line) => TEST.test(line)).length,
    ...ranOn,
    ...(bailedOut !== undefined && { bailedOut }),
  };
}

type Histogram = Pick<ObservedHistogram, 'titles' | 'terms' | 'outcomes'>;

/** All histograms of a log as one, or why one of them is not whole. */
function histogramOf(lines: readonly string[], spin: boolean): Histogram | { readonly why: string } {
  const titles: string[] = [];
  const counts = new Map<string, number>();
  let terms: readonly string[] | undefined;
  let [heads, states, listed] = [0, 0, 0];
  for (const line of lines) {
    const title = TITLE.exec(line)?.[1];
    if (title !== undefined) titles.push(title);
    const counted = STATES.exec(line)?.[1];
    if (counted !== undefined) heads++;
    states += Number(counted ?? 0);
    const [, count, values = ''] = OUTCOME.exec(line) ?? [];
    if (count === undefined) continue;
    listed++;
    const outcome = outcomeOf(values);
    if (!outcome) return { why: `its line \`${line.trim()}\` has no end` };
    terms ??= outcome.names;
    if (outcome.names.join() !== terms.join())
      return { why: `its line \`${line.trim()}\` has other names than the first` };
    const key = JSON.stringify(outcome.values);
    counts.set(key, (counts.get(key) ?? 0) + Number(count));
  }
  if (!spin && titles.length < Math.max(heads, Math.min(listed, 1))) return { why: 'its histogram has no first line' };
  if (!spin && heads < titles.length) return { why: 'its histogram ends after the first line' };
  if (!spin && states !== listed) return { why: `its histogram is of ${states} states and lists ${listed}` };
  const outcomes = [...counts].map(([key, count]) => ({ values: JSON.parse(key) as string[], count }));
  return { titles, terms: terms ?? [], outcomes };
}

/** Undefined when the line is cut. */
function outcomeOf(
  text: string,
): { readonly names: readonly string[]; readonly values: readonly string[] } | undefined {
  const pairs = text.trim().split(';');
  if (pairs.pop() !== '') return undefined;
  const at = pairs.map((pair) => pair.lastIndexOf('='));
  if (at.includes(-1)) return undefined;
  return {
    names: pairs.map((pair, i) => pair.slice(0, at[i]).trim()),
    values: pairs.map((pair, i) => pair.slice((at[i] ?? 0) + 1).trim()),
  };
}

function spinSearch(text: string): SpinSearch {
  const findings = text.split('\n').flatMap((line) => FINDING.exec(line)?.[1] ?? []);
  return {
    exhaustive: SPIN_FULL.test(text) && !SPIN_CUT.test(text),
    notLearned: SPIN_NOT_LEARNED.test(text),
    findings: [...new Set(findings)].sort(),
  };
}
