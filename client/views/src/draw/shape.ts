/** What a picture is drawn with: a tree of SVG elements as plain values, for a file as well as for a page. */

import type { ExploreMethod } from './method.ts';

/** What a reader of a picture wants; the host of a view knows how. */
export type Intent =
  /** The cursor goes to a position of the run. */
  | { readonly kind: 'goTo'; readonly position: number }
  /** The cursor goes to where an event has just happened. */
  | { readonly kind: 'goToEvent'; readonly event: number }
  /** Why a finding took place. */
  | { readonly kind: 'explain'; readonly event: number }
  /** An actor, by the number of its lane. */
  | { readonly kind: 'select'; readonly actor: number }
  /** Other steps of the run are to be shown. */
  | { readonly kind: 'window'; readonly first: number; readonly end: number }
  /** Only what has this text in it is to be shown. */
  | { readonly kind: 'filter'; readonly text: string }
  /** The next finding, or the one before. */
  | { readonly kind: 'finding'; readonly forwards: boolean }
  /** An execution is to be debugged, by its `schedule` line, up to a finding if one is named. */
  | { readonly kind: 'debug'; readonly schedule: string; readonly finding?: string; readonly nth?: number }
  /** The scenario is to be explored again, like this. */
  | { readonly kind: 'explore'; readonly method: ExploreMethod }
  /** What is known so far is enough. */
  | { readonly kind: 'cancel' }
  /** A text is wanted in the clipboard. */
  | { readonly kind: 'copy'; readonly text: string }
  /** A line of the scenario, counting from 0. */
  | { readonly kind: 'line'; readonly line: number };

export type Tag = 'g' | 'rect' | 'line' | 'path' | 'circle' | 'text';

export interface Shape {
  readonly tag: Tag;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children?: readonly Shape[];
  /** Of a text. */
  readonly text?: string;
  /** What it is, for people who cannot see it and for those who point at it. */
  readonly label?: string;
  /** Set where it can be chosen. */
  readonly intent?: Intent;
  /** Which it is among its neighbours, in every drawing that has it: a page keeps its element when others come and go. */
  readonly key?: number;
}

/** What is another at each position of the cursor. */
export interface Moving {
  /** What the picture is, in one line. */
  readonly label: string;
  /** On top of the others. */
  readonly moving?: readonly Shape[];
}

export interface Drawing extends Moving {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

type Attributes = Shape['attributes'];

export function group(children: readonly Shape[], attributes: Attributes = {}, more: Partial<Shape> = {}): Shape {
  return { tag: 'g', attributes, children, ...more };
}

/** Shapes that belong together: what comes and goes in one such group does not touch the next. */
export function layer(children: readonly Shape[]): Shape {
  return group(children);
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  className: string,
  more: Partial<Shape> = {},
): Shape {
  const size = { width: Math.max(0, round(width)), height: Math.max(0, round(height)) };
  return { tag: 'rect', attributes: { x: round(x), y: round(y), ...size, class: className }, ...more };
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): Shape {
  return { tag: 'line', attributes: { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), class: className } };
}

export function path(d: string, className: string, more: Partial<Shape> = {}): Shape {
  return { tag: 'path', attributes: { d, class: className }, ...more };
}

export function circle(cx: number, cy: number, r: number, className: string): Shape {
  return { tag: 'circle', attributes: { cx: round(cx), cy: round(cy), r, class: className } };
}

export function text(x: number, y: number, content: string, className: string): Shape {
  return { tag: 'text', attributes: { x: round(x), y: round(y), class: className }, text: content };
}

/** A text that fits a width, with an ellipsis where it does not; nothing where not even that fits. */
export function fitted(x: number, y: number, width: number, content: string, className: string): Shape[] {
  const characters = Math.floor(width / CHARACTER);
  if (content.length <= characters) return [text(x, y, content, className)];
  return characters < 3 ? [] : [text(x, y, `${content.slice(0, characters - 1)}…`, className)];
}

/** Width of a character of the small font, in pixels: of the widest that systems have for it. */
export const CHARACTER = 7;

/** Two decimals are enough for any screen. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
