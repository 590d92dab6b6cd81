/** Verdicts for people. */
import { counted, type ExploreLimit, verdictLines } from '@snoopscope/sim-core';
import type { FileVerdict } from './check-file.ts';
import type { Invocation } from './commands/command.ts';
import { wrap } from './paint.ts';

/** Prints one file's verdicts. `witnesses` prints the schedules of conditions that hold, too. */
export function printVerdict(call: Invocation, { file, groups, left }: FileVerdict, witnesses: boolean): void {
  const { paint } = call;
  call.print(paint('heading', file.name));
  for (const { indent, word, text, after, hang } of verdictLines(file.parsed, groups, { left, witnesses, limitText })) {
    const room = call.width - (after?.text.length ?? 0);
    const body = hang === undefined ? text.text : wrap(text.text, room, hang);
    const before = word ? `${paint(word.style ?? 'faint', word.text)}  ` : '';
    const end = after ? paint(after.style ?? 'faint', after.text) : '';
    call.print(`${' '.repeat(indent)}${before}${text.style ? paint(text.style, body) : body}${end}`);
  }
}

/** Which limit, and the way out. */
export function limitText(limit: ExploreLimit): string {
  switch (limit.kind) {
    case 'states':
      return `The limit of ${counted(limit.at, 'state')} was reached; --max-states raises it.`;
    case 'bytes':
      return `The limit of ${counted(limit.at / 1e6, 'megabyte')} for states was reached; --max-megabytes raises it.`;
    case 'depth':
      return `The limit of ${counted(limit.at, 'move')} on one path was reached.`;
    case 'switches':
      return `Interleavings with more than ${counted(limit.at, 'switch')} were not visited; --max-switches raises the bound.`;
    case 'stopped':
      return 'The exploration was interrupted, or the time of --max-seconds was over, before it had seen everything.';
    case 'finding':
      return `The exploration stopped at the first ${limit.finding}.`;
    case 'model':
    case 'thread':
      return limit.message;
  }
}
