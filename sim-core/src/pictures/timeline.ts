/**
 * The timeline of a run: who did what when, where each transaction went, who had which lock, and below it what every
 * place holds of each word.
 *
 * Time is counted in steps: what happens in step s is in [s, s + 1), and a value there is the one after the step. The
 * cursor is a position: at p, steps below p have happened. A window with few things has each of them; a larger one counts
 * them in cells. Either way the cost depends on what is shown, not on how long the run is.
 */
import type { Run } from '../engine/run.ts';
import { type Explanation, why } from '../explain/why.ts';
import type { LaneName } from './lanes.ts';
import { PICTURE_LIMITS } from './limits.ts';
import type { ArrowKind, MarkName } from './marks.ts';
import type { LaneIndex, RunIndex } from './run-index.ts';
import type { Segment } from './series.ts';
import { arrowsOf, countedLane, everything, nameMatches } from './timeline-lanes.ts';

export interface Timeline {
  readonly picture: 'timeline';
  /** What is not shown, or why there is nothing: whole sentences. */
  readonly notices: readonly string[];
  /** Steps of the run so far. */
  readonly steps: number;
  /** Steps [first, end) are shown. */
  readonly window: { readonly first: number; readonly end: number };
  readonly cursor: number;
  readonly filter: string;
  readonly lanes: readonly Lane[];
  readonly arrows: readonly Arrow[];
  readonly rows: readonly ValueLane[];
  /** The step of each finding in the window and of the nearest before and after it. */
  readonly findings: readonly { readonly step: number; readonly event: number }[];
  readonly chain?: Chain;
}

export interface Lane extends LaneName {
  readonly id: number;
  /** The pCPU that the actor is on. */
  readonly bands: readonly Segment[];
  readonly spans: readonly StatementSpan[];
  readonly marks: readonly TimelineMark[];
  readonly exits: readonly ExitSpan[];
  readonly locks: readonly LockSpan[];
  /** In place of spans and marks when there are too many. */
  readonly cells?: readonly TimelineCell[];
}

/** A statement from its first step to its last. */
export interface StatementSpan {
  readonly from: number;
  readonly end: number;
  /** Stretches of [from, end) in which its actor moved; between them others did. */
  readonly moves: readonly (readonly [from: number, end: number])[];
  readonly text: string;
  /** 0-based line, and the file it is in. */
  readonly line: number;
  readonly file: number;
  /** What is written after it: of an imported log, its line and time. */
  readonly comment?: string;
  /** What a system call returned. */
  readonly result?: string;
  readonly failed?: boolean;
  /** It is not over. */
  readonly open?: boolean;
}

export interface TimelineMark {
  readonly step: number;
  readonly event: number;
  readonly kind: MarkName;
  readonly letter: string;
  readonly text: string;
}

/** From a VM exit until its handler has returned. */
export interface ExitSpan {
  readonly from: number;
  readonly end: number;
  readonly event: number;
  readonly text: string;
}

export interface LockSpan {
  readonly from: number;
  readonly end: number;
  readonly lock: string;
  /** It is waited for, not held. */
  readonly waits: boolean;
}

export interface Arrow {
  readonly step: number;
  readonly event: number;
  /** Ids of lanes. */
  readonly from: number;
  readonly to: number;
  readonly kind: ArrowKind;
  readonly text: string;
}

/** How much there is in steps [from, end). */
export interface TimelineCell {
  readonly from: number;
  readonly end: number;
  readonly statements: number;
  readonly marks: number;
  /** Kinds among them, the most telling first. */
  readonly kinds: readonly MarkName[];
}

export interface ValueLane {
  /** The word, or the VM. */
  readonly of: string;
  readonly name: string;
  readonly segments: readonly Segment[];
}

/** Why a finding took place, as a path over events. */
export interface Chain {
  readonly event: number;
  readonly headline: string;
  readonly links: readonly {
    /** -1 for what was so from the start. */
    readonly event: number;
    readonly step: number;
    /** The lane of who caused it. */
    readonly lane: number;
    readonly text: string;
    readonly sources: readonly { readonly document: string; readonly place: string }[];
  }[];
}

export interface TimelineOptions {
  /** Steps to show; the whole run without. */
  readonly first?: number;
  readonly end?: number;
  /** Where the cursor is; the end of the run without. */
  readonly cursor?: number;
  /** Cells of a row that has too much in it to show each. */
  readonly cells?: number;
  /** Things that are shown one by one. */
  readonly marks?: number;
  /** Lanes and rows to show; the limits of pictures without. */
  readonly lanes?: number;
  /** The finding to explain, by its event. */
  readonly chain?: number;
}

/** The timeline of what is indexed of a run: {@link RunIndex.extend} it first. */
export function timeline(index: RunIndex, options: TimelineOptions = {}): Timeline {
  const { run, lanes, values } = index;
  const window = windowOf(run, options);
  const cells = clamp(options.cells ?? PICTURE_LIMITS.cells, 1, 4000);
  const chosen = lanesShown(index, window, options.lanes ?? PICTURE_LIMITS.lanes);
  const many = chosen.reduce((sum, id) => sum + sizeOf(index.lane(id), window), 0);
  const detailed = many <= (options.marks ?? PICTURE_LIMITS.marks);
  const rows = values.rows.filter(({ series }) => series.changed);
  return {
    picture: 'timeline',
    notices: noticesOf(index, chosen.length, detailed),
    steps: run.steps,
    window,
    cursor: clamp(options.cursor ?? run.steps, 0, run.steps),
    filter: index.filter,
    lanes: chosen.map((id) => ({
      id,
      ...lanes.all[id]!,
      bands: (values.bands[id]?.segments(window.first, window.end, cells) ?? []).filter(({ text }) => text !== ''),
      ...(detailed ? everything(index, id, window) : countedLane(index, id, window, cells)),
    })),
    arrows: detailed ? arrowsOf(index, window, new Set(chosen)) : [],
    rows: rows.map(({ of, name, series }) => ({
      of,
      name,
      segments: series.segments(window.first, window.end, cells),
    })),
    findings: findingsAround(index, window),
    ...(options.chain !== undefined && { chain: chainOf(index, options.chain) }),
  };
}

type Window = Timeline['window'];

function windowOf({ steps }: Run, { first = 0, end = steps }: TimelineOptions): Window {
  const from = clamp(Math.floor(first), 0, Math.max(0, steps - 1));
  return { first: from, end: clamp(Math.ceil(end), from + 1, Math.max(1, steps)) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Number.isNaN(value) ? least : value));
}

/** Lanes with something in the window, when there are more than can be shown; in their order. */
function lanesShown(index: RunIndex, window: Window, most: number): number[] {
  const all = index.lanes.all.map((_, id) => id);
  const matching = index.filter === '' ? all : all.filter((id) => hasMatches(index, id));
  if (matching.length <= most) return matching;
  const busy = matching.filter((id) => sizeOf(index.lane(id), window) > 0);
  return (busy.length > 0 ? busy : matching).slice(0, most);
}

function hasMatches(index: RunIndex, id: number): boolean {
  return nameMatches(index, id) || index.lane(id).marks.size > 0;
}

function sizeOf({ marks, spans }: LaneIndex, { first, end }: Window): number {
  return marks.lowerBound(end) - marks.lowerBound(first) + spans.lowerBound(end) - spans.lowerBound(first);
}

function noticesOf({ run, lanes, filter, values }: RunIndex, shown: number, detailed: boolean): string[] {
  const { rowsInAll, rows } = values;
  return [
    ...(run.steps === 0 ? ['Nothing has happened yet: the run has no steps.'] : []),
    ...(run.end?.kind === 'limit'
      ? [`The run was cut at the limit of ${run.end.at} ${run.end.limit === 'steps' ? 'micro-steps' : 'events'}.`]
      : []),
    ...(filter !== '' && shown === 0 ? [`Nothing in this run matches \`${filter}\`.`] : []),
    ...(filter === '' && shown < lanes.all.length
      ? [
          `${shown} of ${lanes.all.length} lanes are shown: those that move in this window. Filter by a name to see others.`,
        ]
      : []),
    ...(rows.length < rowsInAll
      ? [`The values of ${rows.length} of ${rowsInAll} places are shown: those of the first words.`]
      : []),
    ...(detailed ? [] : ['There is too much in this window to show each thing: zoom in to see statements.']),
  ];
}

function findingsAround({ findings }: RunIndex, { first, end }: Window): Timeline['findings'] {
  const from = Math.max(0, findings.lowerBound(first) - 1);
  const until = Math.min(findings.size, findings.lowerBound(end) + 1, from + PICTURE_LIMITS.marks);
  return Array.from({ length: until - from }, (_, i) => ({
    step: findings.at(from + i, 0),
    event: findings.at(from + i, 1),
  }));
}

/** The step of the next finding after a position, or of the last before it. */
export function findingFrom({ findings }: RunIndex, position: number, forwards: boolean): number | undefined {
  // A finding of step s is seen at position s + 1.
  const row = forwards ? findings.lowerBound(position) : findings.lowerBound(position - 1) - 1;
  return row >= 0 && row < findings.size ? findings.at(row, 0) : undefined;
}

/** Costs a look through the run for each link, so it is asked for one finding at a time. */
function chainOf({ run, lanes }: RunIndex, event: number): Chain {
  const explanation: Explanation = why(run, event);
  return {
    event,
    headline: explanation.headline,
    links: explanation.links.map((link) => {
      const step = link.event < 0 ? 0 : run.stepOfEvent(link.event);
      const { actor } = run.step(step);
      return {
        event: link.event,
        step,
        lane: actor < 0 ? lanes.environment : actor,
        text: link.text,
        sources: link.sources,
      };
    }),
  };
}
