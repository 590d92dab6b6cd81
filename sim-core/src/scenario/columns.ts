/**
 * Columns of a formatted text: where the `=` of neighbouring bindings, the results of a block, the `on` of conditions and
 * comments after code are.
 *
 * Lines that belong together, a run, get the leftmost column in which all of them fit. An author who has put lines below
 * each other further right than that meant it, be it to line up with another run of the same scope: the formatter keeps
 * such a column, and moves what else belongs to the run into it.
 */

/** Lines that get one column. */
export interface ColumnGroup {
  /** Within which other runs may be lined up with it: a block, or the file. */
  readonly scope: number;
  readonly cells: readonly ColumnCell[];
}

/** Something of a line that is put in a column. */
export interface ColumnCell {
  /** The leftmost place that the text before it leaves. */
  readonly least: number;
  /** Where the author has put it; undefined where that says nothing. */
  readonly found: number | undefined;
}

/**
 * The column of each run; what does not fit in it begins where it can. `widest`: cells that begin further right do not
 * push the others of their run there.
 */
export function columnsOf(runs: readonly ColumnGroup[], widest = Number.POSITIVE_INFINITY): number[] {
  const least = runs.map(({ cells }) =>
    Math.max(0, ...cells.map((cell) => cell.least).filter((column) => column <= widest)),
  );
  const found = countOf(runs.flatMap(({ scope, cells }) => cells.map((cell) => place(scope, cell.found))));
  const kept = runs.map(({ scope, cells }, run) => {
    const chosen = cells.flatMap((cell) => {
      const column = cell.found ?? -1;
      // A place with no room to spare is where the text happens to end.
      const meant = column > cell.least && column >= (least[run] ?? 0) && (found.get(place(scope, column)) ?? 0) >= 2;
      return meant ? [column] : [];
    });
    return chosen.length === 0 ? undefined : Math.max(...chosen);
  });
  while (dropLonely(kept, least, runs)) {
    // What was lined up with a run that has gone elsewhere is lined up with nothing.
  }
  return kept.map((column, run) => column ?? least[run] ?? 0);
}

/** Gives up a column in which one line would be alone; returns whether there was one. */
function dropLonely(kept: (number | undefined)[], least: readonly number[], runs: readonly ColumnGroup[]): boolean {
  const lines = countOf(
    runs.flatMap(({ scope, cells }, run) => {
      const column = kept[run] ?? least[run] ?? 0;
      return cells.map((cell) => place(scope, Math.max(cell.least, column)));
    }),
  );
  const lonely = runs.findIndex(
    ({ scope }, run) => kept[run] !== undefined && (lines.get(place(scope, kept[run])) ?? 0) < 2,
  );
  if (lonely !== -1) kept[lonely] = undefined;
  return lonely !== -1;
}

function place(scope: number, column: number | undefined): string {
  return `${scope} ${column}`;
}

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
