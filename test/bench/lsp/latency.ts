// `node test/bench/lsp/latency.ts`: from an edit to its diagnostics, through a real process and its streams.
// The reference, in the same run on the same documents: the smallest server that the library allows (echo.ts), which
// reads nothing and answers every change with an empty list. Goals: median 5 ms at 1,000 lines, 20 ms at 10,000.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';

const root = path.resolve(import.meta.dirname, '../../..');
const URI = 'file:///bench.snoop';
const ROUNDS = 120;
const WARM_UP = 60;

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
try {
  const ours = bundle('server', 'server/src/main.ts');
  const echo = bundle('echo', 'test/bench/lsp/echo.ts');
  process.stdout.write(
    `edit to diagnostics, milliseconds, ${ROUNDS} edits\n${row('', ['median', 'p95', 'max', 'ratio'])}`,
  );
  for (const lines of [1_000, 10_000]) {
    for (const broken of [false, true]) {
      const text = scenario(lines, broken);
      const reference = await measure(echo, text);
      const name = `${lines} lines${broken ? ', one in error' : ''}`;
      print(`${name}, echo`, reference);
      print(name, await measure(ours, text), reference);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function bundle(name: string, entry: string): string {
  const outfile = path.join(folder, `${name}.cjs`);
  const options: BuildOptions = { platform: 'node', format: 'cjs', target: 'node22', mainFields: ['module', 'main'] };
  buildSync({ ...options, absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, logLevel: 'error' });
  return outfile;
}

/** One machine and its actors, and procedures of the same statements until there are enough lines. */
function scenario(count: number, broken: boolean): string {
  const lines = readFileSync(path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8')
    .trimEnd()
    .split('\n');
  const start = lines.findIndex((line) => line.startsWith('setup'));
  const body = lines.slice(start + 1, lines.indexOf('}', start) + 1);
  for (let copy = 0; lines.length < count; copy++) lines.push(`proc copy${copy}() {`, ...body);
  const whole = lines.slice(0, lines.lastIndexOf('}') + 1);
  return (broken ? [...whole, 'nonsense'] : whole).join('\n');
}

/** Types digits into the middle of the text, one at a time, each after the answer to the last. */
async function measure(server: string, text: string): Promise<readonly number[]> {
  const child = spawn(process.execPath, [server, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  let answered: (version: number | undefined) => void = () => {};
  connection.onNotification('textDocument/publishDiagnostics', ({ version }: { version?: number }) =>
    answered(version),
  );
  connection.listen();
  await connection.sendRequest('initialize', { processId: null, rootUri: null, capabilities: {} });
  const until = (version: number) =>
    new Promise<void>((resolve) => {
      answered = (found) => found === version && resolve();
    });
  const opened = until(1);
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri: URI, languageId: 'snoop', version: 1, text },
  });
  await opened;
  const lines = text.split('\n');
  const line = lines.length >> 1;
  const column = lines[line]!.length;
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const version = round + 2;
    // Every second edit takes back what the one before typed.
    const end = { line, character: round % 2 === 0 ? column : column + 1 };
    const change = { range: { start: { line, character: column }, end }, text: round % 2 === 0 ? ' ' : '' };
    const done = until(version);
    const start = performance.now();
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: URI, version },
      contentChanges: [change],
    });
    await done;
    if (round >= WARM_UP) times.push(performance.now() - start);
  }
  connection.dispose();
  child.stdin.end();
  await new Promise((resolve) => child.once('close', resolve));
  return times.sort((left, right) => left - right);
}

function print(name: string, times: readonly number[], reference?: readonly number[]): void {
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
  const ratio = reference === undefined ? '' : (at(0.5) / reference[reference.length >> 1]!).toFixed(1);
  process.stdout.write(row(name, [...[at(0.5), at(0.95), times.at(-1)!].map((time) => time.toFixed(2)), ratio]));
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(32)}${cells.map((cell) => cell.padStart(9)).join('')}\n`;
}
