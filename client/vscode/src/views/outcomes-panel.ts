// The page of an exploration: how it is to be explored, how far it is, and its outcomes; a click on one debugs it.
import type { OutcomesPicture } from '@snoopscope/sim-core';
import type { ExplorationState, ExploreMethod, Intent } from '@snoopscope/views/draw';
import { ELEMENTS } from '@snoopscope/views/tags';
import { commands, Disposable, l10n, Range, type Uri, ViewColumn, type WebviewPanel, window } from 'vscode';
import { DEBUG_COUNTEREXAMPLE, type ScheduleToDebug } from '../debugging.ts';
import { PicturePage } from './picture-page.ts';

/** What the page can be asked for. */
export interface OutcomesReader {
  readonly explore: (method: ExploreMethod) => void;
  readonly cancel: () => void;
}

/** One page for each scenario and kernel, used again when it is explored again. */
export class OutcomesPanels extends Disposable {
  readonly #extension: Uri;
  readonly #open = new Map<string, OutcomesPanel>();

  constructor(extension: Uri) {
    super(() => {
      for (const panel of this.#open.values()) panel.close();
    });
    this.#extension = extension;
  }

  /** The page, if it is open. */
  known(scenario: Uri, kernel: string): OutcomesPanel | undefined {
    return this.#open.get(keyOf(scenario, kernel));
  }

  /** The page, shown beside the editor. */
  show(scenario: Uri, kernel: string): OutcomesPanel {
    const known = this.known(scenario, kernel);
    known?.reveal();
    if (known) return known;
    const key = keyOf(scenario, kernel);
    const panel = new OutcomesPanel(this.#extension, scenario, kernel, () => this.#open.delete(key));
    this.#open.set(key, panel);
    return panel;
  }
}

function keyOf(scenario: Uri, kernel: string): string {
  return `${scenario.toString()} ${kernel}`;
}

export class OutcomesPanel {
  readonly #panel: WebviewPanel;
  readonly #page: PicturePage;
  #reader: OutcomesReader | undefined;

  constructor(extension: Uri, scenario: Uri, kernel: string, onClosed: () => void) {
    const name = (scenario.path.split('/').at(-1) ?? '').replace(/\.snoop$/, '');
    const title = l10n.t('Outcomes: {0} on {1}', name, kernel);
    this.#panel = window.createWebviewPanel('snoopscope.outcomes', title, {
      viewColumn: ViewColumn.Beside,
      preserveFocus: true,
    });
    this.#page = new PicturePage(this.#panel.webview, {
      extension,
      element: ELEMENTS.outcomes,
      title,
      onIntent: (intent) => void this.#follow(scenario, kernel, intent),
    });
    this.#panel.onDidDispose(() => {
      const reader = this.#reader;
      this.#reader = undefined;
      this.#page.dispose();
      reader?.cancel();
      onClosed();
    });
  }

  /** From now on what its reader asks for goes there. */
  readBy(reader: OutcomesReader): void {
    this.#reader?.cancel();
    this.#reader = reader;
  }

  /** False once another exploration has the page. */
  isReadBy(reader: OutcomesReader): boolean {
    return this.#reader === reader;
  }

  tell(exploration: ExplorationState): void {
    this.#page.showExploration(exploration);
  }

  showPicture(picture: OutcomesPicture | undefined): void {
    this.#page.show(picture);
  }

  reveal(): void {
    this.#panel.reveal(undefined, true);
  }

  close(): void {
    this.#panel.dispose();
  }

  /** Debugs what was chosen, or shows the line that it is about. */
  async #follow(scenario: Uri, kernel: string, intent: Intent): Promise<void> {
    if (intent.kind === 'explore') this.#reader?.explore(intent.method);
    else if (intent.kind === 'cancel') this.#reader?.cancel();
    else if (intent.kind === 'debug') {
      const { schedule, finding, nth } = intent;
      const stop = { ...(finding && { finding }), ...(nth && { nth }) };
      const wanted: ScheduleToDebug = { scenario: scenario.toString(), kernel, schedule, ...stop };
      await commands.executeCommand(DEBUG_COUNTEREXAMPLE, wanted);
    } else if (intent.kind === 'line')
      await window.showTextDocument(scenario, {
        selection: new Range(intent.line, 0, intent.line, 0),
        viewColumn: ViewColumn.One,
      });
  }
}
