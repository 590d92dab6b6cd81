// What a worker answers, as people read it.
import type { WorkerAnswer } from './worker.ts';

/** What is shown in other ways has no lines. */
export function answerLines(reply: WorkerAnswer): readonly string[] {
  switch (reply.kind) {
    case 'broken':
      return ['The scenario cannot run:', ...reply.problems.map(({ line, message }) => `line ${line + 1}: ${message}`)];
    case 'died':
    case 'refused':
      return [reply.message];
    case 'bug':
      return [
        'This is a mistake of Snoopscope, not of the scenario. Please report it with the scenario.',
        reply.message,
      ];
    case 'judged':
      return reply.lines;
    case 'compared':
    case 'estimated':
    case 'explored':
    case 'imported':
    case 'processes':
      return [];
  }
}
