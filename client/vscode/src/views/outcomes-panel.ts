// What an exploration found, as a picture beside the scenario: a click on an outcome debugs it.
import type { OutcomesPicture } from '@snoopscope/sim-core';
import type { Intent } from '@snoopscope/views/draw';
import { ELEMENTS } from '@snoopscope/views/tags';
import { commands, Disposable, Range, type Uri, ViewColumn, type WebviewPanel, window } from 'vscode';
import { DEBUG_COUNTEREXAMPLE, type ScheduleToDebug } from '../debugging.ts';
import { PicturePage } from './picture-page.ts';

/** One panel for each scenario and kernel, used again when it is explored again. */
export class OutcomesPanels extends Disposable {
  readonly #extension: Uri;
  readonly #open = new Map<string, { readonly panel: WebviewPanel; readonly page: PicturePage }>();

  constructor(extension: Uri) {
    super(() => {
      for (const { panel } of this.#open.values()) panel.dispose();
    });
    this.#extension = extension;
  }

  show(scenario: Uri, picture: OutcomesPicture): void {
    const key = `${scenario.toString()} ${picture.kernel}`;
    const known = this.#open.get(key);
    known?.page.show(picture);
    known?.panel.reveal(undefined, true);
    if (known) return;
    const name = (scenario.path.split('/').at(-1) ?? '').replace(/\.snoop$/, '');
    const title = `Outcomes: ${name} on ${picture.kernel}`;
    const panel = window.createWebviewPanel('snoopscope.outcomes', title, {
      viewColumn: ViewColumn.Beside,
      preserveFocus: true,
    });
    const page = new PicturePage(panel.webview, {
      extension: this.#extension,
      element: ELEMENTS.outcomes,
      title,
      onIntent: (intent) => void follow(scenario, picture.kernel, intent),
    });
    this.#open.set(key, { panel, page });
    panel.onDidDispose(() => {
      page.dispose();
      this.#open.delete(key);
    });
    page.show(picture);
  }
}

/** Debugs what was chosen, or shows the line that it is about. */
async function follow(scenario: Uri, kernel: string, intent: Intent): Promise<void> {
  if (intent.kind === 'debug') {
    const { schedule, finding } = intent;
    const wanted: ScheduleToDebug = { scenario: scenario.toString(), kernel, schedule, ...(finding && { finding }) };
    await commands.executeCommand(DEBUG_COUNTEREXAMPLE, wanted);
  } else if (intent.kind === 'line')
    await window.showTextDocument(scenario, {
      selection: new Range(intent.line, 0, intent.line, 0),
      viewColumn: ViewColumn.One,
    });
}
