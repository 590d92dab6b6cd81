// `npm test`: installs, builds, checks and runs every test; the last line is `N passed, N failed[, N skipped]`.
// Plain Node without dependencies: it must run on a fresh clone.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { ensureInstalled, node, root, toolEnvironment } from './install.mjs';
import { failedLine, unitOutcome } from './unit-outcome.mjs';

/** What parts print. What is held comes out with `show`, in one piece, and what is written later at once. */
class Output {
  #held;
  constructor({ held = false } = {}) {
    this.#held = held ? [] : undefined;
  }
  write(text, stream = 'stdout') {
    if (this.#held) this.#held.push([text, stream]);
    else process[stream].write(text);
  }
  show() {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [text, stream] of held) this.write(text, stream);
  }
}

// Ends what hangs, on a machine that is busy with other things as well.
const longestPart = 60 * 60_000; // milliseconds
const total = { passed: 0, failed: 0, retried: [], skipped: [], failures: [] };
const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-test-'));
const output = new Output();
const afterwards = new Output({ held: true });

if (await part('install', ensureInstalled)) {
  await part('build', () => command('build', ['scripts/build.mjs']));
  // The suite in VS Code waits more than it works: it runs beside the unit tests, which use every core.
  await Promise.all([codeAndUnits(), part('vscode', vscode, afterwards)]);
}
await rm(scratch, { recursive: true, force: true });

for (const retried of total.retried) output.write(`retried, and passed: ${retried}\n`);
for (const { title, reason } of total.skipped) output.write(`skipped: ${title} (${reason})\n`);
// Last, so that the end of a log that was cut has them.
for (const failure of total.failures) output.write(`failed: ${failure}\n`);
const skipped = total.skipped.length > 0 ? `, ${total.skipped.length} skipped` : '';
output.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exit(total.failed > 0 ? 1 : 0);

async function codeAndUnits() {
  await part('types', () => command('types', [tool('typescript', 'tsc'), '-b']));
  await part('style', () => command('style', [tool('@biomejs/biome', 'biome'), 'check', '--error-on-warnings']));
  await part('unused', () => command('unused', [tool('knip', 'knip'), '--no-progress']));
  await part('unit', vitest);
  afterwards.show();
}

/** Runs a part, which counts its own tests; one that throws counts as one failed test. Returns whether it finished. */
async function part(name, run, to = output) {
  const started = performance.now();
  to.write(`\n── ${name}\n`);
  let finished = true;
  try {
    await run(to);
  } catch (error) {
    finished = false;
    total.failed++;
    total.failures.push(failedLine(name, error.message));
    to.write(`\nfailed: ${name}: ${error.message}\n`);
  }
  to.write(`(${name}: ${Math.round((performance.now() - started) / 1000)} s)\n`);
  return finished;
}

/** A program whose exit code is one test. */
async function command(title, args) {
  const code = await ended(start(args, { stdio: ['ignore', 'inherit', 'inherit'] }));
  if (code !== 0) throw new Error(`exit code ${code}`);
  total.passed++;
  output.write(`passed: ${title}\n`);
}

async function vitest(to) {
  const report = path.join(scratch, 'vitest.json');
  // By itself vitest leaves a core free: of two as well.
  const workers = `--maxWorkers=${availableParallelism()}`;
  const { code, log } = await runLogged(
    [tool('vitest', 'vitest'), 'run', workers, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    to,
  );
  const { testResults } = JSON.parse(await readFile(report, 'utf8'));
  const { passed, failed, retried, skipped, failures } = unitOutcome(testResults, log, root);
  total.passed += passed;
  total.failed += failed;
  total.retried.push(...retried);
  total.skipped.push(...skipped);
  total.failures.push(...failures);
  if (testResults.length === 0) throw new Error('vitest found no tests');
  if (code !== 0 && failed === 0) throw new Error(`vitest ended with exit code ${code}, though no test failed`);
}

async function vscode(to) {
  const report = path.join(scratch, 'vscode.json');
  const { code } = await runLogged(['test/vscode/run.mjs', report], to);
  const outcomes = JSON.parse(await readFile(report, 'utf8'));
  const count = (kind) => outcomes.filter((outcome) => outcome.kind === kind).length;
  total.passed += count('passed');
  total.failed += count('failed');
  const failed = outcomes.filter(({ kind }) => kind === 'failed');
  total.failures.push(...failed.map(({ title, error }) => failedLine(title, error)));
  total.retried.push(
    ...outcomes.filter(({ kind }) => kind === 'retried').map(({ title, error }) => failedLine(title, error)),
  );
  total.skipped.push(...outcomes.filter(({ kind }) => kind === 'skipped'));
  if (outcomes.length === 0) throw new Error('the suite in VS Code ran no tests');
  if (code !== 0 && count('failed') === 0) throw new Error(`the suite in VS Code ended with exit code ${code}`);
}

/** Starts a script on the project's Node. */
function start(args, options) {
  return spawn(node, args, { cwd: root, env: toolEnvironment(), ...options });
}

/** Runs a script to its end; returns its exit code and what it printed. */
async function runLogged(args, to) {
  const env = toolEnvironment();
  // A pipe has no colours of its own.
  if (process.stdout.isTTY && !env.NO_COLOR) env.FORCE_COLOR ??= '1';
  const child = start(args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let log = '';
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      log += text;
      to.write(text, name);
    });
  }
  return { code: await ended(child), log };
}

/** The exit code of a process. One that takes too long is killed, which is an error. */
function ended(child) {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, longestPart);
    child.once('error', reject);
    // When its output has come in, too.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (late) reject(new Error(`it was ended because it took more than ${longestPart / 60_000} minutes`));
      else resolve(code ?? signal);
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
