/** `export c`: a scenario as a program for a real machine. */
import type { Run } from '@snoopscope/sim-core';
import { type CProgram, cLitmus, cProgram, NotAProgram, type RunStatement } from '@snoopscope/sim-core/c';
import type { Invocation } from './commands/command.ts';
import { Failure } from './failure.ts';
import { askedProfile, ownProfile } from './kernels.ts';
import { recordRun } from './record-run.ts';
import { modelOf, readScenario, type ScenarioFile } from './scenario-file.ts';
import { traceEntries } from './trace.ts';

/** Prints the program on stdout, and on stderr what it leaves out. */
export async function exportC(call: Invocation, name: string): Promise<void> {
  const program = call.flag('litmus') ? await litmusOf(call, name) : await programOf(call, name);
  call.print(program.text.trimEnd());
  for (const { line, actor, text, why } of program.leftOut)
    call.remark(`left out: ${line < 0 ? '' : `line ${line + 1}, `}${actor}: ${text} (${why})`);
}

async function programOf(call: Invocation, name: string): Promise<CProgram> {
  const { run, file } = await recordRun(call, name);
  const interrupted = [...traceEntries(run, false)].filter(({ place, ends }) => place && !ends);
  for (const { place, actor, text } of interrupted)
    call.remark(
      `interleaved: line ${(place?.line ?? 0) + 1}, ${actor}: ${text} (the program makes the call whole, where it ended)`,
    );
  return made(file, () => cProgram(run.model, statementsOf(run), titleOf(file)));
}

async function litmusOf(call: Invocation, name: string): Promise<CProgram> {
  const idle = ['schedule', 'max-steps', 'granularity'].find((option) => call.text(option) !== undefined);
  if (idle !== undefined) {
    throw new Failure(`--litmus and --${idle} do not go together: a litmus program follows no schedule.`, {
      code: 'options-exclude-each-other',
    });
  }
  const kernel = call.text('kernel');
  const file = await readScenario(call.io, name);
  const model = modelOf(file, kernel === undefined ? ownProfile(file) : askedProfile(call, kernel));
  return made(file, () => cLitmus(model, titleOf(file)));
}

function made(file: ScenarioFile, make: () => CProgram): CProgram {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotAProgram) throw new Failure(error.message, { code: 'not-a-program', file: file.name });
    throw error;
  }
}

/** In the order in which they ended: a call that another one interrupted is made whole where it ended. */
export function statementsOf(run: Run): RunStatement[] {
  const { topology } = run.model.world;
  return [...traceEntries(run, false)]
    .filter(({ ends }) => ends)
    .map(({ actor, place, text, returned }) => ({
      actor: topology.actors.findIndex(({ name }) => name === actor),
      ...(place && { place }),
      text: place ? text : actor,
      ...(returned !== undefined && { result: returned }),
    }));
}

export function titleOf(file: ScenarioFile): { file: string; title: string } {
  return { file: file.name, title: titledOf(file) ?? file.name };
}

/** What the `scenario` line says. */
export function titledOf(file: ScenarioFile): string | undefined {
  const named = file.parsed.lines.find(({ content }) => content.kind === 'scenario')?.content;
  return named?.kind === 'scenario' ? named.text.value : undefined;
}
