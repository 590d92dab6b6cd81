/** What the views themselves say; a host may give them in another language. What pictures say is of the record. */
export const WORDS = {
  asTable: 'As a table',
  nothing: 'Start debugging a scenario to see its run here.',
  computing: 'The picture is being computed …',
  filter: 'Filter',
  filterHint: 'Show what has this text in it (/)',
  zoomIn: 'Zoom in (+)',
  zoomOut: 'Zoom out (-)',
  whole: 'Show the whole run (0)',
  previousFinding: 'Previous finding (p)',
  nextFinding: 'Next finding (n)',
  back: 'One step back (Left)',
  forward: 'One step forward (Right)',
  cursorAt: 'After {0} of {1} steps',
  keys: 'Left and Right move the cursor, Home and End go to the ends, Up and Down choose, Enter opens.',
  drawing: 'Drawing',
  copyAsText: 'Copy as text',
  explore: 'Explore',
  exploreAll: 'all interleavings',
  exploreSwitches: 'with few switches',
  exploreRandom: 'random runs',
  explorePct: 'random runs by PCT',
  exploreEstimate: 'estimate only',
  switches: 'switches at most',
  runs: 'runs',
  seed: 'seed',
  pctDepth: 'depth',
  cancel: 'Cancel',
  progress: 'Done so far',
} as const;

export type Words = Readonly<Record<keyof typeof WORDS, string>>;

/** `{0}` and `{1}` filled in. */
export function filled(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}
