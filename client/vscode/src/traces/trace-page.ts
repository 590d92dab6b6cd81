// What is in a trace, as a page: where the run comes from, how far its branches go, and the scenario. It has no scripts; its
// links are commands.
import type { TraceBranch, TraceEnd, TraceHeader, TracePart } from '@snoopscope/sim-core';
import { l10n } from 'vscode';

/** Commands that the page may call. */
export const DEBUG_TRACE = 'snoopscope.debugTrace';
export const COMPARE_TRACES = 'snoopscope.compareTraces';

export interface TracePage {
  /** URI of the trace. */
  readonly uri: string;
  readonly name: string;
  readonly header: TraceHeader;
  readonly nonce: string;
}

export function tracePage({ uri, name, header, nonce }: TracePage): string {
  const { scenario, kernel, writtenBy, includes, branches, branch } = header;
  const facts: readonly (readonly [string, string])[] = [
    [l10n.t('scenario'), scenario.name],
    [l10n.t('kernel'), kernel.name],
    [l10n.t('written by'), writtenBy],
  ];
  const parts: readonly (TracePart | TraceBranch)[] = [header, ...branches];
  const rows = parts.map((part, index) => branchRow(part, index + 1, index + 1 === branch));
  const columns = [l10n.t('branch'), l10n.t('micro-steps'), l10n.t('end'), l10n.t('opens after')];
  const texts = [{ path: scenario.name, text: scenario.text }, ...includes].flatMap(({ path, text }) =>
    text === undefined ? [] : [`<h2>${escaped(path)}</h2><pre>${escaped(text)}</pre>`],
  );
  return page(
    nonce,
    `<h1>${escaped(name)}</h1>
<p class="actions"><a href="${commandUri(DEBUG_TRACE, uri)}">${escaped(l10n.t('Debug this trace'))}</a>
<a href="${commandUri(COMPARE_TRACES, uri)}">${escaped(l10n.t('Compare with another trace'))}</a></p>
<dl>${facts.map(([term, value]) => `<dt>${escaped(term)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>
<table><thead><tr>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('')}</tr></thead>
<tbody>${rows.join('')}</tbody></table>
${texts.join('')}`,
  );
}

/** A file that is not a trace, or one that this version cannot open. */
export function problemPage(name: string, problem: string, nonce: string): string {
  return page(nonce, `<h1>${escaped(name)}</h1><p>${escaped(problem)}</p>`);
}

function branchRow(part: TracePart | TraceBranch, number: number, opens: boolean): string {
  const from =
    'from' in part
      ? l10n.t('{0}, from branch {1} after {2} micro-steps', number, part.from, part.after)
      : l10n.t('{0}, the run itself', number);
  const mark = opens ? ` (${l10n.t('opens here')})` : '';
  const cells = [String(part.steps), endText(part.end), String(part.cursor)];
  return `<tr><th scope="row">${escaped(from)}${escaped(mark)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

function endText(end: TraceEnd): string {
  switch (end) {
    case 'completed':
      return l10n.t('every actor has finished');
    case 'stuck':
      return l10n.t('no actor can move');
    case 'limit':
      return l10n.t('stopped at a limit');
    case 'open':
      return l10n.t('saved before its end');
  }
}

function page(nonce: string, body: string): string {
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<style nonce="${nonce}">${STYLE}</style></head><body>
${body}
</body></html>`;
}

function commandUri(command: string, ...args: readonly unknown[]): string {
  return escaped(`command:${command}?${encodeURIComponent(JSON.stringify(args))}`);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

const STYLE = `
body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); background: var(--vscode-editor-background); padding: 0.5em 1.5em; }
h1 { font-size: 1.3em; }
h2 { font-size: 1.05em; margin-top: 1.5em; }
a { color: var(--vscode-textLink-foreground); }
.actions a { display: inline-block; margin-right: 0.6em; padding: 0.4em 0.9em; text-decoration: none; color: var(--vscode-button-foreground); background: var(--vscode-button-background); border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent)); }
.actions a + a { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
.actions a:focus { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2em 1em; }
dt { color: var(--vscode-descriptionForeground); }
dd { margin: 0; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder)); padding: 0.3em 0.8em; text-align: left; }
th[scope='row'] { font-weight: normal; }
pre { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); background: var(--vscode-editorWidget-background); padding: 0.8em 1em; overflow-x: auto; }
`;
