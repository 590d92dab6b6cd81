// Runs inside VS Code: VS Code calls run() and takes a thrown error as a failed run.
// The same source is bundled for the Node and for the web worker extension host, so it uses no Node module.
import Mocha from 'mocha';
import { workspace } from 'vscode';
import { type Outcome, reasonOf, report } from './runner.ts';

export async function run(): Promise<void> {
  const grep = workspace.getConfiguration('snoopscopeTest').get<string>('grep') ?? '';
  // A test that hangs fails; the first terminal or view of a window takes its time on a busy machine.
  // What shares a window with VS Code's own work may lose a race to it once: a second run tells that from a fault, and
  // the summary names what needed one.
  const mocha = new Mocha({ ui: 'tdd', timeout: 180_000, retries: 1, reporter: Reporter, grep });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await import('./language.test.ts');
  await import('./debug.test.ts');
  await import('./questions.test.ts');
  await import('./traces.test.ts');
  await import('./check.test.ts');
  await import('./kernel.test.ts');
  await import('./explore.test.ts');
  await import('./testing.test.ts');
  await import('./tasks.test.ts');
  await import('./gallery.test.ts');
  await import('./import.test.ts');
  await import('./compare.test.ts');
  await import('./views.test.ts');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  await Promise.all(reports);
  if (failures > 0) throw new Error(`${failures} failed`);
}

const reports: Promise<void>[] = [];

class Reporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner) {
    super(runner);
    let tests = 0;
    const send = (outcome: Outcome) => {
      tests++;
      reports.push(report(outcome));
    };
    runner.on('retry', (test, error) =>
      send({ kind: 'retried', title: test.fullTitle(), error: error.stack ?? String(error) }),
    );
    runner.on('pass', (test) => send({ kind: 'passed', title: test.fullTitle(), milliseconds: test.duration ?? 0 }));
    runner.on('fail', (test, error) =>
      send({ kind: 'failed', title: test.fullTitle(), error: error.stack ?? String(error) }),
    );
    runner.on('pending', (test) => send({ kind: 'skipped', title: test.fullTitle(), reason: reasonOf(test) }));
    runner.on('end', () => reports.push(report({ kind: 'end', tests })));
  }
}
