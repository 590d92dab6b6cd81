/** `explore --estimate`: how much there is to explore, before it is done. */
import { Estimator, estimateLines, type Granularity, type Model } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { breathe } from './io.ts';
import { FORMAT_VERSION } from './json.ts';
import { wrap } from './paint.ts';

const SLICE_MS = 20;
export async function printEstimate(call: Invocation, file: string, model: Model): Promise<ExitCode> {
  const granularity = (call.text('granularity') as Granularity | undefined) ?? model.granularity;
  const estimator = new Estimator(model, { granularity });
  const began = performance.now();
  const until = began + 1000 * (call.count('max-seconds') ?? Number.POSITIVE_INFINITY);
  let paused = began;
  while (!call.io.interrupt.aborted && estimator.step() && performance.now() < until) {
    if (performance.now() - paused < SLICE_MS) continue;
    await breathe();
    paused = performance.now();
  }
  const found = estimator.result();
  const kernel = model.world.kernel.profile.name;
  if (call.format === 'json') call.printJson({ format: FORMAT_VERSION, file, kernel, estimate: found });
  else {
    call.print(call.paint('heading', file));
    call.print(`  ${call.paint('heading', kernel)}`);
    for (const line of estimateLines(found)) call.print(`  ${wrap(line, call.width, 2)}`);
  }
  return call.io.interrupt.aborted ? EXIT.interrupted : EXIT.fine;
}
