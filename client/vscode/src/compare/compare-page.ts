// A comparison of kernels as a page: a row for kernels with the same answers, and between two rows what turns them. Every
// answer is a link into the debugger. The page has no scripts.
import { l10n } from 'vscode';
import type { ComparedCell, ComparedReply, ComparedTurn } from '../compare-worker.ts';
import { DEBUG_COUNTEREXAMPLE, type ScheduleToDebug } from '../debugging.ts';

/** The command that debugs a scenario, given as a URI, on a kernel. */
export const DEBUG_ON_KERNEL = 'snoopscope.debugOnKernel';
/** The command that steps through it on two kernels side by side. */
export const DEBUG_ON_TWO_KERNELS = 'snoopscope.debugTwoKernels';

export interface Compared {
  /** URI of the scenario. */
  readonly scenario: string;
  readonly name: string;
  readonly answer: ComparedReply;
  readonly nonce: string;
}

/** Shape and word say the same as the colour. */
const SIGNS: Readonly<Record<string, string>> = {
  always: '●',
  occurs: '●',
  sometimes: '◐',
  never: '–',
  'does not occur': '–',
  open: '?',
};

export function comparePage({ scenario, name, answer, nonce }: Compared): string {
  const { questions, rows, limit } = answer;
  const body = rows.flatMap((row, index) => {
    const [first = ''] = row.kernels;
    const cells = row.cells.map((cell) => `<td>${cellLink(scenario, first, cell)}</td>`).join('');
    const turns = index === 0 ? '' : turnRow(answer, first, scenario);
    return [turns, `<tr><th scope="row">${escaped(spanOf(row.kernels))}</th>${cells}</tr>`];
  });
  const heads = questions.map(({ text, line }) => {
    const where = line === undefined ? '' : ` <small>${escaped(l10n.t('line {0}', line + 1))}</small>`;
    return `<th scope="col"><code>${escaped(text)}</code>${where}</th>`;
  });
  const still = rows.length === 1 ? l10n.t('No answer flips between these kernels.') : '';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<title>${escaped(name)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1>${escaped(name)}</h1>
<p>${escaped(l10n.t('Can it happen at the end of an execution? An answer leads into the debugger.'))}</p>
<table>
<thead><tr><th scope="col">${escaped(l10n.t('kernel'))}</th>${heads.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody>
</table>
${[still, limit ?? ''].map((text) => (text === '' ? '' : `<p>${escaped(text)}</p>`)).join('\n')}
</body>
</html>`;
}

function spanOf(kernels: readonly string[]): string {
  return kernels.length > 1 ? `${kernels[0]}..${kernels.at(-1)}` : (kernels[0] ?? '');
}

function cellLink(scenario: string, kernel: string, { answer, way }: ComparedCell): string {
  const wanted: ScheduleToDebug | undefined = way && { scenario, kernel, ...way };
  const command = wanted ? commandUri(DEBUG_COUNTEREXAMPLE, wanted) : commandUri(DEBUG_ON_KERNEL, scenario, kernel);
  const title = l10n.t('Debug on {0}', kernel);
  const word = answer.replaceAll(' ', '-');
  return `<a class="${escaped(word)}" href="${escaped(command)}" title="${escaped(title)}">${SIGNS[answer] ?? ''} ${escaped(answer)}</a>`;
}

/** What turns the answers between the row before and the one that begins with a kernel. */
function turnRow({ turns, questions }: ComparedReply, to: string, scenario: string): string {
  const own = turns.filter((turn) => turn.to === to);
  const causes = [...new Set(own.map(causeOf))];
  const texts = causes.map((cause) => {
    const same = own.filter((turn) => causeOf(turn) === cause);
    const turned = same.map(
      ({ question, before, after }) =>
        `<code>${escaped(questions[question]?.text ?? '')}</code>: ${escaped(before)} → ${escaped(after)}`,
    );
    return `<div>${changesOf(same[0]!)}<p>${turned.join('<br>')}</p>${stepLink(scenario, same[0]!)}</div>`;
  });
  const unknown = texts.length === 0 ? `<div>${escaped(l10n.t('What flips it is not known.'))}</div>` : '';
  return `<tr class="turn"><td colspan="${questions.length + 1}">${texts.join('')}${unknown}</td></tr>`;
}

function causeOf({ from, to, changes }: ComparedTurn): string {
  return [from, to, ...changes.map(({ subject }) => subject)].join('\n');
}

function changesOf({ changes, relation }: ComparedTurn): string {
  const list = changes.map(({ commit, subject, effect, where, added }) => {
    const hash = commit
      ? `<a href="https://git.kernel.org/torvalds/c/${encodeURIComponent(commit)}">${escaped(commit)}</a> `
      : '';
    const gone = added ? '' : ` (${escaped(l10n.t('goes away'))})`;
    return `<p>${hash}<strong>${escaped(subject)}</strong>${gone}<br>${escaped(effect)}<br><small>${escaped(where)}</small></p>`;
  });
  const several =
    changes.length < 2
      ? ''
      : `<p>${relation === 'each' ? 'Each of these alone flips it.' : 'Each of these is needed.'}</p>`;
  return list.join('') + several;
}

/** Leads to the last kernel before and the first after, stepped through together. */
function stepLink(scenario: string, { from, to }: ComparedTurn): string {
  const command = commandUri(DEBUG_ON_TWO_KERNELS, scenario, [from, to]);
  return `<p><a href="${escaped(command)}">${escaped(l10n.t('Step through {0} and {1} side by side', from, to))}</a></p>`;
}

function commandUri(command: string, ...args: readonly unknown[]): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify(args))}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}

const STYLE = `
body { font-family: var(--vscode-font-family); color: var(--vscode-foreground); background: var(--vscode-editor-background); }
h1 { font-size: 1.2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--vscode-editorWidget-border, var(--vscode-contrastBorder)); padding: 0.4em 0.8em; text-align: left; vertical-align: top; }
th[scope='row'] { white-space: nowrap; }
code { font-family: var(--vscode-editor-font-family); }
a { color: var(--vscode-textLink-foreground); }
td > a { text-decoration: none; color: var(--vscode-foreground); white-space: nowrap; }
td > a:hover, td > a:focus { text-decoration: underline; }
a.always, a.occurs { font-weight: bold; color: var(--vscode-editorError-foreground); }
a.sometimes { color: var(--vscode-editorWarning-foreground); }
tr.turn td { background: var(--vscode-editorWidget-background); color: var(--vscode-editorWidget-foreground); }
tr.turn p { margin: 0.2em 0; }
`;
