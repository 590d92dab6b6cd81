/** Diagnostics as compilers print them: `file:line:col: severity: message [code]`, the line, and carets below. */
import { type Diagnostic, includePath, type Severity } from '@snoopscope/sim-core';
import type { Paint, Style } from './paint.ts';

const STYLE_OF: Readonly<Record<Severity, Style>> = {
  error: 'worst',
  warning: 'caution',
  information: 'name',
  hint: 'faint',
};
/** Tabs become this many spaces, so that the carets line up with what they mark. */
const TAB = '  ';
/** Nobody reads more than this of one file. */
const MOST_SHOWN = 20;
const MOST_NOTES = 8;
const CUT = '…';

/** One text for all diagnostics of a file; `width` columns are there for the quoted line. */
export function diagnosticsText(
  name: string,
  text: string,
  diagnostics: readonly Diagnostic[],
  paint: Paint,
  width: number,
): string {
  const lines = text.split(/\r\n|\r|\n/);
  const shown = diagnostics.slice(0, MOST_SHOWN).map((diagnostic) => {
    const { line, span, severity, message, code } = diagnostic;
    const place = `${name}:${line + 1}:${span.start + 1}:`;
    const head = `${paint('heading', place)} ${paint(STYLE_OF[severity], `${severity}:`)} ${message} [${code}]`;
    const related = (diagnostic.related ?? []).map((r) => {
      const file = r.path === undefined ? name : includePath(name, r.path);
      return `${paint('heading', `${file}:${r.line + 1}:${r.span.start + 1}:`)} ${paint('name', 'note:')} ${r.message}`;
    });
    return [head, ...quote(lines[line] ?? '', span, paint, width), ...related].join('\n');
  });
  const rest = diagnostics.length - MOST_SHOWN;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more in ${name}`] : [])].join('\n');
}

/** One line for each, without the source: what changes no verdict takes no more room. What is the same is said once. */
export function notesText(name: string, notes: readonly Diagnostic[], paint: Paint): string {
  const times = new Map<string, number>();
  for (const { message } of notes) times.set(message, (times.get(message) ?? 0) + 1);
  const different = notes.filter(({ message }, at) => notes.findIndex((other) => other.message === message) === at);
  const shown = different.slice(0, MOST_NOTES).map(({ line, span, message, code }) => {
    const count = times.get(message)!;
    const place = `${name}:${line + 1}:${span.start + 1}:`;
    return `${paint('heading', place)} ${paint('name', 'note:')} ${message}${count > 1 ? ` (${count} times)` : ''} [${code}]`;
  });
  const rest = different.length - MOST_NOTES;
  return [...shown, ...(rest > 0 ? [`… and ${rest} more in ${name}`] : [])].join('\n');
}

/** The source line with carets below the span; long lines are cut to a window around it. */
function quote(source: string, span: Diagnostic['span'], paint: Paint, width: number): string[] {
  if (source.trim() === '') return [];
  const room = width - 4;
  const before = expand(source.slice(0, span.start));
  const marked = expand(source.slice(span.start, span.end));
  const all = before + marked + expand(source.slice(span.end));
  let from = 0;
  if (all.length > room && before.length + Math.min(marked.length, room) > room) {
    from = Math.max(0, Math.min(before.length - 8, all.length - room));
  }
  const cutLeft = from > 0 ? CUT : '';
  const window = all.slice(from, from + room);
  const cutRight = from + room < all.length ? CUT : '';
  const length = Math.max(1, Math.min(marked.length, room - (before.length - from)));
  const carets = ' '.repeat(before.length - from + cutLeft.length) + paint('bad', '^'.repeat(length));
  return [`  ${cutLeft}${window}${cutRight}`.trimEnd(), `  ${carets}`];
}

function expand(text: string): string {
  return text.replaceAll('\t', TAB).replace(CONTROL, '\u{fffd}');
}

// A terminal would obey control characters of a hostile file.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
