// What the last check of a scenario came to, as a lens above it, until its text changes.
import { COMMAND_IDS } from '@snoopscope/server/protocol';
import {
  CodeLens,
  type CodeLensProvider,
  Disposable,
  EventEmitter,
  l10n,
  languages,
  Range,
  type TextDocument,
  type Uri,
  workspace,
} from 'vscode';

/** What a check says about kernels that behave alike. */
export interface KernelsVerdict {
  /** `v3.13..v5.11`. */
  readonly name: string;
  /** Undefined where a limit was reached before the answer. */
  readonly passed: boolean | undefined;
  /** Set where there was nothing to judge. */
  readonly skipped?: string;
}

/** A lens is one line. */
const MOST_VERDICTS = 4;

export class VerdictLenses implements CodeLensProvider, Disposable {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #verdicts = new Map<string, { readonly text: string; readonly title: string }>();
  readonly #listeners = Disposable.from(
    this.#changed,
    languages.registerCodeLensProvider({ language: 'snoop' }, this),
    workspace.onDidCloseTextDocument(({ uri }) => this.#verdicts.delete(uri.toString())),
  );

  dispose(): void {
    this.#listeners.dispose();
  }

  /** `text` is what was checked. */
  set(uri: Uri, text: string, verdicts: readonly KernelsVerdict[]): void {
    const shown = verdicts.slice(0, MOST_VERDICTS).map(verdictText);
    const more = verdicts.length > shown.length ? ['…'] : [];
    this.#verdicts.set(uri.toString(), { text, title: l10n.t('Checked: {0}', [...shown, ...more].join(', ')) });
    this.#changed.fire();
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const text = document.getText();
    const verdict = this.#verdicts.get(document.uri.toString());
    if (verdict?.text !== text) return [];
    const line = Math.max(
      0,
      text.split(/\r?\n/).findIndex((one) => /^scenario\b/.test(one)),
    );
    const command = { title: verdict.title, command: COMMAND_IDS.check, arguments: [document.uri.toString()] };
    return [new CodeLens(new Range(line, 0, line, 0), command)];
  }
}

function verdictText({ name, passed, skipped }: KernelsVerdict): string {
  if (skipped !== undefined) return l10n.t('nothing to check on {0}', name);
  if (passed === undefined) return l10n.t('open on {0}', name);
  return passed ? l10n.t('passed on {0}', name) : l10n.t('FAILED on {0}', name);
}
