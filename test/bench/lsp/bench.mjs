/**
 * From an edit to its diagnostics, through a real process and its streams.
 *
 * The reference, on the same documents and edits in the same run: the smallest server that the library allows
 * (echo.ts), which reads nothing and answers every change with an empty list. What counts is the ratio of the medians.
 *
 * Then the processor time of each kind of work without a client (work.ts), held against goals; and the servers of other
 * languages on documents of their own, waiting told apart from work (servers.mjs).
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { otherServers } from './servers.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const URI = 'file:///bench.snoop';
const WARM_UP = 60;
/** Milliseconds to the diagnostics of an edit that nobody notices, by the lines of the file. */
const GOALS = { 1000: 5, 10000: 20 };
/** Milliseconds of processor time, 95th percentile, by the lines of the file. */
const WORK_GOALS = {
  1000: { diagnostics: 10, predictions: 50, completion: 5, hover: 5 },
  10000: { diagnostics: 25, predictions: 250, completion: 5, hover: 5, tokens: 20 },
};
/** Megabytes of the server's process. */
const MEMORY_GOALS = { 1000: 120, 10000: 250 };

export async function run(options) {
  const edits = Number(options.find((option) => option.startsWith('--edits='))?.slice(8) ?? 120);
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  try {
    const ours = await bundle(folder, 'server', 'server/src/main.ts');
    const echo = await bundle(folder, 'echo', 'test/bench/lsp/echo.ts');
    const rows = [];
    for (const lines of Object.keys(GOALS).map(Number)) {
      for (const broken of [false, true]) {
        const text = scenario(lines, broken);
        const [reference, measured] = (await measure([echo, ours], text, edits)).map(statistics);
        rows.push({ lines, broken, reference, ours: measured, ratio: measured.median / reference.median });
      }
    }
    const work = await measuredWork(folder, Math.min(edits, 40));
    const others = await otherServers(ourServer(ours), Object.keys(GOALS).map(Number), Math.min(edits, 12));
    return {
      tables: [tableOf(rows, edits), workTable(work), othersTable(others)],
      result: { rows, goals: goalsOf(rows), work, others },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each number of lines in a process of its own. */
async function measuredWork(folder, edits) {
  const script = await bundle(folder, 'work', 'test/bench/lsp/work.ts');
  return Object.keys(WORK_GOALS).map((lines) =>
    JSON.parse(execFileSync(process.execPath, [script, lines, String(edits)], { encoding: 'utf8' })),
  );
}

function workTable(work) {
  const rows = work.flatMap((found, index) => {
    const [lines, goals] = Object.entries(WORK_GOALS)[index];
    return ['diagnostics', 'predictions', 'completion', 'hover', 'tokens'].map((name) => {
      const { median, p95 } = found[name];
      const goal = goals[name];
      return [
        `${name}, ${lines} lines`,
        median.toFixed(2),
        p95.toFixed(2),
        goal ?? '',
        goal && (p95 <= goal ? 'met' : 'missed'),
      ];
    });
  });
  return {
    title: 'Processor time of one edit or request, milliseconds',
    columns: ['work', 'median', 'p95', 'goal (p95)', ''],
    rows: rows.map((row) => row.map((cell) => cell ?? '')),
    notes: [
      `The longest slice: ${work.map(({ slowestSlice }) => slowestSlice.toFixed(1)).join(' and ')} ms of the thread that answers, ${work.map(({ slowestWithHelpers }) => slowestWithHelpers.toFixed(1)).join(' and ')} ms with those that collect garbage (goal: 5).`,
    ],
  };
}

function othersTable(others) {
  const shown = (found, share) => found?.[share]?.toFixed(1) ?? '-';
  return {
    title: 'From an edit to its diagnostics, milliseconds; each server on its own language',
    columns: ['server', 'clock p50', 'p95', 'processor p50', 'p95', 'completion p95', 'hover p95', 'MB'],
    rows: others.map(({ name, lines, failed, wall, cpu, completion, hover, megabytes }) => [
      `${name}, ${lines} lines${failed ? ': no answer' : ''}`,
      shown(wall, 'median'),
      shown(wall, 'p95'),
      shown(cpu, 'median'),
      shown(cpu, 'p95'),
      shown(completion, 'p95'),
      shown(hover, 'p95'),
      megabytes?.toFixed(0) ?? '-',
    ]),
    notes: [
      'What the clock shows beyond the processor is waiting: for a pause in typing, and for other programs.',
      `Goals for snoopscope: ${Object.entries(MEMORY_GOALS)
        .map(([lines, mb]) => `${mb} MB at ${lines} lines`)
        .join(', ')}.`,
    ],
  };
}

function ourServer(script) {
  return {
    command: [script, '--stdio'],
    file: 'bench.snoop',
    language: 'snoop',
    text: (lines) => scenario(lines, false).split('\n'),
    line: (all) => all.findIndex((line, index) => index > all.length / 2 && /^ {2}\w+ += open/.test(line)),
    wrong: (line) => line.replace('open', 'opne'),
    at: 'open',
  };
}

async function bundle(folder, name, entry) {
  const outfile = path.join(folder, `${name}.cjs`);
  const options = { platform: 'node', format: 'cjs', target: 'node22', mainFields: ['module', 'main'], bundle: true };
  await build({ ...options, absWorkingDir: root, entryPoints: [entry], outfile, logLevel: 'error' });
  return outfile;
}

/** One machine and its actors, and procedures of the same statements until there are enough lines. */
function scenario(count, broken) {
  const lines = readFileSync(path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8')
    .trimEnd()
    .split('\n');
  const start = lines.findIndex((line) => line.startsWith('setup'));
  const body = lines.slice(start + 1, lines.indexOf('}', start) + 1);
  for (let copy = 0; lines.length < count; copy++) lines.push(`proc copy${copy}() {`, ...body);
  const whole = lines.slice(0, lines.lastIndexOf('}') + 1);
  return (broken ? [...whole, 'nonsense'] : whole).join('\n');
}

/**
 * Types blanks into the middle of the text, one at a time, each after the answer to the last, and to each server in
 * turn, so that whatever else the machine does meets them alike. Milliseconds by server, sorted.
 */
async function measure(servers, text, edits) {
  const clients = await Promise.all(servers.map((server) => opened(server, text)));
  const lines = text.split('\n');
  const line = lines.length >> 1;
  const column = lines[line].length;
  for (let round = 0; round < WARM_UP + edits; round++) {
    // Every second edit takes back what the one before typed.
    const end = { line, character: round % 2 === 0 ? column : column + 1 };
    const change = { range: { start: { line, character: column }, end }, text: round % 2 === 0 ? ' ' : '' };
    for (const client of clients) {
      const time = await client.change(round + 2, change);
      if (round >= WARM_UP) client.times.push(time);
    }
  }
  await Promise.all(clients.map((client) => client.end()));
  return clients.map(({ times }) => times.sort((left, right) => left - right));
}

/** A server that has the document open and has published its diagnostics. */
async function opened(server, text) {
  const child = spawn(process.execPath, [server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  let answered = () => {};
  connection.onNotification('textDocument/publishDiagnostics', ({ version }) => answered(version));
  connection.listen();
  await connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
  const until = (version) =>
    new Promise((resolve) => {
      answered = (found) => found === version && resolve();
    });
  const first = until(1);
  const textDocument = { uri: URI, languageId: 'snoop', version: 1, text };
  await connection.sendNotification('textDocument/didOpen', { textDocument });
  await first;
  return {
    times: [],
    async change(version, change) {
      const done = until(version);
      const start = performance.now();
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: URI, version },
        contentChanges: [change],
      });
      await done;
      return performance.now() - start;
    },
    async end() {
      connection.dispose();
      child.stdin.end();
      await new Promise((resolve) => child.once('close', resolve));
    },
  };
}

function statistics(times) {
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { median: at(0.5), p95: at(0.95), max: times.at(-1) };
}

function tableOf(rows, edits) {
  const shown = (ms) => ms.toFixed(2);
  return {
    title: `Edit to diagnostics, milliseconds, ${edits} edits`,
    columns: ['document', 'echo median', 'echo p95', 'median', 'p95', 'max', 'median / echo'],
    rows: rows.map(({ lines, broken, reference, ours, ratio }) => [
      `${lines} lines${broken ? ', one in error' : ''}`,
      ...[reference.median, reference.p95, ours.median, ours.p95, ours.max].map(shown),
      ratio.toFixed(1),
    ]),
    notes: ['echo: a server that reads nothing and answers every change with an empty list.'],
  };
}

function goalsOf(rows) {
  return rows.map(({ lines, broken, ours }) => ({
    lines,
    broken,
    goal: GOALS[lines],
    median: ours.median,
    met: ours.median <= GOALS[lines],
  }));
}
