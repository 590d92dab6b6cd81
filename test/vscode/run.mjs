// Runs the suites of test/vscode/suite inside VS Code. VSCODE_EXECUTABLE names a desktop VS Code; without it,
// VS Code's own server and workbench run in a headless Chromium (test/vscode/host).
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { root } from '../../scripts/install.mjs';
import { runBrowserWorkers } from './browser-workers.mjs';
import { installChromium, installServer } from './host/install.mjs';
import { serveMessages } from './host/messages.mjs';

/** Where the extension can run. VS Code loads the suite into the extension host that the extension runs in. */
const variants = {
  node: { settings: {}, bundle: { platform: 'node', target: 'node22' } },
  // As in vscode.dev: the extension and its suite in a web worker of the browser.
  web: {
    settings: { 'remote.extensionKind': { 'snoopscope.snoopscope': ['web'] } },
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
 * Runs all suites once per variant. Returns their outcomes in the order they came: {kind, title, …}.
 * A run that ends early, or reports fewer tests than it ran, adds a failed outcome that says so.
 */
export async function runVSCode({ onOutcome = () => {}, say = () => {} } = {}) {
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
  for (const variant of Object.keys(variants)) {
    if (desktop && variant === 'web') {
      keep({
        kind: 'skipped',
        title: 'vscode (web)',
        reason: 'the setting that moves an extension into the web worker host works in the packaged host only',
      });
      continue;
    }
    await runOnce(variant, desktop ?? path.join(root, 'test/vscode/host/vscode.mjs'), keep);
  }
  if (!desktop) await runBrowserWorkers(keep);
  return outcomes;
}

async function runOnce(variant, executable, keep) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-test-'));
  const workspace = path.join(scratch, 'scenarios');
  const label = `vscode (${variant})`;
  let reported = 0;
  let ran;
  const runner = await serveMessages((outcome) => {
    if (outcome.kind === 'end') ran = outcome.tests;
    else {
      reported++;
      keep({ ...outcome, title: `${label}: ${outcome.title}` });
    }
  });
  const log = new Log();
  let failure = '';
  try {
    await bundleSuite(variant);
    // A copy: suites edit scenarios, and VS Code may save them by itself.
    await cp(path.join(root, 'scenarios'), workspace, { recursive: true });
    await writeSettings(scratch, { ...variants[variant].settings, 'snoopscopeTest.runner': runner.url });
    await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: suiteOf(variant),
      launchArgs: [
        workspace,
        `--user-data-dir=${path.join(scratch, 'user')}`,
        `--extensions-dir=${path.join(scratch, 'extensions')}`,
      ],
      stdout: log,
      stderr: log,
    });
  } catch (error) {
    failure = `: ${error.message}`; // A failed test ends here as well, and is counted already.
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

// What VS Code says of itself is long, and of use only when it ends early. VSCODE_LOG=1 shows it as it comes.
class Log extends Writable {
  text = '';
  _write(chunk, _encoding, done) {
    if (process.env.VSCODE_LOG) process.stderr.write(chunk);
    this.text = (this.text + chunk).slice(-20_000);
    done();
  }
}

async function bundleSuite(variant) {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/vscode/suite/index.ts'],
    outfile: suiteOf(variant),
    bundle: true,
    format: 'cjs',
    sourcemap: 'inline',
    external: variant === 'node' ? ['vscode', 'mocha'] : ['vscode'],
    ...variants[variant].bundle,
  });
}

function suiteOf(variant) {
  return path.join(root, 'dist-test', 'vscode', `${variant}.js`);
}

async function writeSettings(scratch, extra) {
  const folder = path.join(scratch, 'user', 'User');
  await mkdir(folder, { recursive: true });
  const settings = {
    'chat.disableAIFeatures': true,
    'extensions.autoCheckUpdates': false,
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    'files.autoSave': 'off',
    'git.enabled': false,
    'security.workspace.trust.enabled': false,
    'telemetry.telemetryLevel': 'off',
    'update.mode': 'none',
    'workbench.enableExperiments': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
    ...extra,
  };
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify(settings));
}

// `node test/vscode/run.mjs [REPORT]` prints the outcomes and writes them to REPORT as JSON.
if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const outcomes = await runVSCode({
    say: (line) => process.stderr.write(`${line}\n`),
    onOutcome: ({ kind, title, error, reason }) =>
      process.stdout.write(`${kind}: ${title}${error ? `\n${error}` : ''}${reason ? ` (${reason})` : ''}\n`),
  });
  if (process.argv[2]) await writeFile(process.argv[2], JSON.stringify(outcomes));
  process.exitCode = outcomes.some(({ kind }) => kind === 'failed') ? 1 : 0;
}
