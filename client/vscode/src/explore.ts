// The command "Explore Scenario": every interleaving on one kernel, and from each finding into the debugger.
import { COMMANDS } from '@snoopscope/server/protocol';
import { type OutcomesPicture, outcomesPicture } from '@snoopscope/sim-core';
import {
  CodeLens,
  commands,
  Disposable,
  EventEmitter,
  env,
  l10n,
  languages,
  Range,
  type TextDocument,
  Uri,
  ViewColumn,
  window,
  workspace,
} from 'vscode';
import { answerLines } from './answer-text.ts';
import { askWorker, numberOf, scenarioFor, textsOf } from './beside.ts';
import type { Beside } from './beside-workers.ts';
import { DEBUG_COUNTEREXAMPLE, type ScheduleToDebug } from './debugging.ts';
import { explorationPage, type Page } from './explore-page.ts';
import { chosenKernel } from './kernel-picker.ts';
import { OutcomesPanels } from './views/outcomes-panel.ts';
import type { WorkerAnswer } from './worker.ts';

const scheme = 'snoopscope-exploration';
const copyCommand = 'snoopscope.copySchedule';
const pictureCommand = 'snoopscope.showOutcomes';

/** States of a scenario that is explored while somebody waits fit in here. */
const DEFAULT_MEGABYTES = 1024;

/**
 * `levelWorker`: address or path of what the threads of an exploration run. `onExplored` is told when an exploration is
 * shown.
 */
export function registerExplore(
  extension: Uri,
  beside: Beside,
  levelWorker: () => Promise<string>,
  onExplored: () => void,
): Disposable {
  const pages = new Pages();
  const panels = new OutcomesPanels(extension);
  return Disposable.from(
    pages,
    panels,
    commands.registerCommand(pictureCommand, (page: string) => {
      const shown = pages.shown(page);
      if (shown) panels.show(shown.scenario, shown.picture);
    }),
    workspace.registerTextDocumentContentProvider(scheme, pages),
    languages.registerCodeLensProvider({ scheme }, pages),
    commands.registerCommand(COMMANDS.explore, async (uri?: Uri | string) => {
      const answer = await exploreScenario(pages, beside, levelWorker, uri);
      if (answer?.kind === 'explored') onExplored();
      return answer;
    }),
    commands.registerCommand(copyCommand, (schedule: string) => env.clipboard.writeText(schedule)),
  );
}

/** Returns what was found, or undefined when nothing was: no scenario, or cancelled before anything was known. */
async function exploreScenario(
  pages: Pages,
  beside: Beside,
  levelWorker: () => Promise<string>,
  uri?: Uri | string,
): Promise<WorkerAnswer | undefined> {
  const document = await scenarioFor(uri, l10n.t('Open a .snoop file first: it is the scenario to explore.'));
  if (!document) return undefined;
  const kernel = chosenKernel(document.uri);
  const maxStates = numberOf(document.uri, 'limits.states');
  const workers = numberOf(document.uri, 'explore.workers');
  const maxSwitches = numberOf(document.uri, 'explore.maxSwitches');
  const request = {
    kind: 'explore',
    ...(await textsOf(document.uri)),
    maxBytes: (numberOf(document.uri, 'limits.megabytes') ?? DEFAULT_MEGABYTES) * 1024 ** 2,
    ...(kernel !== undefined && { kernel }),
    ...(maxStates !== undefined && { maxStates }),
    ...(workers !== undefined && { workers }),
    ...(maxSwitches !== undefined && { maxSwitches }),
    levelWorker: await levelWorker(),
  } as const;
  const name = workspace.asRelativePath(document.uri);
  const reply = await askWorker(beside, request, l10n.t('Exploring {0}', name));
  if (!reply) return undefined;
  if (reply.kind === 'explored') {
    await pages.show({
      scenario: document.uri,
      kernel: reply.report.kernel,
      page: explorationPage(name, reply),
      picture: outcomesPicture(reply.report, reply.graph),
    });
    const { limit } = reply.report;
    if (limit?.kind === 'thread') void window.showErrorMessage(limit.message);
  } else void window.showErrorMessage(answerLines(reply).slice(0, 2).join(' '));
  return reply;
}

interface Shown {
  readonly scenario: Uri;
  readonly kernel: string;
  readonly page: Page;
  readonly picture: OutcomesPicture;
}

/** The pages that have been shown, each a read-only document with lenses at its schedules. */
class Pages extends Disposable {
  readonly #changed = new EventEmitter<Uri>();
  readonly #shown = new Map<string, Shown>();
  readonly onDidChange = this.#changed.event;
  readonly onDidChangeCodeLenses: EventEmitter<void>['event'];

  constructor() {
    const lenses = new EventEmitter<void>();
    super(() => {
      this.#changed.dispose();
      lenses.dispose();
    });
    this.onDidChangeCodeLenses = lenses.event;
    this.#changed.event(() => lenses.fire());
  }

  /** What a page shows, by its address. */
  shown(uri: string): Shown | undefined {
    return this.#shown.get(uri);
  }

  async show(shown: Shown): Promise<void> {
    const { scenario, kernel, page } = shown;
    const name = (scenario.path.split('/').at(-1) ?? '').replace(/\.snoop$/, '');
    const uri = Uri.from({ scheme, path: `/${name} on ${kernel}.md`, query: scenario.toString() });
    this.#shown.set(uri.toString(), shown);
    this.#changed.fire(uri);
    const document = await workspace.openTextDocument(uri);
    await hasText(document, page.text);
    await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true, preview: true });
  }

  provideTextDocumentContent(uri: Uri): string {
    return (
      this.#shown.get(uri.toString())?.page.text ??
      `${l10n.t('This exploration is over: explore the scenario again.')}\n`
    );
  }

  provideCodeLenses({ uri }: TextDocument): CodeLens[] {
    const shown = this.#shown.get(uri.toString());
    if (!shown) return [];
    const picture = { title: l10n.t('Show as a picture'), command: pictureCommand, arguments: [uri.toString()] };
    const schedules = shown.page.actions.flatMap(({ line, title, schedule, finding, nth }) => {
      const range = new Range(line, 0, line, 0);
      const { scenario, kernel } = shown;
      const stop = { ...(finding && { finding }), ...(nth && { nth }) };
      const wanted: ScheduleToDebug = { scenario: scenario.toString(), kernel, schedule, ...stop };
      const lenses = [new CodeLens(range, { title, command: DEBUG_COUNTEREXAMPLE, arguments: [wanted] })];
      if (schedule === 'schedule') return lenses;
      return [
        ...lenses,
        new CodeLens(range, { title: l10n.t('Copy schedule'), command: copyCommand, arguments: [schedule] }),
      ];
    });
    return [new CodeLens(new Range(0, 0, 0, 0), picture), ...schedules];
  }
}

/** A page that was open already gets its new text in its own time. */
function hasText(document: TextDocument, text: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.getText() !== text) return;
      listener.dispose();
      resolve();
    };
    const listener = workspace.onDidChangeTextDocument(look);
    look();
  });
}
