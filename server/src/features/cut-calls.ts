import type { Diagnostic, Fix, LineEdit, ParsedScenario, Span } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

type Lines = ParsedScenario['lines'];

/** What strace prints before a call: the thread, the time. */
const THREAD = /^\s*(?:\[pid\s+(\d+)\]\s*|(\d+)\s+)?(?:\d\d:\d\d:\d\d(?:\.\d+)?\s+|\d+\.\d+\s+)?/;
const CALL = /^(?:\w+\s*=\s*)?([a-z_]\w*)\(/;
const RESUMED = /^<\.\.\. (\w+) resumed>\s*(.*)$/;
const OTHER = /^(?:\+\+\+ |--- SIG)/;

/** Adds fixes that join calls which strace cut in two, and that remove what it prints beside calls. */
export function withCutCallFixes({ scenario }: Snapshot, found: readonly Diagnostic[]): readonly Diagnostic[] {
  if (!found.some(({ code, line }) => code === 'expected' && MARKS.test(scenario.lines[line]?.text ?? '')))
    return found;
  const fixes = fixesOf(scenario);
  return found.map((one) => {
    const fix = one.code === 'expected' && one.fixes === undefined ? fixes.get(one.line) : undefined;
    return fix === undefined ? one : { ...one, fixes: [fix] };
  });
}

const MARKS = /<unfinished|resumed>|\+\+\+|--- SIG/;

/** By line. The end of a call belongs to the last beginning above it of the same call and thread that has none yet. */
function fixesOf({ lines }: ParsedScenario): ReadonlyMap<number, Fix> {
  const fixes = new Map<number, Fix>();
  const open: { readonly line: number; readonly call: string; readonly thread: string | undefined }[] = [];
  for (const [line, { text }] of lines.entries()) {
    const prefix = THREAD.exec(text)!;
    const thread = prefix[1] ?? prefix[2];
    const rest = text.slice(prefix[0].length);
    const cut = rest.includes('<unfinished') ? CALL.exec(rest)?.[1] : undefined;
    if (cut !== undefined) open.push({ line, call: cut, thread });
    const [, resumed, end = ''] = RESUMED.exec(rest) ?? [];
    const begun = open.findLastIndex(
      (one) => one.call === resumed && (one.thread === undefined || thread === undefined || one.thread === thread),
    );
    if (resumed !== undefined && begun >= 0) {
      const [first] = open.splice(begun, 1);
      const fix = joining(lines, first!.line, line, end);
      fixes.set(first!.line, fix).set(line, fix);
    } else if (resumed !== undefined || OTHER.test(rest))
      fixes.set(line, { title: 'Remove the line', edits: emptied(lines, line) });
  }
  for (const { line } of open) fixes.set(line, closing(lines, line));
  return fixes;
}

function joining(lines: Lines, first: number, last: number, end: string): Fix {
  return {
    title: `Join lines ${first + 1} and ${last + 1}`,
    edits: [{ line: first, span: cutOff(lines, first), newText: end }, ...emptied(lines, last)],
  };
}

/** A call that the log never shows returning. */
function closing(lines: Lines, line: number): Fix {
  return { title: 'End the call here', meaning: 'changed', edits: [{ line, span: cutOff(lines, line), newText: ')' }] };
}

function cutOff(lines: Lines, line: number): Span {
  const { text } = lines[line]!;
  return { start: text.slice(0, text.lastIndexOf('<unfinished')).trimEnd().length, end: text.length };
}

function emptied(lines: Lines, line: number): LineEdit[] {
  return [{ line, span: { start: 0, end: lines[line]!.text.length }, newText: '' }];
}
