/** Lines of the scenario and its included files: their text, their columns, which of them can be executed. */
import type { Place, ProgramNode } from '@snoopscope/sim-core';
import type { Debuggee } from './launch.ts';

/** The statement of a line, without indentation and comment. */
export function lineText(debuggee: Debuggee, place: { readonly file: number; readonly line: number }): string {
  return inOneColumn(writtenText(debuggee, place));
}

function writtenText(debuggee: Debuggee, place: { readonly file: number; readonly line: number }): string {
  const line = debuggee.sources[place.file]?.parsed.lines[place.line];
  return line ? line.text.slice(0, line.comment?.start ?? line.text.length).trim() : '';
}

/** Blanks that line columns up mean nothing when a line is shown alone. */
export function inOneColumn(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** The call of a statement: its line without the declared result. */
export function callText(debuggee: Debuggee, place: { readonly file: number; readonly line: number }): string {
  const content = debuggee.sources[place.file]?.parsed.lines[place.line]?.content;
  const text = writtenText(debuggee, place);
  if (content?.kind !== 'syscall' || !content.result) return inOneColumn(text);
  const indent = lineSpan(debuggee, place).start;
  return inOneColumn(text.slice(0, content.result.span.start - indent)).replace(/\s*=\s*$/, '');
}

/** A statement in a few words: the request of an ioctl, the name of another call, an instruction as it is. */
export function shortText(debuggee: Debuggee, place: { readonly file: number; readonly line: number }): string {
  const content = debuggee.sources[place.file]?.parsed.lines[place.line]?.content;
  if (content?.kind !== 'syscall') return lineText(debuggee, place);
  const request = content.args[1];
  return content.call.text === 'ioctl' && request?.kind === 'name' ? request.name : content.call.text;
}

/** First and last column of the statement, 0-based, half open. */
export function lineSpan(
  debuggee: Debuggee,
  place: { readonly file: number; readonly line: number },
): { start: number; end: number } {
  const line = debuggee.sources[place.file]?.parsed.lines[place.line];
  if (!line) return { start: 0, end: 0 };
  const code = line.text.slice(0, line.comment?.start ?? line.text.length).trimEnd();
  return { start: code.length - code.trimStart().length, end: code.length };
}

/** Where an actor's block ends: what is shown of an actor that has ended. */
export function blockEnd(debuggee: Debuggee, place: Place): { file: number; line: number } {
  const block = debuggee.sources[place.file]?.parsed.blocks.find((one) => one.line === place.line);
  return { file: place.file, line: block?.endLine ?? place.line };
}

/** Lines of a file on which something is executed: statements, choices, calls. Ascending. */
export function executableLines(debuggee: Debuggee, file: number): number[] {
  const lines = new Set<number>();
  for (const node of debuggee.model.nodes)
    for (const place of stoppingPlaces(node)) if (place.file === file) lines.add(place.line);
  return [...lines].sort((a, b) => a - b);
}

/** Lines at which an actor at a node can be seen: its own, and those of the calls around it. */
export function stoppingPlaces(node: ProgramNode): { readonly file: number; readonly line: number }[] {
  if (node.kind === 'end' || node.kind === 'repeat') return [];
  return [node.place, ...node.place.calls];
}

/** Does a procedure come back to its first statement without being called again? */
export function beginsWithLoop({ sources }: Debuggee, proc: string): boolean {
  const block = sources.flatMap(({ parsed }) => parsed.blocks).find((one) => one.proc?.name.text === proc);
  const first = block?.items[0]?.kind;
  return first === 'loop' || first === 'repeat';
}
