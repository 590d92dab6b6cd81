/** `run --why FACT`: why a fact has its value at the end of a run. */
import { type FactExplanation, whyFact, whyText } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { FORMAT_VERSION } from './json.ts';
import { wrap } from './paint.ts';
import type { RunOutcome } from './run-outcome.ts';

export function printWhy(call: Invocation, { file, profile, run }: RunOutcome, question: string): ExitCode {
  const answer = whyFact(run, question, run.steps);
  if ('problem' in answer) throw new Failure(`Nothing to explain: ${answer.problem}`, { code: 'no-such-fact' });
  if (call.format === 'json')
    call.printJson({
      format: FORMAT_VERSION,
      file: file.name,
      kernel: profile.name,
      question,
      ...whyDocument(answer),
    });
  else {
    const [headline = '', ...causes] = whyText(answer);
    call.print(
      call.paint('heading', wrap(`${headline} at the end of ${file.name} on ${profile.name}`, call.width, 2, 0)),
    );
    for (const cause of causes) call.print(`  ${wrap(cause, call.width, 5, 2)}`);
  }
  return EXIT.fine;
}

function whyDocument({ headline, links }: FactExplanation): object {
  return { answer: headline, why: links.map(({ event, text, sources }) => ({ event, text, sources })) };
}
