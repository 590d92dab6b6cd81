// Runs of the Test Explorer. What is explored is explored beside the editor; here verdicts become results.
import { type Coverage, mergedCoverage } from '@snoopscope/sim-core';
import {
  type CancellationToken,
  Disposable,
  debug,
  type FileCoverage,
  type FileCoverageDetail,
  Location,
  l10n,
  Range,
  type TestController,
  type TestItem,
  TestMessage,
  type TestRun,
  type TestRunRequest,
  Uri,
  workspace,
} from 'vscode';
import { answerLines } from '../answer-text.ts';
import { numberSetting, textsOf } from '../beside.ts';
import type { Beside } from '../beside-workers.ts';
import type { CheckDiagnostics } from '../check-diagnostics.ts';
import type { JudgedReply } from '../check-worker.ts';
import { debugOn, debugSchedule, type ScheduleToDebug } from '../debugging.ts';
import type { WorkerAnswer } from '../worker.ts';
import { coveredUris, fileCoverageOf, type KernelPages } from './covered-files.ts';
import { type Selected, selectionOf } from './selection.ts';
import type { TestItems } from './test-items.ts';
import { messageOf } from './test-messages.ts';
import { shownBy, shownByFailure, type TestQuestion, testVerdict } from './test-verdict.ts';

/** What runs share. */
export interface Testing {
  readonly controller: TestController;
  readonly items: TestItems;
  readonly beside: Beside;
  readonly diagnostics: CheckDiagnostics;
  readonly pages: KernelPages;
}

export type RunKind = 'run' | 'debug' | 'coverage';

export class TestRuns {
  readonly #testing: Testing;
  /** Item → what its messages can be debugged with, by their text. */
  readonly #schedules = new Map<string, Map<string, ScheduleToDebug>>();
  readonly #details = new WeakMap<FileCoverage, FileCoverageDetail[]>();
  #runs = 0;

  constructor(testing: Testing) {
    this.#testing = testing;
  }

  async start(request: TestRunRequest, token: CancellationToken, kind: RunKind): Promise<void> {
    const { controller, items } = this.#testing;
    await items.discover();
    if (request.continuous) return this.#watch(request, token, kind);
    const selection = selectionOf(controller, items, request);
    const run = controller.createTestRun(request);
    // The token of the request is that of the run as well, and this one also knows when the run is taken away.
    try {
      await this.#run(run, kind === 'debug' ? selection.slice(0, 1) : selection, kind);
    } finally {
      run.end();
    }
  }

  /** The schedule of a message that the Test Explorer shows. */
  scheduleOf(item: TestItem, message: TestMessage): ScheduleToDebug | undefined {
    const { message: text } = message;
    return this.#schedules.get(item.id)?.get(typeof text === 'string' ? text : text.value);
  }

  detailsOf(file: FileCoverage): FileCoverageDetail[] {
    return this.#details.get(file) ?? [];
  }

  async #run(run: TestRun, selection: readonly Selected[], kind: RunKind): Promise<void> {
    for (const item of selection.flatMap((selected) => selected.items)) run.enqueued(item);
    const covered: { readonly uri: Uri; readonly coverage: Coverage }[] = [];
    for (const selected of selection) {
      if (run.token.isCancellationRequested) {
        for (const item of selected.items) run.skipped(item);
        continue;
      }
      for (const item of selected.items) run.started(item);
      const answer = await this.#check(run, selected, kind);
      if (answer?.kind === 'judged' && answer.coverage) {
        covered.push({ uri: selected.scenario.uri, coverage: answer.coverage });
      }
      if (kind === 'debug' && answer?.kind === 'judged') {
        const [first] = selected.items;
        await debugTest(run, selected, answer, first && this.#testing.items.of(first)?.asked);
      }
    }
    this.#cover(run, covered);
  }

  async #check(run: TestRun, { scenario, items, kernels }: Selected, kind: RunKind): Promise<WorkerAnswer | undefined> {
    const { beside, diagnostics } = this.#testing;
    const { uri } = scenario;
    const texts = await textsOf(uri).catch(() => undefined);
    if (!texts) {
      const message = new TestMessage(l10n.t('{0} cannot be read.', workspace.asRelativePath(uri)));
      for (const item of items) run.errored(item, message);
      return undefined;
    }
    const maxStates = numberSetting(uri, 'limits.states');
    const cancel = new AbortController();
    const listener = run.token.onCancellationRequested(() => cancel.abort());
    const request = {
      kind: 'check',
      ...texts,
      ...(kernels && { kernels }),
      ...(kind === 'coverage' && { coverage: true }),
      ...(maxStates !== undefined && { maxStates }),
    } as const;
    const began = performance.now();
    const answer = await beside.ask(request, () => {}, cancel.signal);
    listener.dispose();
    if (!answer) {
      for (const item of items) run.skipped(item);
      return undefined;
    }
    for (const line of [workspace.asRelativePath(uri), ...answerLines(answer)]) {
      run.appendOutput(`${line}\r\n`, undefined, items[0]);
    }
    if (answer.kind === 'judged') {
      diagnostics.set(uri, texts.text, answer.failures);
      this.#report(run, { scenario, items, kernels }, answer, performance.now() - began);
    } else errored(run, { scenario, items, kernels }, answer);
    return answer;
  }

  #report(run: TestRun, { scenario, items }: Selected, reply: JudgedReply, milliseconds: number): void {
    const { uri } = scenario;
    for (const item of items) {
      const asked = this.#testing.items.of(item)?.asked;
      const verdict = asked && testVerdict(reply, asked);
      if (!verdict) {
        run.skipped(item);
        continue;
      }
      const schedules = new Map<string, ScheduleToDebug>();
      const messages = verdict.failures.map((failure) => {
        const message = messageOf(failure, uri, item.range?.start.line ?? 0);
        const shown = shownByFailure(failure);
        if (shown) schedules.set(message.message as string, { scenario: uri.toString(), ...shown });
        return message;
      });
      this.#schedules.set(item.id, schedules);
      if (verdict.outcome === 'passed') run.passed(item, milliseconds);
      else if (verdict.outcome === 'failed') run.failed(item, messages, milliseconds);
      else run.errored(item, messages, milliseconds);
    }
  }

  #cover(run: TestRun, covered: readonly { readonly uri: Uri; readonly coverage: Coverage }[]): void {
    if (covered.length === 0) return;
    const merged = mergedCoverage(
      covered.map(({ coverage }) => coverage),
      (part, path) => {
        const uri = covered[part]?.uri ?? Uri.file('');
        return String(path === '' ? uri : Uri.joinPath(uri, '..', path));
      },
    );
    for (const each of coveredUris(merged, this.#testing.pages, ++this.#runs)) {
      const file = fileCoverageOf(each);
      this.#details.set(file, each.details);
      run.addCoverage(file);
    }
  }

  /** Until the token says otherwise: what a saved file belongs to is run again. */
  #watch(request: TestRunRequest, token: CancellationToken, kind: RunKind): void {
    const { controller, items } = this.#testing;
    const files = workspace.createFileSystemWatcher('**/*.snoop');
    let running = Promise.resolve();
    const changed = (uri: Uri) => {
      running = running.then(async () => {
        if (token.isCancellationRequested) return;
        const selection = await dependingOn(uri, selectionOf(controller, items, request));
        if (selection.length === 0) return;
        const run = controller.createTestRun(request);
        try {
          await this.#run(run, selection, kind);
        } finally {
          run.end();
        }
      });
    };
    const listeners = Disposable.from(files, files.onDidChange(changed), files.onDidCreate(changed));
    token.onCancellationRequested(() => listeners.dispose());
  }
}

/** Goes to the counterexample of the first test that was selected, else to its example, else to its beginning. */
async function debugTest(
  run: TestRun,
  { scenario: { uri }, kernels }: Selected,
  reply: JudgedReply,
  asked: TestQuestion | undefined,
): Promise<void> {
  const shown =
    asked?.condition === undefined
      ? reply.failures.map(shownByFailure).find((failure) => failure !== undefined)
      : shownBy(reply, asked);
  const options = { testRun: run };
  const over = sessionEnd(run);
  const started = await (shown
    ? debugSchedule({ scenario: uri.toString(), ...shown }, options)
    : debugOn(uri, kernels?.[0], options));
  if (started) await over;
}

/** The session that belongs to the run has ended, or the run was cancelled. */
function sessionEnd(run: TestRun): Promise<void> {
  return new Promise((resolve) => {
    const listeners = Disposable.from(
      debug.onDidTerminateDebugSession((session) => {
        if (session.type !== 'snoopscope') return;
        listeners.dispose();
        resolve();
      }),
      run.token.onCancellationRequested(() => {
        listeners.dispose();
        void debug.stopDebugging().then(() => resolve());
      }),
    );
  });
}

function errored(run: TestRun, { scenario, items }: Selected, answer: WorkerAnswer): void {
  const { uri } = scenario;
  const messages =
    answer.kind === 'broken'
      ? answer.problems.map(({ line, message }) => {
          const one = new TestMessage(message);
          one.location = new Location(uri, new Range(line, 0, line, 0));
          return one;
        })
      : [new TestMessage(answerLines(answer).join('\n'))];
  for (const item of items) run.errored(item, messages);
}

/** The scenarios of a selection that a file belongs to. */
async function dependingOn(file: Uri, selection: readonly Selected[]): Promise<Selected[]> {
  const depends = await Promise.all(
    selection.map(async ({ scenario: { uri } }) => {
      if (String(uri) === String(file)) return true;
      const texts = await textsOf(uri).catch(() => undefined);
      return Object.keys(texts?.includes ?? {}).some((path) => String(Uri.joinPath(uri, '..', path)) === String(file));
    }),
  );
  return selection.filter((_, index) => depends[index]);
}
