// The command "Explore Scenario": every interleaving on one kernel, or as many as its page asks for.
import { COMMAND_IDS } from '@snoopscope/server/protocol';
import { kernelOf, NEWEST, outcomesPicture } from '@snoopscope/sim-core';
import type { ExplorationState, ExploreMethod } from '@snoopscope/views/draw';
import { commands, Disposable, l10n, type TextDocument, type Uri, window, workspace } from 'vscode';
import { answerLines } from './answer-text.ts';
import { askWorker, numberSetting, scenarioFor, textsOf } from './beside.ts';
import type { Beside, ProgressReply } from './beside-workers.ts';
import { estimatedLines, exploredLines } from './explore-summary.ts';
import type { ExploreJob } from './explore-worker.ts';
import { chosenKernel } from './kernel-picker.ts';
import { readTexts } from './scenario-texts.ts';
import { OutcomesPanels, type OutcomesReader } from './views/outcomes-panel.ts';
import type { WorkerAnswer } from './worker.ts';

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
  const panels = new OutcomesPanels(extension);
  const explorer = new Explorer(panels, beside, levelWorker, onExplored);
  return Disposable.from(
    panels,
    commands.registerCommand(COMMAND_IDS.explore, async (uri?: Uri | string, method?: ExploreMethod) => {
      const document = await scenarioFor(uri, l10n.t('Open a .snoop file first: it is the scenario to explore.'));
      return document && explorer.explore(document, method);
    }),
  );
}

class Explorer {
  readonly #panels: OutcomesPanels;
  readonly #beside: Beside;
  readonly #levelWorker: () => Promise<string>;
  readonly #onExplored: () => void;

  constructor(panels: OutcomesPanels, beside: Beside, levelWorker: () => Promise<string>, onExplored: () => void) {
    this.#panels = panels;
    this.#beside = beside;
    this.#levelWorker = levelWorker;
    this.#onExplored = onExplored;
  }

  /** Returns what was found, or undefined when nothing was: it was cancelled before anything was known. */
  async explore(document: TextDocument, method = usualMethod(document.uri)): Promise<WorkerAnswer | undefined> {
    const { uri } = document;
    const name = workspace.asRelativePath(uri);
    const request = await this.#request(uri, method);
    const { scenario } = readTexts(request);
    const kernel = (kernelOf(scenario, request.kernel) ?? kernelOf(scenario) ?? NEWEST).name;
    const cancel = new AbortController();
    const reader: OutcomesReader = {
      explore: (other) => void this.explore(document, other),
      cancel: () => cancel.abort(),
    };
    const title = l10n.t('Exploring {0}', name);
    // A scenario that cannot run gets no page: whether it can is known with the first that the worker tells.
    let panel = this.#panels.known(uri, kernel);
    panel?.readBy(reader);
    const tell = (told: Omit<ExplorationState, 'method'>) => {
      if (!panel) {
        panel = this.#panels.show(uri, kernel);
        panel.readBy(reader);
      }
      if (panel.isReadBy(reader)) panel.tell({ method, ...told });
    };
    if (panel) tell({ running: true, lines: [title] });
    const onTold = (text: string, reply: ProgressReply) =>
      tell({ running: true, lines: [title, text], ...shareOf(reply, method) });
    const reply = await askWorker(this.#beside, request, title, { cancel, onTold });
    if (panel || (reply && 'seconds' in reply)) tell({ running: false, lines: linesOf(name, reply) });
    if (reply?.kind === 'explored') {
      if (panel?.isReadBy(reader)) panel.showPicture(outcomesPicture(reply.report, reply.graph));
      this.#onExplored();
      const { limit } = reply.report;
      if (limit?.kind === 'thread') void window.showErrorMessage(limit.message);
    } else if (reply?.kind === 'estimated') {
      if (panel?.isReadBy(reader)) panel.showPicture(undefined);
    } else if (reply) void window.showErrorMessage(answerLines(reply).slice(0, 2).join(' '));
    if (panel?.isReadBy(reader)) panel.reveal();
    return reply;
  }

  async #request(uri: Uri, method: ExploreMethod): Promise<ExploreJob> {
    const kernel = chosenKernel(uri);
    const maxStates = numberSetting(uri, 'limits.states');
    const workers = numberSetting(uri, 'explore.workers');
    return {
      kind: 'explore',
      ...(await textsOf(uri)),
      maxBytes: (numberSetting(uri, 'limits.megabytes') ?? DEFAULT_MEGABYTES) * 1e6,
      method,
      ...(kernel !== undefined && { kernel }),
      ...(maxStates !== undefined && { maxStates }),
      ...(workers !== undefined && { workers }),
      levelWorker: await this.#levelWorker(),
    };
  }
}

function linesOf(name: string, reply: WorkerAnswer | undefined): readonly string[] {
  if (!reply) return [l10n.t('Cancelled before anything was known.')];
  switch (reply.kind) {
    case 'explored':
      return exploredLines(name, reply);
    case 'estimated':
      return estimatedLines(name, reply);
    default:
      return answerLines(reply);
  }
}

function usualMethod(uri: Uri): ExploreMethod {
  const most = numberSetting(uri, 'explore.maxSwitches');
  return most === undefined ? { kind: 'all' } : { kind: 'switches', most };
}

function shareOf(reply: ProgressReply, method: ExploreMethod): { share?: number } {
  if ('drawn' in reply && reply.drawn && method.kind === 'random')
    return { share: 1 - reply.progress.frontier / method.runs };
  const share = 'share' in reply ? reply.share : undefined;
  return share ? { share: share.about?.share ?? share.atMost } : {};
}
