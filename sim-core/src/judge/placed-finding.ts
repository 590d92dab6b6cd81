/** What exactly a search found, where, and by whom: known once the way to it is replayed. */
import type { Granularity, Model } from '../engine/model.ts';
import type { FindingOperand } from '../engine/monitors/monitors.ts';
import { FINDINGS, type Finding, monitorOf } from '../engine/monitors/table.ts';
import { Run } from '../engine/run.ts';
import { contrastOf, findingText, findingTextAt, operandText, type ResultContrast } from '../explain/event-text.ts';
import { ObjectNames } from '../explain/object-names.ts';
import type { ExploredFinding } from '../explore/exploration.ts';
import { siteKey, sitesIn } from '../explore/sites.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

/** Which finding of its kind it is, and where it was made. */
export interface PlacedFinding {
  /** What exactly was found, on the way of a schedule. */
  readonly text: string;
  /** What it is about and who met it, by what they are: `{ word: 'x', reader: 'gpu' }`. */
  readonly operands: Readonly<Partial<Record<FindingOperand, string>>>;
  /** Where, in the scenario or in `file`; counting from 0. Absent when the environment made it. */
  readonly line?: number;
  /** The included file that the line is of. */
  readonly file?: string;
  /** Whose statement it was; absent for the environment. */
  readonly actor?: string;
  /** Of a result that is not the declared one: both. */
  readonly contrast?: ResultContrast;
  /** Steps of the run that make a finding of this kind, up to this one: a debugger that stops at each stops here then. */
  readonly nth: number;
}

/** Text and place. Where a statement is what was found, its text already names the line. */
export function findingTitle({ text, operands, line, file }: PlacedFinding): string {
  if (line === undefined || (file === undefined && operands.statement !== undefined)) return text;
  return `${text} (line ${line + 1}${file === undefined ? '' : ` of ${file}`})`;
}

/** Replays the way to a finding, to say what exactly was found and where. */
export function placedFinding(model: Model, found: ExploredFinding, granularity: Granularity): PlacedFinding {
  const { finding, place, schedule } = found;
  const run = new Run(model, { schedule, granularity });
  const at = eventOf(run, found);
  const [subject, detail] = at < 0 ? [found.subject, found.detail] : [run.log[at + 2]!, run.log[at + 3]!];
  const actor = finding === 'deadlock' ? subject : at < 0 ? -1 : run.step(run.stepOfEvent(at / EVENT_WIDTH)).actor;
  const name = model.world.topology.actors[actor]?.name;
  const source = place && place.file > 0 ? model.sources[place.file] : undefined;
  const [first, second] = monitorOf(finding).operands;
  const texts = [
    [first, operandText(model, first, subject)],
    [second, operandText(model, second, detail, subject)],
  ].filter(([, text]) => text !== '');
  return {
    text: textOf(run, found, at),
    operands: Object.fromEntries(texts),
    ...(place && { line: place.line }),
    ...(source && { file: source.path }),
    ...(name !== undefined && { actor: name }),
    ...(finding === 'unexpected-result' && at >= 0 && { contrast: contrastOf(model, subject, detail) }),
    nth: Math.max(1, stepsWith(run, finding, at)),
  };
}

function textOf(run: Run, { finding, subject, detail }: ExploredFinding, at: number): string {
  if (at < 0) return findingText(run.model, FINDINGS.indexOf(finding), subject, detail);
  return findingTextAt(run.model, run.log, at / EVENT_WIDTH, new ObjectNames(run));
}

/** Steps that make a finding of a kind, up to the event at an offset. */
function stepsWith(run: Run, finding: Finding, to: number): number {
  const steps = new Set<number>();
  for (let at = 0; at <= to; at += EVENT_WIDTH) {
    if (run.log[at] === NOTE.finding && FINDINGS[run.log[at + 1]!] === finding)
      steps.add(run.stepOfEvent(at / EVENT_WIDTH));
  }
  return steps.size;
}

/** The offset of the event that a schedule leads to, or -1. */
function eventOf(run: Run, found: ExploredFinding): number {
  const wanted = siteKey(found);
  const eventIn = (from: number): number => {
    for (const { at, site } of sitesIn(run.model, run.log, from, run.events * EVENT_WIDTH))
      if (siteKey(site) === wanted) return at;
    return -1;
  };
  for (let looked = 0; run.advance(); looked = run.events * EVENT_WIDTH) {
    const at = found.finding === 'deadlock' ? -1 : eventIn(looked);
    if (at >= 0) return at;
  }
  // After the schedule nothing is left to be found except that no actor can move.
  return eventIn(0);
}
