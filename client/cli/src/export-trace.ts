/** A run as `export trace` writes it: for programs every event, for people a line for each that they ask about. */
import {
  EVENT_WIDTH,
  HAPPENINGS,
  movesMade,
  type Run,
  scheduleText,
  TraceProblem,
  traceText,
} from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { FORMAT_VERSION } from './json.ts';
import type { RunOutcome } from './run-outcome.ts';

export function exportTrace(call: Invocation, outcome: RunOutcome): void {
  if (call.format === 'json') call.printJson(traceDocument(outcome));
  else call.print(traceLines(outcome.run).join('\n'));
}

function traceDocument({ file, profile, run, end }: RunOutcome): object {
  const { model } = run;
  const { layout, world } = model;
  return {
    format: FORMAT_VERSION,
    kind: 'trace',
    file: file.name,
    kernel: profile.name,
    schedule: scheduleOf(run),
    actors: world.topology.actors.map(({ name, kind }) => ({ name, kind })),
    fields: layout.fields.map(({ name, base, dims, values, labels, internal }) => ({
      name,
      base,
      dims,
      ...(values && { values }),
      ...(labels && { labels }),
      ...(internal && { internal }),
    })),
    initial: [...layout.initial],
    happenings: HAPPENINGS,
    statements: model.nodes.map(({ id, kind, place }) => ({
      id,
      kind,
      file: model.sources[place.file]?.path || file.name,
      line: place.line + 1,
    })),
    routines: world.routines.routines.map(({ name, source, kind }) => ({ name, source, kind })),
    steps: Array.from({ length: run.steps }, (_, step) => run.step(step).firstEvent),
    events: Array.from({ length: run.events }, (_, event) => [
      ...run.log.subarray(event * EVENT_WIDTH, (event + 1) * EVENT_WIDTH),
    ]),
    end,
  };
}

/** Null where a value was set by hand: no schedule leads there. */
function scheduleOf(run: Run): string | null {
  try {
    return scheduleText(run.model, movesMade(run), 'micro');
  } catch (error) {
    if (error instanceof TraceProblem) return null;
    throw error;
  }
}

function traceLines(run: Run): string[] {
  const { sources } = run.model;
  return traceText(run, {
    lineText: (file, line) => sources[file]?.parsed.lines[line]?.text.trim() ?? '',
    explain: true,
  });
}
