/** `export promela`: a scenario as a model for SPIN, made of what the explorer learned. */
import { type Granularity, NO_REDUCTION, Search, SLICE_MOVES } from '@snoopscope/sim-core';
import { NotInPromela, promelaModel } from '@snoopscope/sim-core/promela';
import type { Invocation } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { titleOf } from './export-c.ts';
import { Failure } from './failure.ts';
import { breathe } from './io.ts';
import { askedProfile, ownProfile } from './kernels.ts';
import { modelOf, readScenario } from './scenario-file.ts';

/** States from which moves are learned when --max-states does not say; more have shown little that is new. */
export const DEFAULT_LEARNED = 2_000_000;
const MOST_LEARNED = 50_000_000;
const PROGRESS_MS = 200;

/** Prints the model on stdout; on stderr what it lacks. */
export async function exportPromela(call: Invocation, name: string): Promise<ExitCode> {
  const kernel = call.text('kernel');
  const file = await readScenario(call.io, name);
  const profile = kernel === undefined ? ownProfile(file) : askedProfile(call, kernel);
  const model = modelOf(file, profile);
  const granularity = call.text('granularity') as Granularity | undefined;
  const search = new Search(model, {
    ...(granularity && { granularity }),
    reduction: NO_REDUCTION,
    maxStates: call.count('max-states', MOST_LEARNED) ?? DEFAULT_LEARNED,
  });
  for (let told = performance.now(); search.step(SLICE_MOVES); ) {
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    call.status(`${search.progress().states.toLocaleString('en-US')} states`);
    await breathe();
    if (call.io.interrupt.aborted) return EXIT.interrupted;
  }
  try {
    const { text, exact } = promelaModel(model, search, { ...titleOf(file), kernel: profile.name });
    call.print(text.trimEnd());
    if (exact) return EXIT.fine;
    call.remark('incomplete: not every state was explored; the model asserts where it does not know what a move does');
    return EXIT.limit;
  } catch (error) {
    if (error instanceof NotInPromela) throw new Failure(error.message, { code: 'not-in-promela', file: file.name });
    throw error;
  }
}
