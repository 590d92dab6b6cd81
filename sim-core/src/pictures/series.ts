/** How one value changes over a run: only its changes are kept. */
import { GrowingRows } from './growing.ts';
import type { WordView } from './words.ts';

/** Views by number, equal views under one number. */
export class Views {
  readonly #all: WordView[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(view: WordView): number {
    const key = `${view.letter ?? ''}|${view.stale ? 1 : 0}|${view.text}|${view.note ?? ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#all.length);
    return this.#all.push(view) - 1;
  }

  at(number: number): WordView {
    return this.#all[number]!;
  }
}

/** Steps [from, end) after each of which the value is this one. */
export interface Segment extends WordView {
  readonly from: number;
  readonly end: number;
  /** The event that made it; absent for what was so from the start. */
  readonly event?: number;
  /** More than one value follow each other here; the last is shown. */
  readonly changes?: number;
}

const STEP = 0;
const NUMBER = 1;
const EVENT = 2;

export class Series {
  readonly #views: Views;
  readonly #rows = new GrowingRows(3);

  constructor(views: Views, first: WordView) {
    this.#views = views;
    this.#rows.push(0, views.numberOf(first), -1);
  }

  /** The value after a step and later ones, because of an event. Steps do not decrease. */
  change(step: number, view: WordView, event: number): void {
    const number = this.#views.numberOf(view);
    const last = this.#rows.size - 1;
    if (this.#rows.at(last, NUMBER) === number) return;
    if (this.#rows.at(last, STEP) !== step) this.#rows.push(step, number, event);
    else {
      this.#rows.set(last, NUMBER, number);
      this.#rows.set(last, EVENT, event);
    }
  }

  /** The index of the change that holds after a step. */
  #indexAt(step: number): number {
    return this.#rows.lowerBound(step + 1) - 1;
  }

  /** Has the value ever changed? */
  get changed(): boolean {
    return this.#rows.size > 1;
  }

  /** The stretches of a window, in not many more than `cells` of them. */
  segments(first: number, end: number, cells: number): Segment[] {
    const from = this.#indexAt(first);
    const last = this.#indexAt(end - 1);
    if (last - from < cells) {
      return Array.from({ length: last - from + 1 }, (_, i) =>
        this.#segment(from + i, Math.max(first, this.#rows.at(from + i, STEP)), this.#endOf(from + i, end)),
      );
    }
    return this.#inCells(first, end, cells);
  }

  #inCells(first: number, end: number, cells: number): Segment[] {
    const all: Segment[] = [];
    let before = this.#indexAt(first);
    for (let cell = 0; cell < cells; cell++) {
      const [from, until] = cellBounds(first, end, cells, cell);
      const index = this.#indexAt(until - 1);
      const changes = index - before;
      const last = all.at(-1);
      if (changes === 0 && last && !last.changes) all[all.length - 1] = { ...last, end: until };
      else all.push({ ...this.#segment(index, from, until), ...(changes > 1 && { changes }) });
      before = index;
    }
    return all;
  }

  #segment(index: number, from: number, end: number): Segment {
    const event = this.#rows.at(index, EVENT);
    return { ...this.#views.at(this.#rows.at(index, NUMBER)), from, end, ...(event >= 0 && { event }) };
  }

  #endOf(index: number, end: number): number {
    return index + 1 < this.#rows.size ? Math.min(end, this.#rows.at(index + 1, STEP)) : end;
  }
}

/** Cell number `cell` of a window: steps [from, until). */
export function cellBounds(first: number, end: number, cells: number, cell: number): [number, number] {
  const width = (end - first) / cells;
  return [first + Math.floor(cell * width), cell === cells - 1 ? end : first + Math.floor((cell + 1) * width)];
}
