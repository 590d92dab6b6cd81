/** `snoopscope explore FILE`: every interleaving on one kernel, with the outcomes and how each of them comes about. */
import { identityOf, type Model } from '@snoopscope/sim-core';
import { Keeper } from '../explore-checkpoint.ts';
import { printEstimate } from '../explore-estimate.ts';
import { explorationExitCode, exploreModel, type Known, type OnProgress } from '../explore-file.ts';
import { exploredDocument } from '../explore-json.ts';
import { EXPLORE_OPTIONS, type ExploreRequest, exploreRequestOf } from '../explore-options.ts';
import { printExplored, progressText } from '../explore-text.ts';
import { remarkWarnings } from '../failure-report.ts';
import { jsonText } from '../json.ts';
import { askedProfile, ownProfile } from '../kernels.ts';
import { KnownSoFar, type OnKnown } from '../known-so-far.ts';
import { printable } from '../printable.ts';
import { modelOf, readScenario } from '../scenario-file.ts';
import { VERSION } from '../version.ts';
import { type Command, type Invocation, SCENARIO_FILES } from './command.ts';

export const explore: Command = {
  name: 'explore',
  summary: 'Explore all interleavings of a scenario on one kernel: verdicts, outcomes, findings, schedules.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  operandOffers: [SCENARIO_FILES],
  description: [
    'Reports for each condition whether it holds, and in how many distinct outcomes its proposition is true and false; then lists the outcomes, over everything that conditions mention, and the findings, one for each kind, object, reader and line. Each comes with a `schedule` line that leads to it: paste it into the file, or pass it to `run --schedule` or a launch configuration, to replay the run.',
    '--random samples runs instead, uniformly or by PCT: they can find a witness or a counterexample, but prove nothing. The same seed gives the same runs; each witness and finding comes with the call that repeats its run. --shard splits the runs across machines, and `snoopscope merge` combines the JSON results.',
    'Reductions skip equivalent interleavings. They do not change verdicts and outcomes, but they change the numbers of states, final states and occurrences. On a limit or Ctrl-C the command prints what it knows so far. A file without actors and conditions is skipped, as `check` does. With --checkpoint it also saves it: the same call resumes the search, or prints the saved result if the search is complete. FILE may be - for standard input.',
  ],
  options: EXPLORE_OPTIONS,
  examples: [
    {
      line: 'explore scenarios/wbinvd/local-cpu-not-flushed.snoop',
      about: 'Explore on the kernel that the scenario names.',
    },
    {
      line: 'explore --kernel v6.12 --granularity micro --stop-on stale-read a.snoop',
      about: 'The nearest stale read, between micro-steps.',
    },
    {
      line: 'explore large.snoop --checkpoint large.cp --max-seconds 3000',
      about: 'Search for 50 minutes; the next call resumes.',
    },
    { line: 'explore a.snoop --random 100000 --pct 3 --seed 7', about: 'A hundred thousand runs by PCT.' },
  ],
  async run(call) {
    const kernel = call.text('kernel');
    const named = kernel === undefined ? undefined : askedProfile(call, kernel);
    const request = exploreRequestOf(call);
    const file = await readScenario(call.io, call.operands[0]!);
    remarkWarnings(call, file);
    const profile = named ?? ownProfile(file);
    const model = modelOf(file, profile);
    if (call.flag('estimate')) return printEstimate(call, file.name, model);
    const keeper = await keeperOf(call, request, model);
    const onProgress: OnProgress = (progress, seconds, kept) =>
      call.status(progressText(progress, seconds, kept, call.flag('random')));
    const print = (on: Invocation, explored: Known): void => {
      if (call.format === 'json') on.printJson(exploredDocument(file.name, explored, identityOf(model, {}, VERSION)));
      else printExplored(on, file.name, explored);
    };
    const { lastWords } = call.io;
    const tell: OnKnown = (known) =>
      lastWords?.({ stdout: printed(call, (on) => print(on, known)), exitCode: explorationExitCode(known.report) });
    const explored = await exploreModel(model, profile, request, call.io.interrupt, {
      onProgress,
      keeper,
      known: lastWords && new KnownSoFar(model, profile, tell),
    });
    print(call, explored);
    return explored.exitCode;
  },
};

/** What a command would print. */
function printed(call: Invocation, print: (on: Invocation) => void): string {
  const lines: string[] = [];
  const { colours } = call.io.stdout;
  print({
    ...call,
    print: (text) => lines.push(`${printable(text, colours)}\n`),
    printJson: (document) => lines.push(`${jsonText(document)}\n`),
  });
  return lines.join('');
}

async function keeperOf(
  { io, remark }: Invocation,
  request: ExploreRequest,
  model: Model,
): Promise<Keeper | undefined> {
  if (request.checkpoint === undefined) return undefined;
  // A shutdown sends SIGTERM first.
  io.heedTermination();
  const keeper = await Keeper.open(io.workingDirectory, request.checkpoint, model, request);
  if (keeper.isResumed) remark(`Resuming from the checkpoint ${request.checkpoint}.`);
  return keeper;
}
