// In a narrow terminal no line is wider than it, unless it is there to be copied or one word alone is.
import { describe, expect, test } from 'vitest';
import { snoopscope, withoutStatus } from './command.ts';

const wbinvd = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const race = 'test/cli/scenarios/race.snoop';

const CALLS = [
  'help',
  ...[
    'run',
    'check',
    'explore',
    'merge',
    'test',
    'bisect',
    'import',
    'export',
    'kernels',
    'lsp',
    'dap',
    'completion',
    'help',
  ].map((command) => `help ${command}`),
  'kernels',
  'kernels v5.12',
  'kernels series-v1',
  `run --kernel v5.11 ${wbinvd}`,
  `run --kernel v5.11 --events ${wbinvd}`,
  `check ${wbinvd} ${race}`,
  `check --kernel all ${race}`,
  `check --max-states 3 --witness ${wbinvd}`,
  `explore --kernel v5.11 ${wbinvd}`,
  `explore --max-states 3 ${race}`,
  `explore --estimate ${race}`,
  `explore --random 20 ${race}`,
  `bisect ${wbinvd}`,
  `bisect --max-states 3 ${wbinvd}`,
  'test test/cli/scenarios scenarios/wbinvd',
  'run --kernel nonsense a.snoop',
  'run missing.snoop',
  'nonsense',
];

/** Schedules and calls are for the clipboard, and a word is not cut. */
function isWhole(line: string): boolean {
  const text = line.trim();
  return (
    /^(([+-]|passed|skipped|open) +)?\S+$|^whatever the schedule$/.test(text) ||
    /^(schedule|snoopscope explore .* --seed) /.test(text)
  );
}

describe.each([30, 40, 60, 80])('%i columns', (columns) => {
  test.each(CALLS)('%s', async (line) => {
    const { stdout, stderr } = await snoopscope(line, { columns });
    const lines = `${stdout}${withoutStatus(stderr)}`.split('\n');
    expect(lines.filter((one) => one.length > columns && !isWhole(one))).toEqual([]);
    expect(lines.filter((one) => /\s$/.test(one))).toEqual([]);
  });
});
