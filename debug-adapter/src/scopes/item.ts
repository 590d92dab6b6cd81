/** What the Variables view shows, before it becomes protocol: names and values, opened one level at a time. */
import type { Moment } from '../moment.ts';

/** How numbers are to be written; VS Code asks for hexadecimal when the user does. */
export interface Format {
  number(value: number): string;
}

export const DECIMAL: Format = { number: String };
export const HEXADECIMAL: Format = {
  number: (value) => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`),
};

export interface Item {
  readonly name: string;
  readonly value: string;
  /** What it is, for the hover: `a VM`, `a cache line`. */
  readonly type?: string;
  /** The expression that gives the same value in a watch. */
  readonly evaluateName?: string;
  /** Present when it can be opened. Called when it is, so that what is never opened costs nothing. */
  readonly children?: (format: Format) => readonly Item[];
  /** Where its bytes are, as `memory-view.ts` writes it. */
  readonly memory?: string;
  /** Its value says all that its children say: a change of it is a change of its value. */
  readonly whole?: boolean;
}

/** What a scope may look at. The moment is that of the position of the session. */
export interface ScopeView {
  readonly moment: Moment;
  /** The actor of the selected frame; -1 is the environment. */
  readonly actor: number;
  /** Index of the kernel frame in the actor's stack, outermost 0; undefined on a line of the scenario. */
  readonly kernelFrame?: number;
  /** When a slot took the value that it has, in words; absent where nobody looks at a run. */
  readonly since?: (slot: number) => string | undefined;
}

export interface Scope {
  readonly name: string;
  readonly presentationHint?: 'registers' | 'locals' | 'arguments';
  /** The protocol's word for "do not open it by itself". */
  readonly expensive?: boolean;
  /** One group for each object of a kind: when there is only one, what is in it is shown at once. */
  readonly unwrapsOne?: boolean;
  /** It is gone with the frame: nothing in it can be watched. */
  readonly fleeting?: boolean;
  /** The items, or undefined when the scope has nothing to do with the scenario. */
  readonly items: (view: ScopeView) => ((format: Format) => readonly Item[]) | undefined;
}

/** A number as a variable. */
export function numberItem(name: string, value: number, format: Format, more: Partial<Item> = {}): Item {
  return { name, value: format.number(value), ...more };
}

/** A group of items that opens. */
export function openableItem(
  name: string,
  value: string,
  children: (format: Format) => readonly Item[],
  more: Partial<Item> = {},
): Item {
  return { name, value, children, ...more };
}

export function yesNo(value: number | boolean): string {
  return value ? 'yes' : 'no';
}

/** Indices from 0 on, `count` of them, that a test accepts. */
export function indices<T extends number = number>(count: number, accepted: (index: T) => boolean = () => true): T[] {
  return Array.from({ length: count }, (_, index) => index as T).filter(accepted);
}
