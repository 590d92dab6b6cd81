/** The views: elements that show pictures on any page. The host sets `picture` and listens to `intent`. */
import type { MemoryPicture, TopologyPicture } from '@snoopscope/sim-core';
import { OutcomesElement } from './outcomes-element.ts';
import { PictureElement } from './picture-element.ts';
import { ELEMENTS } from './tags.ts';
import { TimelineElement } from './timeline-element.ts';

export type { ExplorationState, ExploreMethod, Intent, Picture } from './draw/index.ts';
export { ELEMENTS } from './tags.ts';
export { TimelineWindow } from './timeline-window.ts';
export { WORDS, type Words } from './words.ts';

class TopologyElement extends PictureElement<TopologyPicture> {}
class MemoryElement extends PictureElement<MemoryPicture> {}

/** Makes the elements known to the page; twice does no harm. */
export function defineViews(): void {
  const classes = {
    timeline: TimelineElement,
    topology: TopologyElement,
    memory: MemoryElement,
    outcomes: OutcomesElement,
  };
  for (const [name, tag] of Object.entries(ELEMENTS))
    if (!customElements.get(tag)) customElements.define(tag, classes[name as keyof typeof classes]);
}
