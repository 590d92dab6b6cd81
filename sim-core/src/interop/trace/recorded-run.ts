/** A run made of the events that a trace has recorded, without executing anything. */
import type { Model } from '../../engine/model.ts';
import { FINDINGS } from '../../engine/monitors/table.ts';
import { Run, type RunOptions } from '../../engine/run.ts';
import { bytesOf, Digest } from '../../state/bytes.ts';
import { EVENT_WIDTH, HAPPENINGS } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { branchOf, firstEventOf, type Trace } from './trace-file.ts';

/**
 * A branch of a trace, from 1, as it was recorded; undefined when the numbers in its events mean something else in this
 * version, so that they make no run of the model.
 */
export function recordedRun(trace: Trace, model: Model, number: number, options: RunOptions = {}): Run | undefined {
  const { layout } = trace.header;
  const part = branchOf(trace.header, number);
  if (!part || (layout !== undefined && layout !== layoutDigest(model))) return undefined;
  const run = new Run(model, { ...options, schedule: [] });
  const ended = part.end === 'completed' || part.end === 'stuck';
  return run.replay(recordedEvents(trace, number), ended) && run.steps === part.steps ? run : undefined;
}

/** Identifies what the numbers in events stand for: slots, functions with their micro-steps, happenings and findings. */
export function layoutDigest({ layout, world }: Model): string {
  const digest = new Digest();
  const slots = layout.fields.map(({ name, dims }) => [name, dims]);
  const routines = world.routines.routines.map(({ name, steps }) => [name, steps.length]);
  digest.add(bytesOf(JSON.stringify([slots, routines, HAPPENINGS, FINDINGS])));
  return [...digest.bytes()].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** All events of a branch: those that it shares with the one that it parts from, then its own. */
function recordedEvents(trace: Trace, number: number): Int32Array {
  const part = branchOf(trace.header, number);
  if (!part) return new Int32Array();
  const first = firstEventOf(trace.header, number) * EVENT_WIDTH;
  const own = trace.log.subarray(first, first + part.events * EVENT_WIDTH);
  if (!('after' in part)) return own;
  const shared = untilStep(recordedEvents(trace, part.from), part.after);
  const all = new Int32Array(shared.length + own.length);
  all.set(shared);
  all.set(own, shared.length);
  return all;
}

/** The events of the first steps, without the deadlock that is found after the last. */
function untilStep(events: Int32Array, steps: number): Int32Array {
  const deadlock = FINDINGS.indexOf('deadlock');
  let begun = 0;
  for (let at = 0; at < events.length; at += EVENT_WIDTH) {
    const code = events[at]!;
    const begins = code === NOTE.step || code === NOTE.environment;
    const isEnd = code === NOTE.finding && events[at + 1] === deadlock;
    if ((begins && begun++ === steps) || (isEnd && begun === steps)) return events.subarray(0, at);
  }
  return events;
}
