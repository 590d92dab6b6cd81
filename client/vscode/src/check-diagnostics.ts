// What a check found to fail, as diagnostics at its line, until the file changes.
import { type CheckFailure, failureText } from '@snoopscope/sim-core';
import {
  CodeAction,
  CodeActionKind,
  Diagnostic,
  DiagnosticSeverity,
  Disposable,
  l10n,
  languages,
  Range,
  type TextDocument,
  type Uri,
  workspace,
} from 'vscode';
import { DEBUG_COUNTEREXAMPLE, type ScheduleToDebug } from './debugging.ts';
import { shownByFailure } from './testing/test-verdict.ts';

export const CHECK_SOURCE = 'snoopscope check';

export class CheckDiagnostics {
  readonly #collection = languages.createDiagnosticCollection(CHECK_SOURCE);
  /** URI → the failures of its diagnostics, in their order. */
  readonly #failures = new Map<string, readonly CheckFailure[]>();
  readonly #listeners: Disposable;

  constructor() {
    const files = workspace.createFileSystemWatcher('**/*.snoop');
    const changed = (uri: Uri) => this.#clear(uri);
    this.#listeners = Disposable.from(
      files,
      // An open editor may have had the text for long.
      files.onDidChange((uri) => {
        if (!openDocument(uri)) changed(uri);
      }),
      files.onDidDelete(changed),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) changed(document.uri);
      }),
      languages.registerCodeActionsProvider({ language: 'snoop' }, this, {
        providedCodeActionKinds: [CodeActionKind.QuickFix],
      }),
    );
  }

  dispose(): void {
    this.#listeners.dispose();
    this.#collection.dispose();
  }

  /** Replaces what the last check of the scenario said. `text` is what was checked. */
  set(uri: Uri, text: string, failures: readonly CheckFailure[]): void {
    const document = openDocument(uri);
    // It was edited meanwhile.
    if (document && document.getText() !== text) return;
    this.#failures.set(uri.toString(), failures);
    const lines = text.split(/\r?\n/);
    this.#collection.set(
      uri,
      failures.map((failure) => diagnosticOf(failure, lines)),
    );
  }

  provideCodeActions({ uri }: TextDocument, range: Range): CodeAction[] {
    const diagnostics = this.#collection.get(uri) ?? [];
    const failures = this.#failures.get(uri.toString()) ?? [];
    return failures.flatMap((failure, index) => {
      const diagnostic = diagnostics[index];
      const shown = shownByFailure(failure);
      if (!diagnostic || !shown || !diagnostic.range.intersection(range)) return [];
      const title = l10n.t('Debug counterexample on {0}', shown.kernel);
      const action = new CodeAction(title, CodeActionKind.QuickFix);
      const wanted: ScheduleToDebug = { scenario: uri.toString(), ...shown };
      action.command = { title, command: DEBUG_COUNTEREXAMPLE, arguments: [wanted] };
      action.diagnostics = [diagnostic];
      return [action];
    });
  }

  #clear(uri: Uri): void {
    this.#failures.delete(uri.toString());
    this.#collection.delete(uri);
  }
}

function diagnosticOf(failure: CheckFailure, lines: readonly string[]): Diagnostic {
  const line =
    failure.line ??
    Math.max(
      0,
      lines.findIndex((text) => /^\s*scenario\b/.test(text)),
    );
  const text = lines[line] ?? '';
  const range = new Range(line, text.length - text.trimStart().length, line, text.trimEnd().length);
  const severity = failure.kind === 'open' ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error;
  const diagnostic = new Diagnostic(range, failureText(failure), severity);
  diagnostic.source = CHECK_SOURCE;
  diagnostic.code = failure.kind === 'finding' ? (failure.finding ?? failure.kind) : failure.kind;
  return diagnostic;
}

function openDocument(uri: Uri): TextDocument | undefined {
  return workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}
