/** What a host needs that draws nothing itself: names and windows, without a page. */
export { ELEMENTS } from './tags.ts';
export { TimelineWindow } from './timeline-window.ts';
