/** What others may use of the pictures. */
export type { LaneName } from './lanes.ts';
export { type ArrowKind, MARK_KINDS, type MarkKind, type MarkName } from './marks.ts';
export * from './memory.ts';
export * from './outcomes.ts';
export type { CursorPlace } from './place.ts';
export { RunIndex } from './run-index.ts';
export type { Segment } from './series.ts';
export { type PictureTable, type PictureText, tableLines } from './table.ts';
export * from './timeline.ts';
export { timelineText, viewText } from './timeline-text.ts';
export {
  type NodeKind,
  type TopologyEdge,
  type TopologyNode,
  type TopologyPicture,
  topologyPicture,
  topologyText,
} from './topology.ts';
export { deviceReads, type WordView } from './words.ts';
