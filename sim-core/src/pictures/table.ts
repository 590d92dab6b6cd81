/** The text equivalent of a picture: what a screen reader reads and `export text` prints. */
export interface PictureText {
  /** What is not shown, or why there is nothing: whole sentences. */
  readonly notices: readonly string[];
  readonly tables: readonly PictureTable[];
}

export interface PictureTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The tables as lines, columns aligned, for a terminal and for files to compare with. */
export function tableLines({ notices, tables }: PictureText): string[] {
  const blocks = tables.map(({ title, columns, rows }) => [title, ...aligned([columns, ...rows])]);
  return [...(notices.length > 0 ? [[...notices]] : []), ...blocks].flatMap((block, i) =>
    i === 0 ? block : ['', ...block],
  );
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd());
}
