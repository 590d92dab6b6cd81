/**
 * The inner loop: all successors of a stored state, from what was learned. It knows nothing of machines and models; its
 * {@link Tables} are flat arrays, so that a worker can run it as well as the search itself.
 *
 * When it meets something that was not learned yet it says so and changes nothing that counts; the state is expanded
 * again once the answer is in the tables.
 */

import { answerIn, DISABLED, effectOf, setJoint, UNKNOWN, wereMarked } from './learn/compiled.ts';
import { type Canonical, canonicalOf } from './reduce/canonical.ts';
import { persistentActor } from './reduce/pruning-tables.ts';
import { Covered } from './reduce/sleep.ts';
import { FULL, hashTwo, hashWords, SLEEPERS } from './states/store.ts';
import { lastMoverIn } from './switches.ts';
import type { States, Tables } from './tables.ts';

export type { States, Tables } from './tables.ts';

/** The question of a state that could not be expanded because the store is full. */
export const NO_ROOM = -2;
const NO_QUESTION = -1;
const NO_PRUNING = -1;
/** States that are expanded together at most. */
export const TOGETHER = 32;

export class Expander {
  readonly tables: Tables;
  readonly #states: States;
  readonly #canonical: Canonical | undefined;
  readonly #current: Uint32Array;
  readonly #row: Uint32Array;
  readonly #answers: Int32Array;
  readonly #hashes: Uint32Array;
  readonly #enabled: Int32Array;
  /** Per successor in the row: its sleep set. */
  readonly #sleeps: Uint32Array;
  /** Moves that need not be made in the state that is expanded, as bits. */
  #asleep = 0;
  readonly #covered: Covered | undefined;
  /** What was asked and is not known: the question, and the packed state it was asked of. */
  question = NO_QUESTION;
  readonly questionWords: Uint32Array;
  /** Moves made since the start. */
  transitions = 0;
  /** In the state that was expanded last one actor alone moved, because that led farther. */
  reduced = false;
  /** Noteworthy effects that were met: effect, state, move, one after another. The reader empties the list. */
  readonly noted: number[] = [];
  /** Stuck states: state, effect of its judgement, number of successors, successors. The reader empties the list. */
  readonly stuck: number[] = [];

  constructor(tables: Tables, states: States) {
    const { words, moves } = tables;
    this.tables = tables;
    this.#states = states;
    this.#canonical = tables.canonical && canonicalOf(tables.canonical);
    this.#current = new Uint32Array(words);
    this.questionWords = new Uint32Array(words);
    this.#row = new Uint32Array(words * moves * TOGETHER);
    this.#answers = new Int32Array(moves);
    this.#hashes = new Uint32Array(moves * TOGETHER);
    this.#enabled = new Int32Array(moves * TOGETHER);
    this.#sleeps = new Uint32Array(moves * TOGETHER);
    this.#wasNoted = new Uint8Array(tables.noteworthy.length);
    this.#covered = tables.sleeping ? new Covered(tables, this.#current, this.#answers) : undefined;
  }

  /**
   * Stores the successors of some states that follow each other on a level, so that what they need of the memory is
   * waited for once. Returns how many were expanded; when that is none, `question` says what is not known. The last of
   * them may be stuck or noteworthy for the first time; the others are not.
   */
  expandSome(first: number, end: number, levelEnd: number): number {
    const last = this.tables.pruning ? first : Math.min(end, first + TOGETHER);
    const begin = this.noted.length;
    let count = 0;
    let made = 0;
    let state = first;
    let plain = true;
    while (plain && state < last) {
      const notedBefore = this.noted.length;
      const more = this.#plainly(state, count);
      if (more < 0) {
        this.noted.length = notedBefore;
        break;
      }
      made += this.#made;
      count = more;
      plain = wereMarked(this.#wasNoted, this.noted, notedBefore);
      this.#ends[state - first] = count;
      state++;
    }
    if (state === first) return this.expand(first, levelEnd) ? 1 : 0;
    this.question = NO_QUESTION;
    this.reduced = false;
    this.#states.open = levelEnd;
    this.#states.prepare(this.#hashes, count);
    let from = 0;
    for (let each = first; each < state; each++) {
      const to = this.#ends[each - first]!;
      if (this.#insert(each, from, to, undefined) === FULL) {
        this.noted.length = begin;
        return 0;
      }
      from = to;
    }
    this.transitions += made;
    return state - first;
  }

  /** Puts the successors of a state into the row after others; their end, or -1 when there is more to it. */
  #plainly(state: number, start: number): number {
    const { moves, environmentFrom, sleeping } = this.tables;
    this.#states.read(state, this.#current);
    this.#asleep = sleeping ? this.#states.sleep(state) : 0;
    if (!this.#ask(0, moves, NO_PRUNING) || !this.#anyCanMove(0, environmentFrom)) return -1;
    this.#covered?.begin(this.#asleep);
    return this.#generate(state, NO_PRUNING, 0, moves, start);
  }

  /**
   * Stores the successors of a state; those that are new get numbers from `levelEnd` on. False when something is not
   * known: `question` says what.
   */
  expand(state: number, levelEnd: number): boolean {
    const { tables } = this;
    const current = this.#current;
    this.question = NO_QUESTION;
    this.reduced = false;
    this.#states.read(state, current);
    this.#states.open = levelEnd;
    this.#asleep = tables.sleeping ? this.#states.sleep(state) : 0;
    let pruning = NO_PRUNING;
    if (tables.pruning) {
      pruning = this.#pruningOf(current, 0);
      if (pruning < 0) return false;
    }
    const { environmentFrom, moves } = tables;
    if (!this.#ask(0, environmentFrom, pruning)) return false;
    const actor = pruning < 0 ? -1 : persistentActor(tables, pruning, this.#canMove);
    if (actor >= 0) return this.#expandPersistent(state, levelEnd, pruning, actor);
    if (!this.#ask(environmentFrom, moves, pruning)) return false;
    const stuck = !this.#anyCanMove(0, environmentFrom);
    let from = 0;
    let to = moves;
    if (tables.lastMover) [from, to] = this.#withoutSwitch(tables.lastMover, stuck);
    const notedBefore = this.noted.length;
    if (this.switching) {
      const made = this.#storeOthers(state, pruning, from, to);
      if (made < 0) return this.#undo(notedBefore);
      this.transitions += made;
      return true;
    }
    const judgement = stuck ? this.#answer(tables.judgementMove, current, 0) : 0;
    if (judgement < 0) return false;
    // What becomes of a stuck state is asked of all that the environment may do in it.
    if (stuck) this.#asleep = 0;
    this.#covered?.begin(this.#asleep);
    const stuckBefore = this.stuck.length;
    if (stuck) this.stuck.push(state, judgement, 0);
    const made = this.#storeMoves(state, pruning, from, to, stuck ? this.stuck : undefined);
    if (made < 0) {
      this.stuck.length = stuckBefore;
      return this.#undo(notedBefore);
    }
    if (stuck) this.stuck[stuckBefore + 2] = this.stuck.length - stuckBefore - 3;
    this.transitions += made;
    return true;
  }

  /** One actor goes alone, unless that leads no farther. */
  #expandPersistent(state: number, levelEnd: number, pruning: number, actor: number): boolean {
    const { environmentFrom, moves, firstMove, moveCount } = this.tables;
    const notedBefore = this.noted.length;
    const first = firstMove[actor]!;
    const end = first + moveCount[actor]!;
    const made = this.#storeMoves(state, pruning, first, end);
    if (made < 0) return this.#undo(notedBefore);
    // Somebody whose turn is put off must get it on every cycle: one successor at least is farther than this state.
    if (this.#farthest >= levelEnd) {
      this.reduced = true;
      this.transitions += made;
      return true;
    }
    if (!this.#ask(environmentFrom, moves, pruning)) return this.#undo(notedBefore);
    const others = this.#storeOthers(state, pruning, first, end);
    if (others < 0) return this.#undo(notedBefore);
    this.transitions += made + others;
    return true;
  }

  /** Makes the moves outside a range and stores what they lead to. How many it made, or -1. */
  #storeOthers(state: number, pruning: number, from: number, to: number): number {
    const before = this.#storeMoves(state, pruning, 0, from);
    const after = before < 0 ? -1 : this.#storeMoves(state, pruning, to, this.tables.moves);
    return after < 0 ? -1 : before + after;
  }

  /** Nothing but the states themselves says what is made in them. */
  get canExpandSome(): boolean {
    return !this.tables.pruning && this.tables.lastMover === undefined;
  }

  /** Of searches that count switches: make the moves that are one, or those that are none. */
  switching = false;

  /** The moves that are not switches: of the actor that moved last, while it can; else of all but the environment. */
  #withoutSwitch(lastMover: Int32Array, stuck: boolean): readonly [number, number] {
    const { environmentFrom, moves, firstMove, moveCount } = this.tables;
    const last = lastMoverIn(this.#current, lastMover);
    if (last < 0 || !this.#canMove(last)) return [0, stuck ? moves : environmentFrom];
    const first = firstMove[last]!;
    return [first, first + moveCount[last]!];
  }

  /** Makes the moves of a range and stores what they lead to. How many it made, or -1. */
  #storeMoves(state: number, pruning: number, from: number, to: number, numbers?: number[]): number {
    const count = this.#generate(state, pruning, from, to, 0);
    if (count < 0) return -1;
    const made = this.#made;
    this.#farthest = this.#store(state, count, numbers);
    return this.#farthest === FULL ? -1 : made;
  }

  #made = 0;
  /** The highest number among the successors that were stored last. */
  #farthest = -1;
  /** Per effect: 1 when it was noted before. */
  readonly #wasNoted: Uint8Array;
  readonly #ends = new Int32Array(TOGETHER);

  #undo(notedBefore: number): false {
    this.noted.length = notedBefore;
    return false;
  }

  /** The effect for a question that is not a move, or -1 when it is not known. */
  #answer(question: number, words: Uint32Array, at: number): number {
    const answer = answerIn(this.tables, question, words, at);
    if (answer !== UNKNOWN) return effectOf(answer);
    return this.#unknown(question, words, at);
  }

  #unknown(question: number, words: Uint32Array, at: number): -1 {
    this.question = question;
    for (let i = 0; i < this.questionWords.length; i++) this.questionWords[i] = words[at + i]!;
    return -1;
  }

  #pruningOf(words: Uint32Array, at: number): number {
    const { locationsMove, pruningOfEffect } = this.tables;
    const effect = this.#answer(locationsMove, words, at);
    if (effect < 0) return -1;
    const pruning = effect < pruningOfEffect.length ? pruningOfEffect[effect]! : -1;
    // The locations are known, but no pruning was made for them yet.
    return pruning >= 0 ? pruning : this.#unknown(locationsMove, words, at);
  }

  #ask(from: number, to: number, pruning: number): boolean {
    const { roots, nodes, pruningIdle, moves } = this.tables;
    const answers = this.#answers;
    const current = this.#current;
    const idle = pruning * moves;
    for (let move = from; move < to; move++) {
      // What the environment does to dead slots is nothing, and what they hold is not fit to be tried.
      if (pruning >= 0 && pruningIdle[idle + move] !== 0) {
        answers[move] = DISABLED;
        continue;
      }
      let at = roots[move]!;
      while (at > 0) {
        const node = nodes[at]!;
        at = nodes[at + 1 + ((current[node & 255]! >>> ((node >>> 8) & 31)) & (node >>> 13))]!;
      }
      if (at === UNKNOWN) {
        this.question = move;
        this.questionWords.set(current);
        return false;
      }
      answers[move] = at;
    }
    return true;
  }

  readonly #canMove = (actor: number): boolean => {
    const first = this.tables.firstMove[actor]!;
    return this.#anyCanMove(first, first + this.tables.moveCount[actor]!);
  };

  #anyCanMove(from: number, to: number): boolean {
    const answers = this.#answers;
    for (let move = from; move < to; move++) if (answers[move] !== DISABLED) return true;
    return false;
  }

  /** Puts the successors by the moves of a range into the row from `start` on. Their end, or -1 when something is not known. */
  #generate(state: number, pruning: number, from: number, to: number, start: number): number {
    const { words, effectMasks, jointOf, noteworthy, rewritten, pruningRanks, pruningMasks, environmentFrom, unnamed } =
      this.tables;
    const answers = this.#answers;
    const current = this.#current;
    const row = this.#row;
    const canonical = this.#canonical;
    let count = start;
    let loops = 0;
    const first = current[0]!;
    const second = current[1]!;
    for (let move = from; move < to; move++) {
      const answer = answers[move]!;
      if (answer === DISABLED || (move < SLEEPERS && (this.#asleep & (1 << move)) !== 0)) continue;
      const effect = effectOf(answer);
      if (noteworthy[effect] !== 0) this.noted.push(effect, state, move);
      const mask = effect * 2 * words;
      const at = count * words;
      if (words === 2) {
        // So short that the loop would take longer than what it does.
        row[at] = (first & effectMasks[mask]!) | effectMasks[mask + 2]!;
        row[at + 1] = (second & effectMasks[mask + 1]!) | effectMasks[mask + 3]!;
      } else {
        for (let i = 0; i < words; i++) {
          row[at + i] = (current[i]! & effectMasks[mask + i]!) | effectMasks[mask + words + i]!;
        }
      }
      if (jointOf[effect] !== 0 && !setJoint(this.tables, effect, current, row, at)) {
        this.question = move;
        this.questionWords.set(current);
        return -1;
      }
      let sleep = this.#covered === undefined ? 0 : this.#covered.add(move, effect);
      let recount = rewritten[effect]!;
      if (pruning >= 0) {
        let then = pruning;
        // The environment moves no actor, so the pruning stays.
        if (move < environmentFrom) {
          then = this.#pruningOf(row, at);
          if (then < 0) return -1;
          if (then !== pruning) recount |= pruningRanks[then]!;
        }
        const dead = then * 2 * words;
        for (let i = 0; i < words; i++) {
          row[at + i] = (row[at + i]! & pruningMasks[dead + i]!) | pruningMasks[dead + words + i]!;
        }
      }
      if (recount !== 0 && !this.#rank(at, recount)) return -1;
      // A move that changes nothing leads nowhere new.
      let same = 0;
      while (same < words && row[at + same] === current[same]) same++;
      if (same === words) {
        loops++;
        continue;
      }
      // A CPU of another name may have to do what the one of this name need not.
      if (canonical?.(row, at) === true) sleep &= unnamed;
      this.#sleeps[count] = sleep;
      this.#hashes[count] = words === 2 ? hashTwo(row[at]!, row[at + 1]!) : hashWords(row, at, words);
      this.#enabled[count++] = move;
    }
    this.#made = count - start + loops;
    return count;
  }

  /** Recounts the versions of some words of memory. */
  #rank(at: number, which: number): boolean {
    const { words, effectMasks, jointOf, ranked, rankMove } = this.tables;
    const row = this.#row;
    for (let i = 0; i < ranked.length; i++) {
      const word = ranked[i]!;
      if ((which & (1 << Math.min(word, 31))) === 0) continue;
      const effect = this.#answer(rankMove + word, row, at);
      if (effect < 0) return false;
      const mask = effect * 2 * words;
      const before = this.questionWords;
      for (let k = 0; k < words; k++) {
        before[k] = row[at + k]!;
        row[at + k] = (before[k]! & effectMasks[mask + k]!) | effectMasks[mask + words + k]!;
      }
      if (jointOf[effect] !== 0 && !setJoint(this.tables, effect, before, row, at)) {
        this.question = rankMove + word;
        return false;
      }
    }
    return true;
  }

  #store(state: number, count: number, numbers: number[] | undefined): number {
    // All places are touched before any is used: the misses of the caches then overlap.
    this.#states.prepare(this.#hashes, count);
    return this.#insert(state, 0, count, numbers);
  }

  /** Stores what is in a part of the row; the highest number among the successors, -1 without any, or FULL. */
  #insert(state: number, from: number, to: number, numbers: number[] | undefined): number {
    const { words } = this.tables;
    const states = this.#states;
    const hashes = this.#hashes;
    let highest = -1;
    for (let i = from; i < to; i++) {
      const successor = states.insert(
        this.#row,
        i * words,
        hashes[i]! | 0,
        state,
        this.#enabled[i]!,
        this.#sleeps[i]! | 0,
      );
      if (successor === FULL) {
        this.question = NO_ROOM;
        return FULL;
      }
      if (successor > highest) highest = successor;
      if (numbers !== undefined) numbers.push(successor);
    }
    return highest;
  }
}
