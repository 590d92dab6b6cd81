/** A run for programs: the document of `run --format json`. */
import { FORMAT_VERSION } from './json.ts';
import { endText, type RunEnd, type RunOutcome } from './run-outcome.ts';
import { type Happening, type TraceEntry, traceOf } from './trace.ts';

export function runDocument(outcome: RunOutcome, everything: boolean): object {
  const { file, profile, run, end, values, conditions, findings } = outcome;
  return {
    format: FORMAT_VERSION,
    file: file.name,
    kernel: profile.name,
    steps: run.steps,
    events: run.events,
    trace: [...traceOf(run, everything)].map((entry) => entryDocument(run, entry)),
    values: Object.fromEntries(values.map(({ name, value }) => [name, value])),
    conditions: conditions.map(({ condition, holds, decides }) => ({
      text: condition.text,
      line: condition.line + 1,
      holds,
      ...(decides && { decides }),
    })),
    findings,
    end: { ...endDocument(end, run), text: endText(outcome) },
  };
}

function entryDocument({ model }: RunOutcome['run'], entry: TraceEntry): object {
  const { actor, environment, place, text, begins, ends, result, happenings, firstStep, endStep } = entry;
  const included = place && place.file > 0 ? model.sources[place.file]?.path : undefined;
  return {
    actor,
    ...(environment && { environment }),
    ...(place && { line: place.line + 1 }),
    ...(included !== undefined && { file: included }),
    ...(text && { text }),
    steps: [firstStep, endStep],
    ...(!begins && { begins }),
    ...(!ends && { ends }),
    ...(result !== undefined && { result }),
    happenings: happenings.map(happeningDocument),
  };
}

function happeningDocument({ kind, text, event, why, repeats }: Happening): object {
  return {
    event,
    kind,
    text,
    ...(why && {
      finding: why.finding,
      modelFinding: why.modelFinding,
      why: why.links.map((link) => ({ event: link.event, text: link.text, sources: link.sources })),
    }),
    ...(repeats && { finding: repeats.finding, repeats: repeats.event }),
  };
}

function endDocument(end: RunEnd, { model }: RunOutcome['run']): object {
  if (end.kind !== 'stuck') return end;
  const waiting = end.waiting.map((actor) => model.world.topology.actors[actor]?.name);
  return { kind: end.kind, waiting, deadlock: end.deadlock };
}
