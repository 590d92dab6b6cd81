/**
 * What exported programs print: calls with their results, or a histogram of outcomes. SPIN's search of an exported model
 * prints a histogram, too. Console lines around it are skipped.
 */

export type ObservedOutput = ObservedCalls | ObservedHistogram | { readonly kind: 'skipped'; readonly why: string };

export interface ObservedCalls {
  readonly kind: 'calls';
  readonly calls: readonly ObservedCall[];
  /** Why the program gave up, when it did. */
  readonly bailedOut?: string;
  /** The release that it ran on, as uname(2) says it. */
  readonly kernel?: string;
}

export interface ObservedCall {
  /** Counting from 1, as the program prints it. */
  readonly line: number;
  readonly actor: string;
  readonly text: string;
  /** Negative for an errno. */
  readonly result: number;
}

export interface ObservedHistogram {
  readonly kind: 'histogram';
  readonly terms: readonly string[];
  readonly outcomes: readonly { readonly values: readonly string[]; readonly count: number }[];
  /** Rounds of which nothing is known: they did not end, ended before their outcome, or had one too many to list. */
  readonly unfinished: number;
  /** The release that it ran on, as uname(2) says it. */
  readonly kernel?: string;
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
const NOTHING = /^# no round had an outcome/;

const FINDING = /^finding \d+ ([a-z-]+(?: line \d+)?)\s*$/;
const SPIN_VERSION = /^\(Spin Version /m;
const SPIN_FULL = /^Full statespace search for:/m;
const SPIN_CUT =
  /^(?:Warning: Search not completed|error: max search depth too small|pan: (?:out of memory|reached -DMEMLIM))/m;
const SPIN_NOT_LEARNED = /^not learned\s*$/m;

/** Undefined when no such program printed the text. Histograms of several runs are added up. */
export function parseObserved(text: string): ObservedOutput | undefined {
  const calls: ObservedCall[] = [];
  const histogram = new Map<string, number>();
  let terms: readonly string[] | undefined;
  let skipped: string | undefined;
  let bailedOut: string | undefined;
  let unfinished = 0;
  let kernel: string | undefined;
  let nothing = false;
  let isTap = false;
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r$/, '');
    isTap ||= line.startsWith('TAP version');
    const call = CALL.exec(line);
    if (call) calls.push({ line: Number(call[1]), actor: call[2] ?? '', text: call[3] ?? '', result: Number(call[4]) });
    const outcome = OUTCOME.exec(line);
    if (outcome) {
      const pairs = (outcome[2] ?? '').split(';').flatMap((pair) => {
        const at = pair.lastIndexOf('=');
        return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
      });
      const names = pairs.map(([name]) => name);
      terms ??= names;
      if (names.join() !== terms.join()) continue;
      const key = JSON.stringify(pairs.map(([, value]) => value));
      histogram.set(key, (histogram.get(key) ?? 0) + Number(outcome[1]));
    }
    skipped ??= SKIP.exec(line)?.[1];
    kernel ??= KERNEL.exec(line)?.[1];
    nothing ||= NOTHING.test(line);
    bailedOut ??= BAIL_OUT.exec(line)?.[1];
    unfinished += Number(UNFINISHED.exec(line)?.[1] ?? 0);
  }
  const ranOn = kernel !== undefined && { kernel };
  if (terms) {
    const outcomes = [...histogram].map(([key, count]) => ({ values: JSON.parse(key) as string[], count }));
    const spin = SPIN_VERSION.test(text) && { spin: spinSearch(text) };
    return { kind: 'histogram', terms, outcomes, unfinished, ...ranOn, ...spin };
  }
  if (skipped !== undefined) return { kind: 'skipped', why: skipped };
  if (nothing)
    return { kind: 'skipped', why: `no round had an outcome${bailedOut === undefined ? '' : `; ${bailedOut}`}` };
  if (!isTap) return undefined;
  return { kind: 'calls', calls, ...ranOn, ...(bailedOut !== undefined && { bailedOut }) };
}

function spinSearch(text: string): SpinSearch {
  const findings = text.split('\n').flatMap((line) => FINDING.exec(line)?.[1] ?? []);
  return {
    exhaustive: SPIN_FULL.test(text) && !SPIN_CUT.test(text),
    notLearned: SPIN_NOT_LEARNED.test(text),
    findings: [...new Set(findings)].sort(),
  };
}
