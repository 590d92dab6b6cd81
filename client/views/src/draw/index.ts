/** Pictures as drawings: plain values, without a page. */
import {
  type MemoryPicture,
  memoryText,
  type OutcomesPicture,
  outcomesText,
  type PictureText,
  type Timeline,
  type TopologyPicture,
  timelineText,
  topologyText,
} from '@snoopscope/sim-core';
import { drawMemory } from './memory.ts';
import { drawOutcomes } from './outcomes.ts';
import type { Drawing, Moving } from './shape.ts';
import { drawCursor, drawTimeline } from './timeline.ts';
import { drawTopology } from './topology.ts';

export { svgFile } from './file.ts';
export { type ExplorationState, type ExploreMethod, METHOD_NUMBERS, type MethodNumber } from './method.ts';
export type { Drawing, Intent, Shape } from './shape.ts';

export type Picture = Timeline | TopologyPicture | MemoryPicture | OutcomesPicture;

/** A picture drawn for a width in pixels; it may need more. Not `still`: on a page, where the next one has much of it too. */
export function draw(picture: Picture, width: number, still = true): Drawing {
  switch (picture.picture) {
    case 'timeline':
      return drawTimeline(picture, width, still);
    case 'topology':
      return drawTopology(picture, width);
    case 'memory':
      return drawMemory(picture, width);
    case 'outcomes':
      return drawOutcomes(picture, width);
  }
}

/** Draws again what has changed in a drawing when only the cursor of its picture has moved. */
export function moved({ width, height, label }: Drawing, picture: Picture): Moving {
  return picture.picture === 'timeline' ? drawCursor(picture, width, height) : { label };
}

/** Its text equivalent. */
export function textOf(picture: Picture): PictureText {
  switch (picture.picture) {
    case 'timeline':
      return timelineText(picture);
    case 'topology':
      return topologyText(picture);
    case 'memory':
      return memoryText(picture);
    case 'outcomes':
      return outcomesText(picture);
  }
}
