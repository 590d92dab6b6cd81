/** JSON results of several machines as one: shares of random runs, and shares of a suite. */
import {
  type Exploration,
  isRecord,
  mergeExplorations,
  NotMergeable,
  type RandomWitness,
  siteKey,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { explorationExitCode } from './explore-file.ts';
import { Failure } from './failure.ts';
import { FORMAT_VERSION } from './json.ts';
import { isRandomResult, isSuiteFile } from './result-shape.ts';

/** A result as it was read: whose, and what is in it. */
export interface NamedResult {
  readonly name: string;
  readonly document: unknown;
}

export interface Merged {
  readonly document: object;
  readonly exitCode: ExitCode;
  /** The document is of a part only. */
  readonly missing: MissingShares;
}

/** Shares that were not among the results: the first of them, `2/3`, and how many they are. */
export interface MissingShares {
  readonly named: readonly string[];
  readonly count: number;
}

/** There may be billions. */
const NAMED_SHARES = 10;

/** Throws a Failure that names the file and says why, when they do not belong together. */
export function mergeResults(results: readonly NamedResult[]): Merged {
  for (const { name, document } of results) demandFormat(name, document);
  if (results.every(isSuite)) return mergeSuites(results);
  if (results.every(isExplored)) return mergeExplored(results);
  const odd = results.find((result) => !isSuite(result) && !isExplored(result));
  if (odd) throw notMergeable(odd.name, 'it is not a result of `explore`, `test` or `check` with --format json');
  throw notMergeable(results.find(isExplored)?.name ?? '', 'it is of `explore`, others are of `test` or `check`');
}

function demandFormat(name: string, document: unknown): void {
  const format = isRecord(document) ? document.format : undefined;
  if (format !== FORMAT_VERSION) {
    const what =
      typeof format === 'number'
        ? `its format is ${format}, this version reads ${FORMAT_VERSION}`
        : 'it is not a result of snoopscope';
    throw notMergeable(name, what);
  }
}

interface Suite extends NamedResult {
  readonly document: SuiteDocument;
}

interface SuiteDocument {
  readonly files: readonly SuiteFile[];
  readonly asked?: {
    readonly version: string;
    readonly options: object;
    readonly shard?: string;
    readonly shards?: readonly string[];
  };
}

interface SuiteFile {
  readonly file: string;
  readonly passed?: boolean | null;
  readonly skipped?: string;
  readonly error?: { readonly code: string };
}

function isSuite(result: NamedResult): result is Suite {
  const { document } = result;
  if (!isRecord(document) || !Array.isArray(document.files)) return false;
  return document.files.every(isSuiteFile);
}

function mergeSuites(suites: readonly Suite[]): Merged {
  const [first] = suites as [Suite, ...Suite[]];
  const essence = ({ document: { asked } }: Suite): string => JSON.stringify([asked?.version, asked?.options]);
  const other = suites.find((suite) => essence(suite) !== essence(first));
  if (other) throw notMergeable(other.name, `it was asked for ${essence(other)}, ${first.name} for ${essence(first)}`);
  const files = new Map<string, { readonly from: string; readonly file: SuiteFile }>();
  for (const { name, document } of suites) {
    for (const file of document.files) {
      const known = files.get(file.file);
      if (known) throw notMergeable(name, `${file.file} is already in ${known.from}, and would count twice`);
      files.set(file.file, { from: name, file });
    }
  }
  const all = [...files.values()].map(({ file }) => file).sort((a, b) => (a.file < b.file ? -1 : 1));
  const count = (mark: (file: SuiteFile) => boolean): number => all.filter(mark).length;
  const judged = all.filter((file) => file.skipped === undefined);
  const failed = judged.filter((file) => file.passed === false).length;
  const open = judged.filter((file) => file.passed === null).length;
  const { asked } = first.document;
  const shares = sharesOf(suites);
  const missing = missingOf(shares);
  const document = {
    format: FORMAT_VERSION,
    passed: judged.filter((file) => file.passed === true).length,
    failed,
    open,
    skipped: count((file) => file.skipped !== undefined),
    ...(asked && {
      asked: { version: asked.version, options: asked.options, ...(missing.count > 0 && { shards: shares }) },
    }),
    files: all,
  };
  const broken = judged.some((file) => file.error);
  const unknown = open > 0 || missing.count > 0;
  const exitCode = broken ? EXIT.wrong : failed > 0 ? EXIT.failed : unknown ? EXIT.limit : EXIT.fine;
  return { document, exitCode, missing };
}

/** The shares that suites are of, `1/3`; a result of a merge has several. */
function sharesOf(suites: readonly Suite[]): string[] {
  const shares = suites.flatMap<unknown>(({ document: { asked } }) => asked?.shards ?? [asked?.shard]);
  const read = shares.filter((share): share is string => typeof share === 'string' && /^\d+\/\d+$/.test(share));
  return [...new Set(read)].sort();
}

/** Of each way in which files were divided, the shares that are not there. */
function missingOf(shares: readonly string[]): MissingShares {
  const there = new Map<number, Set<number>>();
  for (const share of shares) {
    const [index, count] = share.split('/').map(Number) as [number, number];
    there.set(count, (there.get(count) ?? new Set()).add(index));
  }
  const all = [...there].map(([count, indices]) => missingAmong(count, indices));
  return {
    named: all.flatMap(({ named }) => named).slice(0, NAMED_SHARES),
    count: all.reduce((sum, { count }) => sum + count, 0),
  };
}

function missingAmong(count: number, indices: ReadonlySet<number>): MissingShares {
  const named: string[] = [];
  for (let i = 1; i <= count && named.length < NAMED_SHARES; i++) if (!indices.has(i)) named.push(`${i}/${count}`);
  return { named, count: count - indices.size };
}

interface Explored extends NamedResult {
  readonly document: ExploredDocument;
}

/** Of what `explore --format json` prints, what is looked at here; the rest is handed on. */
interface ExploredDocument {
  readonly file: string;
  readonly kernel: string;
  readonly identity: { readonly scenario: string; readonly kernel: string; readonly engine: string };
  readonly passed: boolean | null;
  readonly conditions: readonly { readonly schedule?: string }[];
  readonly outcomes: readonly { readonly schedule: string }[];
  readonly findings: readonly { readonly finding: string; readonly unexpected: boolean }[];
  readonly exploration: Exploration;
}

function isExplored(result: NamedResult): result is Explored {
  const { document: d } = result;
  return (
    isRecord(d) &&
    typeof d.file === 'string' &&
    typeof d.kernel === 'string' &&
    isRecord(d.identity) &&
    Array.isArray(d.conditions) &&
    Array.isArray(d.outcomes) &&
    Array.isArray(d.findings) &&
    isRecord(d.exploration) &&
    Array.isArray(d.exploration.conditions) &&
    Array.isArray(d.exploration.outcomes) &&
    (d.exploration.random === undefined || isRandomResult(d.exploration.random))
  );
}

const IDENTITY = {
  scenario: 'of another scenario, or of another text of it',
  kernel: 'of another kernel',
  engine: 'of another version of snoopscope',
} as const;

function mergeExplored(parts: readonly Explored[]): Merged {
  const [first] = parts as [Explored, ...Explored[]];
  for (const { name, document } of parts) {
    for (const [key, words] of Object.entries(IDENTITY) as [keyof typeof IDENTITY, string][]) {
      if (document.identity[key] !== first.document.identity[key])
        throw notMergeable(name, `it is ${words} than ${first.name}`);
    }
  }
  const exploration = merged(parts);
  const whole = parts.find((part) => part.document.exploration === exploration)?.document;
  const document = whole ?? { ...first.document, ...together(parts, exploration) };
  const limit = exploration.limit;
  const { sampling } = exploration;
  const passed = document.passed ?? undefined;
  const shards = exploration.random?.shards;
  const missing = shards ? missingAmong(shards.count, new Set(shards.indices)) : { named: [], count: 0 };
  const known = explorationExitCode({ passed, ...(limit && { limit }), ...(sampling && { sampling }) });
  return { document, exitCode: known === EXIT.fine && missing.count > 0 ? EXIT.limit : known, missing };
}

function merged(parts: readonly Explored[]): Exploration {
  try {
    return mergeExplorations(parts.map((part) => part.document.exploration));
  } catch (error) {
    if (!(error instanceof NotMergeable)) throw error;
    throw notMergeable(parts.map((part) => part.name).join(', '), error.message);
  }
}

/** The members of a document that are not the same for all shares. Texts come from the share that made the run. */
function together(parts: readonly Explored[], exploration: Exploration): object {
  const { random, sampling, complete, states, transitions, finals, depth } = exploration;
  const texts = <Entry>(
    first: RandomWitness | undefined,
    find: (
      document: ExploredDocument,
    ) => { readonly first?: RandomWitness | undefined; readonly entry: Entry } | undefined,
  ): Entry | undefined => {
    for (const { document } of parts) {
      const found = find(document);
      if (found && found.first?.run === first?.run) return found.entry;
    }
    return undefined;
  };
  const findings = random?.findings.flatMap(({ runs, first, ...site }) => {
    const told = texts(first, (document) => {
      // Both lists have the same findings in the same order.
      const all = document.exploration.random?.findings ?? [];
      const index = all.findIndex((one) => siteKey(one) === siteKey(site));
      const [at, entry] = [all[index], document.findings[index]];
      return at && entry && { first: at.first, entry };
    });
    return told ? [{ ...told, occurrences: runs }] : [];
  });
  const conditions = exploration.conditions.map(({ holds, positive, negative }, i) => {
    const told = texts(random?.conditions[i]?.first, (document) => {
      const entry = document.conditions[i];
      return entry && { first: document.exploration.random?.conditions[i]?.first, entry };
    });
    return { ...told, holds: holds ?? null, positive, negative };
  });
  const outcomes = random?.outcomes.map(({ values, runs, first }) => {
    const told = texts(first, (document) => {
      const at = document.exploration.outcomes.findIndex((o) => o.values.join('\n') === values.join('\n'));
      const entry = document.outcomes[at];
      return entry && { first: document.exploration.random?.outcomes[at]?.first, entry };
    });
    return { ...told, finals: runs };
  });
  const failed = parts.some((part) => part.document.passed === false);
  const shown = { sampling, complete, states, transitions, depth, finals, conditions, outcomes, findings };
  return { passed: failed ? false : null, ...shown, cost: undefined, exploration };
}

function notMergeable(name: string, why: string): Failure {
  return new Failure(`${name} cannot be merged: ${why}.`, { code: 'not-mergeable' });
}
