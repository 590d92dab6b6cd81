/**
 * How long the extension takes to activate, in real VS Code, installed from its VSIX.
 *
 * The reference, in the same extension host of the same start: VS Code's own Markdown extension, which is bundled, starts
 * a language server and is found quick by those who use it. What counts is the ratio of the medians. Both are asked for
 * one after the other, and which comes first changes from start to start. Only the Node extension host is measured: the
 * packaged VS Code has no Markdown extension for the one in a browser.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageExtension } from '../../../scripts/package.mjs';
import { runSuite } from '../../vscode/run.mjs';

const ours = 'snoopscope.snoopscope';
const reference = 'vscode.markdown-language-features';

export async function run(options) {
  const starts = Number(options.find((option) => option.startsWith('--starts='))?.slice(9) ?? 6);
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-activation-'));
  try {
    const vsix = await packageExtension({ to: path.join(scratch, 'snoopscope.vsix') });
    const rows = [await measure('node', vsix, starts)];
    return { tables: [tableOf(rows, starts)], result: { starts, rows } };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function measure(host, vsix, starts) {
  const times = { [ours]: [], [reference]: [] };
  for (let start = 0; start < starts; start++) {
    await runSuite(host, {
      vsix,
      desktop: process.env.VSCODE_EXECUTABLE,
      entry: 'test/bench/activation/suite.ts',
      // A scenario in the workspace activates the extension before it can be measured.
      scenarios: false,
      settings: { 'snoopscopeTest.reversed': start % 2 === 1 },
      keep: ({ kind, id, milliseconds, error }) => {
        if (kind !== 'measured') throw new Error(`VS Code could not be measured: ${error}`);
        times[id].push(milliseconds);
      },
    });
  }
  const [mine, theirs] = [ours, reference].map((id) => statistics(times[id]));
  return { host, ours: mine, reference: theirs, ratio: mine.median / theirs.median };
}

function statistics(times) {
  const sorted = times.toSorted((left, right) => left - right);
  return {
    median: (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2,
    min: sorted[0],
    max: sorted.at(-1),
  };
}

function tableOf(rows, starts) {
  const shown = (ms) => ms.toFixed(0);
  return {
    title: `Activation, milliseconds, ${starts} starts of VS Code each`,
    columns: [
      'extension host',
      'Markdown median',
      'min',
      'max',
      'Snoopscope median',
      'min',
      'max',
      'Snoopscope / Markdown',
    ],
    rows: rows.map(({ host, ours: mine, reference: theirs, ratio }) => [
      host,
      ...[theirs.median, theirs.min, theirs.max, mine.median, mine.min, mine.max].map(shown),
      ratio.toFixed(2),
    ]),
    notes: ['Each from the call to activate it to its end, its language server started.'],
  };
}
