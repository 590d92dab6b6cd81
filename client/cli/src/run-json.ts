/** A run for programs: the document of `run --format json`. */
import {
  EVENT_WIDTH,
  type Explanation,
  errnoText,
  type FailedCall,
  FINDINGS,
  failedCallText,
  findingTextAt,
  ObjectNames,
} from '@snoopscope/sim-core';
import { FORMAT_VERSION } from './json.ts';
import { endText, type RunEnd, type RunOutcome } from './run-outcome.ts';
import { type ExplainedHappening, type TraceEntry, traceEntries } from './trace.ts';

export function runDocument(outcome: RunOutcome, everything: boolean): object {
  const { file, profile, run, end, values, conditions } = outcome;
  const trace = [...traceEntries(run, everything)];
  return {
    format: FORMAT_VERSION,
    file: file.name,
    kernel: profile.name,
    steps: run.steps,
    events: run.events,
    trace: trace.map((entry) => entryDocument(run, entry)),
    values: Object.fromEntries(values.map(({ name, value }) => [name, value])),
    conditions: conditions.map(({ condition, holds, decides }) => ({
      text: condition.text,
      line: condition.line + 1,
      holds,
      ...(decides && { decides }),
    })),
    findings: findingDocuments(run, trace),
    end: { ...endDocument(end, run), text: endText(outcome) },
  };
}

type FindingDocument = Readonly<Record<string, unknown>> & { occurrences: number };

/** Each finding once, where it was made first; the same at another statement is another one. */
function findingDocuments(run: RunOutcome['run'], trace: readonly TraceEntry[]): object[] {
  const { model, log } = run;
  const names = new ObjectNames(run);
  const found = new Map<string, FindingDocument>();
  for (const entry of trace) {
    for (const { kind, event, why } of entry.happenings) {
      if (kind !== 'finding') continue;
      const at = event * EVENT_WIDTH;
      const index = log[at + 1]!;
      const text = findingTextAt(model, log, event, names);
      const { actor, place } = FINDINGS[index] === 'deadlock' ? waitingEntry(run, trace, event, entry) : entry;
      const key = JSON.stringify([index, text, actor, place]);
      const known = found.get(key);
      if (known) known.occurrences++;
      else {
        const where = { event, step: run.stepOfEvent(event), actor, ...placeDocument(run, { place }) };
        found.set(key, { finding: FINDINGS[index], text, ...where, occurrences: 1, ...(why && whyDocument(why)) });
      }
    }
  }
  return [...found.values()];
}

/** A deadlock belongs to those who wait, not to whom the last step was: the statement of the first of them. */
function waitingEntry(
  { model, log }: RunOutcome['run'],
  trace: readonly TraceEntry[],
  event: number,
  last: TraceEntry,
): TraceEntry {
  const name = model.world.topology.actors[log[event * EVENT_WIDTH + 2]!]?.name;
  return trace.findLast(({ actor }) => actor === name) ?? last;
}

function placeDocument({ model }: RunOutcome['run'], { place }: Pick<TraceEntry, 'place'>): object {
  const included = place && place.file > 0 ? model.sources[place.file]?.path : undefined;
  return { ...(place && { line: place.line + 1 }), ...(included !== undefined && { file: included }) };
}

function whyDocument({ modelFinding, links }: Explanation): object {
  return { modelFinding, why: links.map(({ event, text, sources }) => ({ event, text, sources })) };
}

function entryDocument(run: RunOutcome['run'], entry: TraceEntry): object {
  const { actor, environment, text, begins, ends, result, failed, happenings, firstStep, endStep } = entry;
  return {
    actor,
    ...(environment && { environment }),
    ...placeDocument(run, entry),
    ...(text && { text }),
    steps: [firstStep, endStep],
    ...(!begins && { begins }),
    ...(!ends && { ends }),
    ...(result !== undefined && { result }),
    ...(failed && { failed: failedDocument(failed) }),
    happenings: happenings.map(happeningDocument),
  };
}

/** Why a call failed. */
function failedDocument(failed: FailedCall): object {
  const { checks, through } = failed;
  return {
    text: failedCallText(failed),
    checks: checks.map(({ event, errno, place, found }) => ({
      event,
      errno: errnoText(errno).slice(1),
      function: place.name,
      source: place.source,
      found,
    })),
    through: through.map(({ name, source }) => ({ function: name, source })),
  };
}

function happeningDocument({ kind, text, event, why, repeats }: ExplainedHappening): object {
  return {
    event,
    kind,
    text,
    ...(why && { finding: why.finding, ...whyDocument(why) }),
    ...(repeats && { finding: repeats.finding, repeats: repeats.event }),
  };
}

function endDocument(end: RunEnd, { model }: RunOutcome['run']): object {
  if (end.kind !== 'stuck') return end;
  const waiting = end.waiting.map((actor) => model.world.topology.actors[actor]?.name);
  return { kind: end.kind, waiting, deadlock: end.deadlock };
}
