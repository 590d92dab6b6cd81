// The Test Explorer: scenarios as tests, one for each condition.
import {
  commands,
  Disposable,
  l10n,
  type TestItem,
  type TestMessage,
  TestRunProfileKind,
  tests,
  window,
  workspace,
} from 'vscode';
import type { Beside } from '../beside-workers.ts';
import type { CheckDiagnostics } from '../check-diagnostics.ts';
import { debugSchedule } from '../debugging.ts';
import { KERNEL_SCHEME, KernelPages } from './covered-files.ts';
import { TestItems } from './test-items.ts';
import { type RunKind, TestRuns } from './test-runs.ts';

export function registerTesting(beside: Beside, diagnostics: CheckDiagnostics): Disposable {
  const controller = tests.createTestController('snoopscope', 'Snoopscope');
  const items = new TestItems(controller);
  const pages = new KernelPages();
  const runs = new TestRuns({ controller, items, beside, diagnostics, pages });
  controller.resolveHandler = (item) => (item ? undefined : items.discover());
  controller.refreshHandler = () => items.discover(true);
  const profile = (label: string, kind: TestRunProfileKind, how: RunKind) =>
    controller.createRunProfile(
      label,
      kind,
      (request, token) => runs.start(request, token, how),
      true,
      undefined,
      how !== 'debug',
    );
  profile(l10n.t('Check'), TestRunProfileKind.Run, 'run');
  profile(l10n.t('Debug counterexample'), TestRunProfileKind.Debug, 'debug');
  const coverage = profile(l10n.t('Check with coverage'), TestRunProfileKind.Coverage, 'coverage');
  coverage.loadDetailedCoverage = async (_run, file) => runs.detailsOf(file);
  return Disposable.from(
    controller,
    items,
    pages,
    workspace.registerTextDocumentContentProvider(KERNEL_SCHEME, pages),
    commands.registerCommand(
      'snoopscope.debugTestMessage',
      async (given?: { test: TestItem; message: TestMessage }) => {
        const wanted = given && runs.scheduleOf(given.test, given.message);
        if (wanted) return debugSchedule(wanted);
        void window.showErrorMessage(l10n.t('Run the test again: its schedule is not known any more.'));
        return false;
      },
    ),
  );
}
