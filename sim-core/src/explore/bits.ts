/** A set of slots as bits. */
export class Bits {
  readonly words: Uint32Array;

  constructor(size: number, members: Iterable<number> = []) {
    this.words = new Uint32Array((size + 31) >>> 5);
    for (const member of members) this.add(member);
  }

  has(member: number): boolean {
    return ((this.words[member >>> 5]! >>> (member & 31)) & 1) !== 0;
  }

  /** True when it was not there. */
  add(member: number): boolean {
    if (this.has(member)) return false;
    this.words[member >>> 5] = this.words[member >>> 5]! | (1 << (member & 31));
    return true;
  }

  get empty(): boolean {
    return this.words.every((word) => word === 0);
  }

  fill(): this {
    this.words.fill(0xffffffff);
    return this;
  }

  addAll(other: Bits): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = this.words[i]! | other.words[i]!;
  }

  removeAll(other: Bits): void {
    for (let i = 0; i < this.words.length; i++) this.words[i] = this.words[i]! & ~other.words[i]!;
  }

  /** Removes what does not pass. True when anything was removed. */
  keep(passes: (member: number) => boolean): boolean {
    let removed = false;
    for (const member of this.members()) {
      if (passes(member)) continue;
      this.words[member >>> 5] = this.words[member >>> 5]! & ~(1 << (member & 31));
      removed = true;
    }
    return removed;
  }

  meets(other: Bits, within: Bits): boolean {
    for (let i = 0; i < this.words.length; i++) {
      if ((this.words[i]! & other.words[i]! & within.words[i]!) !== 0) return true;
    }
    return false;
  }

  /** Is every member of this one also in the other? */
  within(other: Bits): boolean {
    return this.words.every((word, i) => (word & ~other.words[i]!) === 0);
  }

  copy(): Bits {
    const copy = new Bits(0);
    return Object.assign(copy, { words: this.words.slice() });
  }

  members(): number[] {
    const members: number[] = [];
    this.words.forEach((word, i) => {
      for (let rest = word; rest !== 0; rest &= rest - 1) members.push(i * 32 + (31 - Math.clz32(rest & -rest)));
    });
    return members;
  }
}
