/**
 * Which states are final. In a stuck state no actor can move; it is final unless the environment can lead from it to a
 * state that is not stuck. Stuck states and what the environment makes of them are noted during the search, and
 * decided when it is over.
 */
export class Finality {
  /** Stuck states by their number; the value is where their edges begin. */
  readonly #stuck = new Map<number, number>();
  #edges = new Int32Array(64);
  #length = 0;

  /** Bytes held. A map entry is counted as 40, which is about what V8 needs. */
  get bytes(): number {
    return this.#edges.byteLength + this.#stuck.size * 40;
  }

  /** A state in which no actor can move, the effect of its judgement, and the states that the environment makes of it. */
  add(state: number, judgement: number, successors: readonly number[]): void {
    while (this.#length + successors.length + 2 > this.#edges.length) {
      const larger = new Int32Array(this.#edges.length * 2);
      larger.set(this.#edges);
      this.#edges = larger;
    }
    this.#stuck.set(state, this.#length);
    this.#edges[this.#length++] = judgement;
    this.#edges[this.#length++] = successors.length;
    for (const successor of successors) this.#edges[this.#length++] = successor;
  }

  /** Stuck states that are not final, as far as is known. */
  get revived(): number {
    return this.#stuck.size - this.finals().length;
  }

  /** For a checkpoint: per stuck state its number and judgement, and the number and the list of its successors. */
  save(number: (state: number) => number): Int32Array {
    const saved = new Int32Array(this.#length + this.#stuck.size);
    let to = 0;
    for (const [state, at] of this.#stuck) {
      const count = this.#edges[at + 1]!;
      saved[to++] = number(state);
      saved[to++] = this.#edges[at]!;
      saved[to++] = count;
      for (let i = 0; i < count; i++) saved[to++] = number(this.#edges[at + 2 + i]!);
    }
    return saved.subarray(0, to);
  }

  /** Adds stuck states in the form in which they are saved. */
  addAll(saved: ArrayLike<number>): void {
    for (let at = 0; at < saved.length; at += 3 + saved[at + 2]!) {
      const count = saved[at + 2]!;
      const successors = Array.from({ length: count }, (_, i) => saved[at + 3 + i]!);
      this.add(saved[at]!, saved[at + 1]!, successors);
    }
  }

  /**
   * The final ones among them, ascending. A stuck state from which the environment leads to one that was not expanded
   * (because a limit came before it) is not known to be final and is left out.
   */
  finals(): { readonly state: number; readonly judgement: number }[] {
    const escaping = new Set<number>();
    const before = new Map<number, number[]>();
    for (const [state, at] of this.#stuck) {
      const count = this.#edges[at + 1]!;
      for (let i = at + 2; i < at + 2 + count; i++) {
        const successor = this.#edges[i]!;
        if (!this.#stuck.has(successor)) escaping.add(state);
        else if (successor !== state) append(before, successor, state);
      }
    }
    const queue = [...escaping];
    for (let state = queue.pop(); state !== undefined; state = queue.pop()) {
      for (const earlier of before.get(state) ?? []) {
        if (escaping.has(earlier)) continue;
        escaping.add(earlier);
        queue.push(earlier);
      }
    }
    return [...this.#stuck]
      .filter(([state]) => !escaping.has(state))
      .map(([state, at]) => ({ state, judgement: this.#edges[at]! }))
      .sort((a, b) => a.state - b.state);
  }
}

function append(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
