/** Lists of integers that only grow, for what is known about a run of a million events. */

/** Rows of a fixed number of integers, ordered by the first. */
export class GrowingRows {
  readonly #width: number;
  #data: Int32Array;
  #length = 0;

  constructor(width: number) {
    this.#width = width;
    this.#data = new Int32Array(width * 16);
  }

  /** Number of rows. */
  get size(): number {
    return this.#length / this.#width;
  }

  push(...row: readonly number[]): void {
    if (this.#length + this.#width > this.#data.length) {
      const larger = new Int32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data.set(row, this.#length);
    this.#length += this.#width;
  }

  at(row: number, column: number): number {
    return this.#data[row * this.#width + column]!;
  }

  set(row: number, column: number, value: number): void {
    this.#data[row * this.#width + column] = value;
  }

  /** The first row whose first column is not below a value. Cost: a binary search. */
  lowerBound(value: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle, 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const FAN = 32;

/** Sets of up to 31 kinds, in order; the union of any range costs some dozens of looks. */
export class GrowingMasks {
  /** Level 0 has one mask an entry, each level above one for {@link FAN} of the level below. */
  readonly #levels: Int32Array[] = [new Int32Array(16)];
  #size = 0;

  push(mask: number): void {
    let index = this.#size++;
    for (let level = 0; ; level++) {
      const masks = this.#withRoom(level, index);
      masks[index] = masks[index]! | mask;
      if (index < FAN) return;
      index = Math.trunc(index / FAN);
    }
  }

  /** The union of [from, end). */
  union(from: number, end: number): number {
    let all = 0;
    let [low, high] = [from, end];
    for (let level = 0; low < high; level++) {
      const masks = this.#levels[level]!;
      const above = this.#levels[level + 1];
      const [first, last] = above ? [Math.ceil(low / FAN), Math.trunc(high / FAN)] : [high, high];
      if (!above || first >= last) {
        for (let i = low; i < high; i++) all |= masks[i]!;
        return all;
      }
      for (let i = low; i < first * FAN; i++) all |= masks[i]!;
      for (let i = last * FAN; i < high; i++) all |= masks[i]!;
      [low, high] = [first, last];
    }
    return all;
  }

  /** A level begins when there is more than {@link FAN} below it, with the union of what is there. */
  #withRoom(level: number, index: number): Int32Array {
    const masks = this.#levels[level];
    if (!masks) {
      const first = this.#levels[level - 1]!.subarray(0, FAN).reduce((all, mask) => all | mask, 0);
      const made = new Int32Array(FAN);
      made[0] = first;
      this.#levels.push(made);
      return made;
    }
    if (index < masks.length) return masks;
    const larger = new Int32Array(masks.length * 2);
    larger.set(masks);
    this.#levels[level] = larger;
    return larger;
  }
}
