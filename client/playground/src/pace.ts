/** Long work in slices, so that a cancel is heard, and what it tells meanwhile. */
import { platformYield } from '@snoopscope/debug-adapter/yielding';
import type { Progress } from '@snoopscope/sim-core';
import type { JobAnswer } from './messages.ts';

const pause = platformYield();
const SLICE_MS = 20;
const PROGRESS_MS = 200;
/** For a page: more is for the command. */
export const PAGE_LIMITS = { maxStates: 500_000, maxBytes: 256e6 };

export interface JobSurroundings {
  readonly send: (answer: JobAnswer) => void;
  readonly cancelled: () => boolean;
  /** The text of a file beside the scenario. */
  readonly read: (path: string) => string | undefined;
}

/** Steps until there is nothing more to do. False when it was cancelled. */
export async function paced(
  step: () => boolean,
  { cancelled }: JobSurroundings,
  onSlice: () => void = () => {},
): Promise<boolean> {
  let until = performance.now() + SLICE_MS;
  while (step()) {
    if (performance.now() < until) continue;
    onSlice();
    await pause();
    if (cancelled()) return false;
    until = performance.now() + SLICE_MS;
  }
  return true;
}

/** What a generator returns. Undefined when it was cancelled. */
export async function ended<Step, Result>(
  slices: Generator<Step, Result>,
  around: JobSurroundings,
  onStep: (step: Step) => void = () => {},
): Promise<Result | undefined> {
  let result: Result | undefined;
  const step = (): boolean => {
    const { done, value } = slices.next();
    if (done) result = value;
    else onStep(value);
    return !done;
  };
  return (await paced(step, around)) ? result : undefined;
}

/** Tells how far it is, a few times a second. */
export function progressTeller(
  { send }: JobSurroundings,
  said: (progress: Progress) => { text: string; share?: number } = ({ states }) => ({
    text: `${states.toLocaleString('en-US')} states`,
  }),
): (progress: Progress) => void {
  let told = performance.now();
  return (progress) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    send({ kind: 'progress', ...said(progress) });
  };
}
