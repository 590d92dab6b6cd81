// `npm test`: installs, builds, checks and runs every test; the last line is `N passed, N failed[, N skipped]`.
// Plain Node without dependencies: it must run on a fresh clone.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, node, root, toolEnvironment } from './install.mjs';
import { unitOutcome } from './unit-outcome.mjs';

// Ends what hangs, on a machine that is busy with other things as well.
const longestPart = 60 * 60_000; // milliseconds
const total = { passed: 0, failed: 0, retried: [], skipped: [], crashes: [] };
const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-test-'));

/** Each part counts its own tests. One that throws counts as one failed test. */
const parts = {
  install: () => ensureInstalled(),
  build: () => command('build', ['scripts/build.mjs']),
  types: () => command('types', [tool('typescript', 'tsc'), '-b']),
  style: () => command('style', [tool('@biomejs/biome', 'biome'), 'check', '--error-on-warnings']),
  unused: () => command('unused', [tool('knip', 'knip'), '--no-progress']),
  unit: () => vitest(),
  vscode: () => vscode(),
};

for (const [name, part] of Object.entries(parts)) {
  process.stdout.write(`\n── ${name}\n`);
  try {
    await part();
  } catch (error) {
    total.failed++;
    process.stdout.write(`\nfailed: ${name}: ${error.message}\n`);
    if (name === 'install') break; // Nothing else can run.
  }
}
await rm(scratch, { recursive: true, force: true });

for (const crash of total.crashes) process.stdout.write(`failed: ${crash}\n`);
for (const title of total.retried) process.stdout.write(`retried: ${title} (its first run failed, see above)\n`);
for (const { title, reason } of total.skipped) process.stdout.write(`skipped: ${title} (${reason})\n`);
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exit(total.failed > 0 ? 1 : 0);

/** A program whose exit code is one test. */
async function command(title, args) {
  const code = await run(args);
  if (code !== 0) throw new Error(`exit code ${code}`);
  total.passed++;
  process.stdout.write(`passed: ${title}\n`);
}

async function vitest() {
  const report = path.join(scratch, 'vitest.json');
  const { code, log } = await runLogged([
    tool('vitest', 'vitest'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const { testResults } = JSON.parse(await readFile(report, 'utf8'));
  const { passed, failed, skipped, crashes } = unitOutcome(testResults, log, root);
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
  total.crashes.push(...crashes);
  if (testResults.length === 0) throw new Error('vitest found no tests');
  if (code !== 0 && failed === 0) throw new Error(`vitest ended with exit code ${code}, though no test failed`);
}

async function vscode() {
  const report = path.join(scratch, 'vscode.json');
  const code = await run(['test/vscode/run.mjs', report]);
  const outcomes = JSON.parse(await readFile(report, 'utf8'));
  const count = (kind) => outcomes.filter((outcome) => outcome.kind === kind).length;
  total.passed += count('passed');
  total.failed += count('failed');
  total.retried.push(...outcomes.filter(({ kind }) => kind === 'retried').map(({ title }) => title));
  total.skipped.push(...outcomes.filter(({ kind }) => kind === 'skipped'));
  if (outcomes.length === 0) throw new Error('the suite in VS Code ran no tests');
  if (code !== 0 && count('failed') === 0) throw new Error(`the suite in VS Code ended with exit code ${code}`);
}

/** Runs a script on the project's Node to its end, or its time limit; returns its exit code. */
function run(args) {
  return ended(spawn(node, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: toolEnvironment() }));
}

/** The same, and what it printed. */
async function runLogged(args) {
  const env = toolEnvironment();
  // A pipe has no colours of its own.
  if (process.stdout.isTTY && !env.NO_COLOR) env.FORCE_COLOR ??= '1';
  const child = spawn(node, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      log += text;
      process[name].write(text);
    });
  }
  return { code: await ended(child), log };
}

function ended(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), longestPart);
    child.once('error', reject);
    // When its output has come in, too.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal);
    });
  });
}

// The script that a package's `bin` names, to be run without a shell.
function tool(name, command) {
  return path.join(
    root,
    'node_modules',
    name,
    { tsc: 'bin/tsc', biome: 'bin/biome', vitest: 'vitest.mjs', knip: 'bin/knip.js' }[command],
  );
}
