// Runs a scenario text on a kernel: what its system calls returned, in one run or over all interleavings.
import {
  EVENT_WIDTH,
  Executor,
  elaborate,
  FINDINGS,
  type Model,
  NOTE,
  parse,
  profileNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { ERRNOS } from '../../sim-core/src/kernel/errno.ts';

export interface Outcome {
  /** Result of every system call that ended, in order: a number, or the name of the errno. */
  readonly results: readonly (number | string)[];
  readonly findings: readonly string[];
}

export function modelOf(text: string, kernel: string): Model {
  const profile = profileNamed(kernel);
  if (!profile) throw new Error(`no kernel ${kernel}`);
  const { model, diagnostics } = elaborate(parse(text), { profile });
  if (!model) throw new Error(diagnostics.map((d) => `${d.line + 1}: ${d.message}`).join('\n'));
  return model;
}

export function outcome(text: string, kernel: string): Outcome {
  const run = new Run(modelOf(text, kernel));
  const end = run.runToEnd();
  if (end.kind !== 'completed') throw new Error(`the run ended as ${end.kind}`);
  return read(run.executor);
}

/** Every outcome that some interleaving of micro-steps has, as JSON, sorted. */
export function outcomes(text: string, kernel: string): string[] {
  const model = modelOf(text, kernel);
  const executor = new Executor(model);
  const seen = new Set<string>();
  const found = new Set<string>();
  visit();
  return [...found].sort();

  function visit(): void {
    const { machine } = executor;
    // The outcome so far is part of the identity: two paths to one state may have answered differently.
    const key = `${machine.state.join()} ${JSON.stringify(read(executor))}`;
    if (seen.has(key)) return;
    seen.add(key);
    let moved = false;
    for (const [index] of model.moves.entries()) {
      const mark = machine.length;
      if (!executor.move(index, 'micro')) continue;
      moved = true;
      visit();
      machine.rewind(mark);
    }
    if (!moved) found.add(JSON.stringify(read(executor)));
  }
}

function read(executor: Executor): Outcome {
  const { log, length } = executor.machine;
  const results: (number | string)[] = [];
  const findings: string[] = [];
  for (let at = 0; at < length; at += EVENT_WIDTH) {
    const value = log[at + 3]!;
    if (log[at] === NOTE.done)
      results.push(value < 0 ? (ERRNOS.find((e) => e.value === -value)?.name ?? value) : value);
    if (log[at] === NOTE.finding) findings.push(FINDINGS[log[at + 1]!]!);
  }
  return { results, findings };
}
