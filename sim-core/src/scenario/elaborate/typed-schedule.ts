/** A schedule that a person typed outside any file: on the command line, in a launch configuration. */
import type { Granularity, Model, ScheduledMove } from '../../engine/model.ts';
import type { Diagnostic, LineContent } from '../ast.ts';
import { parse } from '../parser.ts';
import { Problems } from './problems.ts';
import { compileSchedule } from './schedule.ts';

export interface TypedSchedule {
  readonly moves: readonly ScheduledMove[];
  readonly granularity: Granularity;
  /** What is wrong with it; columns count in `text`. */
  readonly diagnostics: readonly Diagnostic[];
  /** The line that was read: the typed text after the word `schedule`. */
  readonly text: string;
}

/**
 * Reads `qemu*4 vcpu0 gpu*2`, with or without the word `schedule` and the word `micro`. Nothing, or the word `schedule`
 * alone, is the empty schedule: no move is prescribed, whatever the file says.
 */
export function typedSchedule(model: Model, typed: string): TypedSchedule {
  const words = typed.trim();
  if (words === '' || words === 'schedule') {
    return { moves: [], granularity: 'statement', diagnostics: [], text: 'schedule' };
  }
  const text = /^schedule\b/.test(words) ? words : `schedule ${words}`;
  const parsed = parse(text);
  const content = parsed.lines[0]?.content;
  const problems = new Problems();
  const line = content?.kind === 'schedule' ? (content as Extract<LineContent, { kind: 'schedule' }>) : undefined;
  const moves = line ? compileSchedule(line.items, model.moves, 0, problems) : [];
  return {
    moves,
    granularity: line?.granularity ?? 'statement',
    diagnostics: [...parsed.diagnostics, ...problems.diagnostics],
    text,
  };
}
