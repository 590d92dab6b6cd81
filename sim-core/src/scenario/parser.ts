import type { NamedKernels } from '../kernel/named-kernels.ts';
import { LIMITS } from '../limits.ts';
import type { BlockKind, Diagnostic, Line, ParsedScenario } from './ast.ts';
import { parseLine } from './line.ts';
import { buildStructure } from './structure.ts';

/**
 * Reads a scenario. Any text gives a value, never an exception.
 *
 * With `previous`, the result of an earlier parse, unchanged lines keep their identity and are not read again. The
 * result is the same as without it. `named` are the names that the workspace gives to kernels.
 */
export function parse(text: string, previous?: ParsedScenario, named?: NamedKernels): ParsedScenario {
  if (text.length > LIMITS.scenarioCharacters) return tooLarge(text);
  const texts = splitLines(text);
  const surplus = texts.length - LIMITS.scenarioLines;
  if (surplus > 0) texts.length = LIMITS.scenarioLines;
  const {
    lines,
    blocks,
    balanced,
    diagnostics: structural,
  } = buildStructure(texts, lineReader(texts, previous?.lines ?? []));
  const diagnostics = collect(lines, structural);
  if (surplus > 0) diagnostics.push(tooManyLines(texts, surplus));
  return { lines, blocks, balanced, diagnostics: limited(diagnostics), ...(named && { named }) };
}

/** The lines of a text, as editors count them: `\n`, `\r\n` and `\r` each end one. */
export function splitLines(text: string): string[] {
  return text.includes('\r') ? text.split(/\r\n|\r|\n/) : text.split('\n');
}

/** Cuts a list of diagnostics at its limit, and says so. */
export function limited(diagnostics: Diagnostic[]): Diagnostic[] {
  if (diagnostics.length <= LIMITS.diagnostics) return diagnostics;
  const first = diagnostics[LIMITS.diagnostics]!;
  const message = `${diagnostics.length - LIMITS.diagnostics} further diagnostics are not shown; only the first ${LIMITS.diagnostics} are. Is this file a scenario?`;
  return [
    ...diagnostics.slice(0, LIMITS.diagnostics),
    { code: 'too-many-diagnostics', severity: 'information', message, line: first.line, span: first.span },
  ];
}

/** Reads a line, or finds it in the earlier parse: lines above and below an edit stay at their place from either end. */
function lineReader(texts: readonly string[], old: readonly Line[]): (block: BlockKind, index: number) => Line {
  const shift = old.length - texts.length;
  return (block, index) => {
    const text = texts[index]!;
    const above = old[index];
    if (above !== undefined && above.block === block && above.text === text) return above;
    const below = shift === 0 ? undefined : old[index + shift];
    if (below !== undefined && below.block === block && below.text === text) return below;
    return parseLine(block, old.length === 0 ? text : detached(text));
  };
}

/**
 * A copy that does not share memory with the whole text. Engines keep a line as a view into the text it was cut from:
 * one re-read line per edit would keep every version of the file alive.
 */
function detached(text: string): string {
  return text.length === 0 ? text : ` ${text}`.slice(1);
}

function collect(lines: readonly Line[], structural: readonly Diagnostic[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (let index = 0; index < lines.length; index++) {
    for (const problem of lines[index]!.problems) {
      const { fixes, ...rest } = problem;
      diagnostics.push({
        ...rest,
        line: index,
        ...(fixes && {
          fixes: fixes.map(({ span, newText, ...fix }) => ({ ...fix, edits: [{ line: index, span, newText }] })),
        }),
      });
    }
  }
  if (structural.length === 0) return diagnostics;
  diagnostics.push(...structural);
  return diagnostics.sort((left, right) => left.line - right.line || left.span.start - right.span.start);
}

function tooLarge(text: string): ParsedScenario {
  const message = `This text has ${text.length} characters; a scenario may have ${LIMITS.scenarioCharacters}. Split it with \`include\`, or open it as plain text.`;
  return {
    lines: [],
    blocks: [],
    balanced: true,
    diagnostics: [{ code: 'file-too-large', severity: 'error', message, line: 0, span: { start: 0, end: 0 } }],
  };
}

function tooManyLines(texts: readonly string[], surplus: number): Diagnostic {
  const line = texts.length - 1;
  const message = `${surplus} further lines are not read: a scenario may have ${LIMITS.scenarioLines}. Split the file with \`include\`.`;
  return { code: 'too-many-lines', severity: 'error', message, line, span: { start: 0, end: texts[line]!.length } };
}
