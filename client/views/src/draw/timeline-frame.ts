/** Where a step of a timeline is on the screen. */
import type { Timeline } from '@snoopscope/sim-core';
import { group, round, type Shape } from './shape.ts';

/** Pixels to the left of the first step, for names. */
export const GUTTER = 128;
/** Pixels to the right of the last step. */
export const RIGHT = 24;
/** Windows that share their coordinates: a coordinate of SVG has room for seven digits. */
const WINDOWS = 64;

export interface Frame {
  readonly timeline: Timeline;
  readonly width: number;
  /** The left edge of a step. */
  readonly x: (step: number) => number;
  /** Pixels of one step. */
  readonly step: number;
  /** By how much what has such coordinates is to be moved to the right. */
  readonly shift: number;
}

/**
 * `still`: the coordinates are those of this window alone. Without it windows that are next to each other share them, so
 * that a page moves what it has drawn, and draws only what comes into view.
 */
export function timelineFrame(timeline: Timeline, width: number, still: boolean): Frame {
  const { first, end } = timeline.window;
  const size = end - first;
  const step = Math.max(1, width - GUTTER - RIGHT) / size;
  const origin = still ? first : Math.floor(first / (size * WINDOWS)) * size * WINDOWS;
  return { timeline, width, step, x: (at) => GUTTER + (at - origin) * step, shift: (origin - first) * step };
}

/** Shapes at their steps, as a layer of the picture. */
export function shifted({ shift }: Frame, children: readonly Shape[]): Shape {
  return group(children, shift === 0 ? {} : { transform: `translate(${round(shift)} 0)` });
}

/** The part of [from, end) that is in the window, in pixels. */
export function edges({ x, timeline: { window } }: Frame, from: number, end: number): [number, number] {
  return [x(Math.max(from, window.first)), x(Math.min(end, window.end))];
}
