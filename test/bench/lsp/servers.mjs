/**
 * Language servers that people use every day, on documents of their own languages: from an edit to the diagnostics that
 * it makes or takes away. Two times tell waiting from work: the clock's, and the processor's of the server's process.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-languageserver/node';
import { root } from '../../../scripts/install.mjs';

const installed = (name, script) => path.join(root, 'node_modules', name, script);

/** `text`: a document of so many lines; `edit`: the line of it that is replaced, by itself and by one that is wrong. */
const SERVERS = {
  'typescript-language-server': {
    command: [installed('typescript-language-server', 'lib/cli.mjs'), '--stdio'],
    file: 'bench.ts',
    language: 'typescript',
    // The compiler that this repository uses has no tsserver any more.
    options: { tsserver: { path: installed('tsserver', 'lib/tsserver.js') } },
    text: (lines) => Array.from({ length: lines }, (_, line) => `export const value${line}: number = ${line} + 1;`),
    wrong: (line) => line.replace(': number', ': string'),
    at: 'number',
  },
  'vscode-json-languageserver': {
    command: [installed('vscode-json-languageserver', 'bin/vscode-json-languageserver'), '--stdio'],
    file: 'bench.json',
    language: 'json',
    text: (lines) => [
      '[',
      ...Array.from({ length: lines - 3 }, (_, line) => `  { "name": "item ${line}", "value": ${line} },`),
      '  {}',
      ']',
    ],
    wrong: (line) => line.replace(' }', ' '),
    at: 'value',
  },
  'bash-language-server': {
    command: [installed('bash-language-server', 'out/cli.js'), 'start'],
    file: 'bench.sh',
    language: 'shellscript',
    text: (lines) => Array.from({ length: lines }, (_, line) => `name_${line}() { echo "$1" | grep -c ${line}; }`),
    wrong: (line) => line.replace('{ ', '{ if '),
    // Without shellcheck it finds nothing wrong; it answers each edit all the same.
    findsNothing: true,
    at: 'echo',
  },
};
const ANSWER_MS = 30_000;

/** A row for each server and number of lines; what a server does not answer in half a minute is left out. */
export async function otherServers(ours, counts, edits) {
  const rows = [];
  const servers = { snoopscope: ours, ...SERVERS };
  for (const lines of counts)
    for (const [name, server] of Object.entries(servers))
      rows.push({ name, lines, ...(await measured(server, lines, edits)) });
  return rows;
}

async function measured(server, lines, edits) {
  const child = spawn(process.execPath, server.command, { stdio: ['pipe', 'pipe', 'ignore'] });
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const seen = { count: -1, wake: () => {} };
  const uri = `file:///${server.file}`;
  connection.onNotification('textDocument/publishDiagnostics', (params) => {
    if (params.uri !== uri) return;
    seen.count = params.diagnostics.filter(({ severity }) => severity === undefined || severity <= 2).length;
    seen.wake();
  });
  for (const request of ['client/registerCapability', 'window/workDoneProgress/create'])
    connection.onRequest(request, () => null);
  connection.onRequest('workspace/configuration', ({ items }) => items.map(() => null));
  connection.listen();
  try {
    const { options } = server;
    const initialize = { processId: null, rootUri: null, capabilities: CAPABILITIES };
    await connection.sendRequest('initialize', { ...initialize, ...(options && { initializationOptions: options }) });
    await connection.sendNotification('initialized', {});
    const all = server.text(lines);
    const middle = server.line?.(all) ?? lines >> 1;
    const textDocument = { uri, languageId: server.language, version: 1, text: all.join('\n') };
    await connection.sendNotification('textDocument/didOpen', { textDocument });
    return await timed({ server, connection, seen, uri, line: all[middle], middle, pid: child.pid, edits });
  } finally {
    connection.dispose();
    child.kill();
  }
}

async function timed({ server, connection, seen, uri, line, middle, pid, edits }) {
  const until = (wanted) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_MS);
      seen.wake = () => {
        if (!wanted(seen.count)) return;
        clearTimeout(timer);
        resolve(true);
      };
      seen.wake();
    });
  const wall = [];
  const cpu = [];
  let text = line;
  for (let edit = 0; edit < edits + WARM_UP; edit++) {
    const isWrong = edit % 2 === 0;
    const next = isWrong ? server.wrong(line) : line;
    const range = { start: { line: middle, character: 0 }, end: { line: middle, character: text.length } };
    seen.count = -1;
    const [start, before] = [performance.now(), processorMs(pid)];
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: edit + 2 },
      contentChanges: [{ range, text: next }],
    });
    text = next;
    if (!(await until((count) => (server.findsNothing ? count === 0 : isWrong ? count > 0 : count === 0))))
      return { failed: true };
    if (edit < WARM_UP) continue;
    wall.push(performance.now() - start);
    cpu.push(processorMs(pid) - before);
  }
  const position = { line: middle, character: line.indexOf(server.at) + 1 };
  const asked = {};
  for (const method of ['completion', 'hover']) {
    const times = [];
    for (let question = 0; question < edits; question++) {
      const start = performance.now();
      await connection.sendRequest(`textDocument/${method}`, { textDocument: { uri }, position }).catch(() => null);
      times.push(performance.now() - start);
    }
    asked[method] = statistics(times);
  }
  return { wall: statistics(wall), cpu: statistics(cpu), ...asked, megabytes: memoryOf(pid) };
}

const WARM_UP = 6;
const CAPABILITIES = { textDocument: { publishDiagnostics: { versionSupport: true } } };

/** Of all threads and of the processes that it has started; 0 where the system does not tell. */
function processorMs(pid) {
  return processes(pid).reduce((sum, one) => sum + threadsMs(one), 0);
}

function threadsMs(pid) {
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).reduce(
      (sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      0,
    );
  } catch {
    return 0;
  }
}

function processes(pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return [pid, ...children.flatMap((child) => processes(Number(child)))];
  } catch {
    return [pid];
  }
}

function memoryOf(pid) {
  return processes(pid).reduce((sum, one) => {
    try {
      return sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      return sum;
    }
  }, 0);
}

function statistics(times) {
  const sorted = [...times].sort((left, right) => left - right);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), p95: at(0.95) };
}
