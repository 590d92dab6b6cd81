import { format, type LineEdit, type ParsedScenario } from '@snoopscope/sim-core';

export interface Indentation {
  readonly tabSize?: number;
  readonly insertSpaces?: boolean;
}

/** The edits of the formatter in some lines, indented as the editor wants it. */
export function formatting(
  scenario: ParsedScenario,
  { tabSize = 2, insertSpaces }: Indentation,
  wanted: (line: number) => boolean,
): LineEdit[] {
  const unit = insertSpaces === false ? '\t' : ' '.repeat(tabSize > 0 && tabSize <= 16 ? tabSize : 2);
  if (unit === '  ') return format(scenario).filter(({ line }) => wanted(line));
  const indented = (text: string): string => text.replace(/^(?: {2})+/, (blanks) => unit.repeat(blanks.length / 2));
  const edits = new Map(format(scenario).map((edit) => [edit.line, edit]));
  return scenario.lines.flatMap(({ text }, line): LineEdit[] => {
    const edit = edits.get(line);
    const after = edit === undefined ? text : text.slice(0, edit.span.start) + edit.newText + text.slice(edit.span.end);
    const newText = indented(after.replace(/^[ \t]+/, (blanks) => blanks.replaceAll('\t', '  ')));
    return !wanted(line) || newText === text ? [] : [{ line, span: { start: 0, end: text.length }, newText }];
  });
}
