/**
 * What explorations executed of a scenario and of the kernel model: statements, alternatives of `choose`, results of
 * calls, micro-steps of kernel functions, kernel changes that were asked for. Plain values; {@link mergedCoverage} puts
 * those of several scenarios together. Lines count from 0.
 */
import type { ChangeId } from '../../kernel/changes.ts';

export interface Coverage {
  readonly files: readonly CoveredFile[];
  /** Kernel functions that the models have. */
  readonly functions: readonly CoveredFunction[];
  readonly changes: readonly CoveredChange[];
}

export interface CoveredFile {
  /** Relative to the scenario that was checked, empty for that itself; where several are merged, as the caller names it. */
  readonly path: string;
  readonly statements: readonly { readonly line: number; readonly executed: boolean }[];
  /** Alternatives of `choose`, counting from 0; `line` is that of the `choose`. */
  readonly alternatives: readonly {
    readonly line: number;
    readonly alternative: number;
    readonly executed: boolean;
  }[];
  /** For each system call `success`, and each errno with which it can fail. */
  readonly results: readonly { readonly line: number; readonly result: string; readonly executed: boolean }[];
}

export interface CoveredFunction {
  /** `virt/kvm/vfio.c`. */
  readonly source: string;
  readonly name: string;
  readonly entered: boolean;
  /** Micro-steps, in the words of the debugger. */
  readonly steps: readonly { readonly about: string; readonly executed: boolean }[];
}

export interface CoveredChange {
  readonly id: ChangeId;
  /** An execution depended on whether the kernel has it. */
  readonly consulted: boolean;
}

/** The figures of a coverage. */
export const COVERAGE_KINDS = ['statements', 'alternatives', 'results', 'functions', 'steps', 'changes'] as const;
export type CoverageKind = (typeof COVERAGE_KINDS)[number];

export interface CoverageCount {
  readonly covered: number;
  readonly total: number;
}

export function coverageTotals({ files, functions, changes }: Coverage): Readonly<Record<CoverageKind, CoverageCount>> {
  return {
    statements: counts(files.flatMap(({ statements }) => statements.map(({ executed }) => executed))),
    alternatives: counts(files.flatMap(({ alternatives }) => alternatives.map(({ executed }) => executed))),
    results: counts(files.flatMap(({ results }) => results.map(({ executed }) => executed))),
    functions: counts(functions.map(({ entered }) => entered)),
    steps: counts(functions.flatMap(({ steps }) => steps.map(({ executed }) => executed))),
    changes: counts(changes.map(({ consulted }) => consulted)),
  };
}

/**
 * The coverage of several scenarios: what one of them executed counts as executed. `pathOf` says which file the path of
 * a file in one of them is.
 */
export function mergedCoverage(
  parts: readonly Coverage[],
  pathOf: (part: number, path: string) => string = (_part, path) => path,
): Coverage {
  const files = parts.flatMap((coverage, part) =>
    coverage.files.map((file) => ({ ...file, path: pathOf(part, file.path) })),
  );
  const functions = parts.flatMap((coverage) => coverage.functions);
  const changes = parts.flatMap((coverage) => coverage.changes);
  return {
    files: merged(
      files,
      ({ path }) => path,
      (same) => ({
        path: same[0]!.path,
        statements: executedInAny(
          same.flatMap(({ statements }) => statements),
          ({ line }) => String(line),
        ),
        alternatives: executedInAny(
          same.flatMap(({ alternatives }) => alternatives),
          ({ line, alternative }) => `${line}/${alternative}`,
        ),
        results: executedInAny(
          same.flatMap(({ results }) => results),
          ({ line, result }) => `${line} ${result}`,
        ),
      }),
    ).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    functions: merged(functions, ({ source, name }) => `${source} ${name}`, mergedFunction).toSorted((a, b) =>
      `${a.source} ${a.name}` < `${b.source} ${b.name}` ? -1 : 1,
    ),
    changes: merged(
      changes,
      ({ id }) => id,
      (same) => ({ id: same[0]!.id, consulted: same.some(({ consulted }) => consulted) }),
    ),
  };
}

function counts(executed: readonly boolean[]): CoverageCount {
  return { covered: executed.filter(Boolean).length, total: executed.length };
}

/** Steps are the same where they say the same, the first one of it to the first: kernels differ in some of them. */
function mergedFunction(same: readonly CoveredFunction[]): CoveredFunction {
  const { source, name } = same[0]!;
  const steps = same.flatMap((one) => {
    const seen = new Map<string, number>();
    return one.steps.map((step) => {
      const nth = (seen.get(step.about) ?? 0) + 1;
      seen.set(step.about, nth);
      return { ...step, nth };
    });
  });
  return {
    source,
    name,
    entered: same.some(({ entered }) => entered),
    steps: executedInAny(steps, ({ about, nth }) => `${nth} ${about}`).map(({ about, executed }) => ({
      about,
      executed,
    })),
  };
}

function executedInAny<Item extends { readonly executed: boolean }>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): Item[] {
  return merged(items, keyOf, (same) => ({
    ...same[0]!,
    executed: same.some(({ executed }) => executed),
  }));
}

function merged<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  merge: (same: readonly Item[]) => Item,
): Item[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const same = groups.get(keyOf(item));
    if (same) same.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()].map(merge);
}
