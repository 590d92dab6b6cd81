// Runs the suites of test/vscode/suite inside VS Code, with the extension installed from its VSIX. VSCODE_EXECUTABLE names a desktop VS Code; without it,
// VS Code's own server and workbench run in a headless Chromium (test/vscode/host).
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { root } from '../../scripts/install.mjs';
import { freshVsix } from '../../scripts/package.mjs';
import { runBrowserWorkers } from './browser-workers.mjs';
import { installChromium, installServer } from './host/install.mjs';
import { serveMessages } from './host/messages.mjs';
import { run } from './host/packages.mjs';
import { installExtension } from './host/server.mjs';
import { runViewPages } from './view-pages.mjs';

/**
 * Where the extension can run. The suite is an extension under development of its own, beside the installed one: VS Code
 * loads a suite into the extension host of the extension whose folder it is in.
 */
const variants = {
  node: { settings: {}, bundle: { platform: 'node', target: 'node22' } },
  // As in vscode.dev: the extension and its suite in a web worker of the browser.
  web: {
    settings: { 'remote.extensionKind': { 'snoopscope.snoopscope': ['web'], 'snoopscope.suite': ['web'] } },
    bundle: {
      platform: 'browser',
      target: 'es2023',
      alias: { mocha: './test/vscode/suite/mocha-browser.mjs' },
      // mocha's browser build looks for `module`, and would take that of the whole bundle for its own.
      define: { module: 'undefined' },
    },
  },
};

/**
 * Runs all suites once per variant, or what `grep` finds in their titles. Returns their outcomes in the order they came: {kind, title, …}.
 * A run that ends early, or reports fewer tests than it ran, adds a failed outcome that says so.
 */
export async function runVSCode({ only = Object.keys(variants), grep, onOutcome = () => {}, say = () => {} } = {}) {
  const desktop = process.env.VSCODE_EXECUTABLE;
  if (!desktop) {
    // Here rather than in the host, so that the progress is seen.
    await installServer(say);
    await installChromium(say);
  }
  const outcomes = [];
  const keep = (outcome) => {
    outcomes.push(outcome);
    onOutcome(outcome);
  };
  const vsix = await freshVsix();
  for (const variant of only) {
    if (desktop && variant === 'web') {
      keep({
        kind: 'skipped',
        title: 'vscode (web)',
        reason: 'the setting that moves an extension into the web worker host works in the packaged host only',
      });
      continue;
    }
    await runSuite(variant, { desktop, vsix, settings: grep ? { 'snoopscopeTest.grep': grep } : {}, keep });
  }
  if (!desktop && !grep) {
    await runBrowserWorkers(keep);
    await runViewPages(keep);
  }
  return outcomes;
}

/**
 * Runs the suite that `entry` exports as run() once, in a new VS Code with the VSIX installed. `desktop` is the executable
 * of a desktop VS Code, `settings` are those of the user, `scenarios` is false for a workspace without any. `keep` gets each
 * outcome.
 */
export async function runSuite(
  variant,
  { desktop, vsix, entry = 'test/vscode/suite/index.ts', settings = {}, scenarios = true, keep },
) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-test-'));
  const workspace = path.join(scratch, 'scenarios');
  const userDataDir = path.join(scratch, 'user');
  const extensionsDir = path.join(scratch, 'extensions');
  const label = `vscode (${variant})`;
  let reported = 0;
  let ran;
  const runner = await serveMessages((outcome) => {
    if (outcome.kind === 'end') ran = outcome.tests;
    else {
      reported++;
      keep(outcome.kind === 'measured' ? outcome : { ...outcome, title: `${label}: ${outcome.title}` });
    }
  });
  const log = new Log();
  let failure = '';
  try {
    await bundleSuite(variant, entry);
    // A copy: suites edit scenarios, and VS Code may save them by itself.
    if (scenarios) await cp(path.join(root, 'scenarios'), workspace, { recursive: true });
    else await mkdir(workspace);
    await install(vsix, { desktop, userDataDir, extensionsDir });
    await writeSettings(userDataDir, {
      ...variants[variant].settings,
      ...settings,
      'snoopscopeTest.runner': runner.url,
    });
    await runTests({
      vscodeExecutablePath: desktop ?? path.join(root, 'test/vscode/host/vscode.mjs'),
      extensionDevelopmentPath: path.dirname(suiteOf(variant)),
      extensionTestsPath: suiteOf(variant),
      launchArgs: [workspace, `--user-data-dir=${userDataDir}`, `--extensions-dir=${extensionsDir}`],
      stdout: log,
      stderr: log,
    });
  } catch (error) {
    failure = `: ${error.message}`; // A failed test ends here as well, and is already counted.
  } finally {
    runner.close();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
  if (ran !== reported || reported === 0) {
    keep({
      kind: 'failed',
      title: label,
      error: `VS Code ended before the suite did, after ${reported} tests${failure}\n${log.text}`,
    });
  }
}

// What VS Code says about itself is long, and of use only when it ends early. VSCODE_LOG=1 shows it as it comes.
class Log extends Writable {
  text = '';
  _write(chunk, _encoding, done) {
    if (process.env.VSCODE_LOG) process.stderr.write(chunk);
    this.text = (this.text + chunk).slice(-20_000);
    done();
  }
}

async function install(vsix, { desktop, userDataDir, extensionsDir }) {
  if (!desktop) {
    return installExtension({ serverDir: await installServer(), vsix, extensionsDir, dataDir: userDataDir });
  }
  const [program, ...args] = resolveCliArgsFromVSCodeExecutablePath(desktop, { reuseMachineInstall: true });
  const dirs = ['--user-data-dir', userDataDir, '--extensions-dir', extensionsDir];
  return run(program, [...args, ...dirs, '--install-extension', vsix]);
}

async function bundleSuite(variant, entry) {
  const manifest = { name: 'suite', publisher: 'snoopscope', version: '0.0.0', engines: { vscode: '^1.106.0' } };
  await mkdir(path.dirname(suiteOf(variant)), { recursive: true });
  await writeFile(
    path.join(path.dirname(suiteOf(variant)), 'package.json'),
    // Both entries, as the extension has them: the settings then decide on the host.
    JSON.stringify({ ...manifest, main: './suite.js', browser: './suite.js' }),
  );
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: suiteOf(variant),
    bundle: true,
    format: 'cjs',
    sourcemap: 'inline',
    external: variant === 'node' ? ['vscode', 'mocha'] : ['vscode'],
    ...variants[variant].bundle,
  });
}

function suiteOf(variant) {
  return path.join(root, 'dist-test', 'vscode', variant, 'suite.js');
}

async function writeSettings(userDataDir, extra) {
  const folder = path.join(userDataDir, 'User');
  await mkdir(folder, { recursive: true });
  const settings = {
    'chat.disableAIFeatures': true,
    // Suites look at the file explorer and press keys in views: one of them has it as users have it.
    'debug.openDebug': 'neverOpen',
    'extensions.autoCheckUpdates': false,
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    'files.autoSave': 'off',
    'git.enabled': false,
    'security.workspace.trust.enabled': false,
    'telemetry.telemetryLevel': 'off',
    // A text without a file would bring up a dialog.
    'testing.saveBeforeTest': false,
    'update.mode': 'none',
    'workbench.enableExperiments': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
    ...extra,
  };
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify(settings));
}

// `node test/vscode/run.mjs [REPORT] [--only=web] [--grep=testing]` prints the outcomes and writes them to REPORT as JSON.
if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' }, grep: { type: 'string' } },
    allowPositionals: true,
  });
  const outcomes = await runVSCode({
    ...(values.only && { only: [values.only] }),
    ...(values.grep && { grep: values.grep }),
    say: (line) => process.stderr.write(`${line}\n`),
    onOutcome: ({ kind, title, error, reason }) =>
      process.stdout.write(`${kind}: ${title}${error ? `\n${error}` : ''}${reason ? ` (${reason})` : ''}\n`),
  });
  if (positionals[0]) await writeFile(positionals[0], JSON.stringify(outcomes));
  process.exitCode = outcomes.some(({ kind }) => kind === 'failed') ? 1 : 0;
}
