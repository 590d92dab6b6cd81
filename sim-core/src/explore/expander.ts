/**
 * The inner loop: all successors of a stored state, from what was learned. It knows nothing of machines and models; its
 * {@link Tables} are flat arrays, so that a worker can run it as well as the search itself.
 *
 * When it meets something that was not learned yet it says so and changes nothing that counts; the state is expanded
 * again once the answer is in the tables.
 */
import type { CanonicalTables } from './canonical.ts';
import { type Canonical, canonicalOf } from './canonical.ts';
import { DISABLED, leafOf, UNKNOWN, UNMET } from './compiled.ts';
import { Covered } from './sleep.ts';
import { FULL, hashWords, SLEEPERS } from './store.ts';

/** Everything that the inner loop looks at. */
export interface Tables {
  /** 32-bit words of a packed state. */
  readonly words: number;
  /** Moves of actors and those that must happen come first; what the environment may do begins here. */
  readonly environmentFrom: number;
  readonly moves: number;
  readonly firstMove: Int32Array;
  readonly moveCount: Int32Array;
  /** {@link Compiled}. */
  readonly roots: Int32Array;
  readonly nodes: Int32Array;
  readonly effects: Uint32Array;
  readonly remarkable: Uint8Array;
  readonly jointOf: Int32Array;
  readonly joint: Int32Array;
  readonly footprints: Uint32Array;
  /** Questions that are no moves. */
  readonly judgementMove: number;
  readonly placesMove: number;
  readonly rankMove: number;
  /** Per leaf: words of memory whose versions it writes, as bits. */
  readonly rewritten: Int32Array;
  /** Words of memory whose versions are counted by their order, one below the other. */
  readonly ranked: Int32Array;
  /** Are there plans? */
  readonly planning: boolean;
  /** Per leaf of the question for the places: its plan, or -1. */
  readonly planOfLeaf: Int32Array;
  /** Per plan: bits to keep, then bits to set. */
  readonly planMasks: Uint32Array;
  /** Per plan: words of memory whose versions must be counted anew, as bits. */
  readonly planRanks: Int32Array;
  /** Per plan and move: 1 when the move changes nothing that matters. */
  readonly planIdle: Uint8Array;
  /** Per plan: where its actors that may go alone stand in `alone`. */
  readonly planAlone: Int32Array;
  /** A count, then per candidate: the actor, a count, and the actors that must not be able to move. */
  readonly alone: Int32Array;
  readonly canonical: CanonicalTables | undefined;
  /** Are there sleep sets? */
  readonly sleeping: boolean;
  /** Moves that no renaming of CPUs changes, as bits. */
  readonly unnamed: number;
}

/** Where states are stored, as far as expanding them needs. */
export interface States {
  read(state: number, into: Uint32Array): void;
  open: number;
  sleep(state: number): number;
  prepare(hashes: Uint32Array, count: number): void;
  insert(from: Uint32Array, at: number, hash: number, parent: number, move: number, sleep: number): number;
}

/** The question of a state that could not be expanded because the store is full. */
export const NO_ROOM = -2;
const NO_QUESTION = -1;
const NO_PLAN = -1;

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
  alone = false;
  /** Remarkable leaves that were met: leaf, state, move, one after another. Whoever reads them empties the list. */
  readonly remarks: number[] = [];
  /** Stuck states: state, leaf of its judgement, number of successors, successors. Whoever reads them empties the list. */
  readonly stuck: number[] = [];

  constructor(tables: Tables, states: States) {
    const { words, moves } = tables;
    this.tables = tables;
    this.#states = states;
    this.#canonical = tables.canonical && canonicalOf(tables.canonical);
    this.#current = new Uint32Array(words);
    this.questionWords = new Uint32Array(words);
    this.#row = new Uint32Array(words * moves);
    this.#answers = new Int32Array(moves);
    this.#hashes = new Uint32Array(moves);
    this.#enabled = new Int32Array(moves);
    this.#sleeps = new Uint32Array(moves);
    this.#covered = tables.sleeping ? new Covered(tables, this.#current, this.#answers) : undefined;
  }

  /**
   * Stores the successors of a state; those that are new get numbers from `levelEnd` on. False when something is not
   * known: `question` says what.
   */
  expand(state: number, levelEnd: number): boolean {
    const { tables } = this;
    const current = this.#current;
    this.question = NO_QUESTION;
    this.alone = false;
    this.#states.read(state, current);
    this.#states.open = levelEnd;
    this.#asleep = tables.sleeping ? this.#states.sleep(state) : 0;
    let plan = NO_PLAN;
    if (tables.planning) {
      plan = this.#planOf(current, 0);
      if (plan < 0) return false;
    }
    const { environmentFrom, moves } = tables;
    if (!this.#ask(0, environmentFrom, plan)) return false;
    const remarked = this.remarks.length;
    const actor = plan < 0 ? -1 : this.#goesAlone(plan);
    if (actor >= 0) {
      const first = tables.firstMove[actor] as number;
      const end = first + (tables.moveCount[actor] as number);
      let count = this.#generate(state, plan, first, end);
      if (count < 0) return this.#undo(remarked);
      const made = this.#made;
      const farthest = this.#insert(state, count, undefined);
      if (farthest === FULL) return this.#undo(remarked);
      // Somebody whose turn is put off must get it on every cycle: one successor at least is farther than this state.
      if (farthest >= levelEnd) {
        this.alone = true;
        this.transitions += made;
        return true;
      }
      if (!this.#ask(environmentFrom, moves, plan)) return this.#undo(remarked);
      count = this.#generate(state, plan, 0, first);
      if (count < 0) return this.#undo(remarked);
      const before = made + this.#made;
      if (this.#insert(state, count, undefined) === FULL) return this.#undo(remarked);
      count = this.#generate(state, plan, end, moves);
      if (count < 0 || this.#insert(state, count, undefined) === FULL) return this.#undo(remarked);
      this.transitions += before + this.#made;
      return true;
    }
    if (!this.#ask(environmentFrom, moves, plan)) return false;
    const stuck = !this.#anyCanMove(0, environmentFrom);
    let judgement = -1;
    if (stuck) {
      judgement = this.#answer(tables.judgementMove, current, 0);
      if (judgement < 0) return false;
      // What becomes of a stuck state is asked of all that the environment may do in it.
      this.#asleep = 0;
    }
    this.#covered?.begin(this.#asleep);
    const count = this.#generate(state, plan, 0, moves);
    if (count < 0) return this.#undo(remarked);
    const noted = this.stuck.length;
    if (stuck) this.stuck.push(state, judgement, count);
    if (this.#insert(state, count, stuck ? this.stuck : undefined) === FULL) {
      this.stuck.length = noted;
      return this.#undo(remarked);
    }
    this.transitions += this.#made;
    return true;
  }

  #made = 0;

  #undo(remarked: number): false {
    this.remarks.length = remarked;
    return false;
  }

  /** The leaf for a question that is no move, or -1 when it is not known. */
  #answer(question: number, words: Uint32Array, at: number): number {
    const { roots, nodes } = this.tables;
    let answer = roots[question] as number;
    while (answer > 0) {
      const node = nodes[answer] as number;
      answer = nodes[
        answer + 1 + (((words[at + (node & 255)] as number) >>> ((node >>> 8) & 31)) & (node >>> 13))
      ] as number;
    }
    if (answer !== UNKNOWN) return leafOf(answer);
    this.question = question;
    for (let i = 0; i < this.questionWords.length; i++) this.questionWords[i] = words[at + i] as number;
    return -1;
  }

  #planOf(words: Uint32Array, at: number): number {
    const { placesMove, planOfLeaf } = this.tables;
    const leaf = this.#answer(placesMove, words, at);
    if (leaf < 0) return -1;
    const plan = leaf < planOfLeaf.length ? (planOfLeaf[leaf] as number) : -1;
    if (plan >= 0) return plan;
    // The places are known, but no plan was made for them yet.
    this.question = placesMove;
    for (let i = 0; i < this.questionWords.length; i++) this.questionWords[i] = words[at + i] as number;
    return -1;
  }

  #ask(from: number, to: number, plan: number): boolean {
    const { roots, nodes, planIdle, moves } = this.tables;
    const answers = this.#answers;
    const current = this.#current;
    const idle = plan * moves;
    for (let move = from; move < to; move++) {
      // What the environment does to dead slots is nothing, and what they hold is not fit to be tried.
      if (plan >= 0 && planIdle[idle + move] !== 0) {
        answers[move] = DISABLED;
        continue;
      }
      let at = roots[move] as number;
      while (at > 0) {
        const node = nodes[at] as number;
        at = nodes[at + 1 + (((current[node & 255] as number) >>> ((node >>> 8) & 31)) & (node >>> 13))] as number;
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

  /** The first actor of the plan that can go alone in the state that was asked, or -1. */
  #goesAlone(plan: number): number {
    const { planAlone, alone } = this.tables;
    let at = planAlone[plan] as number;
    for (let left = alone[at++] as number; left > 0; left--) {
      const actor = alone[at++] as number;
      let frozen = alone[at++] as number;
      let free = this.#canMove(actor);
      for (; frozen > 0; frozen--) if (this.#canMove(alone[at++] as number)) free = false;
      if (free) return actor;
    }
    return -1;
  }

  #canMove(actor: number): boolean {
    const first = this.tables.firstMove[actor] as number;
    return this.#anyCanMove(first, first + (this.tables.moveCount[actor] as number));
  }

  #anyCanMove(from: number, to: number): boolean {
    const answers = this.#answers;
    for (let move = from; move < to; move++) if (answers[move] !== DISABLED) return true;
    return false;
  }

  /** Puts the successors by the moves of a range into the row. Their number, or -1 when something is not known. */
  #generate(state: number, plan: number, from: number, to: number): number {
    const { words, effects, jointOf, remarkable, rewritten, planRanks, planMasks, environmentFrom, unnamed } =
      this.tables;
    const answers = this.#answers;
    const current = this.#current;
    const row = this.#row;
    const canonical = this.#canonical;
    let count = 0;
    let loops = 0;
    for (let move = from; move < to; move++) {
      const answer = answers[move] as number;
      if (answer === DISABLED || (move < SLEEPERS && (this.#asleep & (1 << move)) !== 0)) continue;
      const leaf = leafOf(answer);
      if (remarkable[leaf] !== 0) this.remarks.push(leaf, state, move);
      const effect = leaf * 2 * words;
      const at = count * words;
      for (let i = 0; i < words; i++) {
        row[at + i] =
          ((current[i] as number) & (effects[effect + i] as number)) | (effects[effect + words + i] as number);
      }
      if (jointOf[leaf] !== 0 && !this.#setJoint(leaf, current, row, at)) {
        this.question = move;
        this.questionWords.set(current);
        return -1;
      }
      let sleep = this.#covered === undefined ? 0 : this.#covered.add(move, leaf);
      let recount = rewritten[leaf] as number;
      if (plan >= 0) {
        let then = plan;
        // The environment moves no actor, so the plan stays.
        if (move < environmentFrom) {
          then = this.#planOf(row, at);
          if (then < 0) return -1;
          if (then !== plan) recount |= planRanks[then] as number;
        }
        const mask = then * 2 * words;
        for (let i = 0; i < words; i++) {
          row[at + i] =
            ((row[at + i] as number) & (planMasks[mask + i] as number)) | (planMasks[mask + words + i] as number);
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
      this.#hashes[count] = hashWords(row, at, words);
      this.#enabled[count++] = move;
    }
    this.#made = count + loops;
    return count;
  }

  /** Sets the joint values behind a leaf, whose other effects are there already. False when one was never met. */
  #setJoint(leaf: number, from: Uint32Array, into: Uint32Array, at: number): boolean {
    const { joint, jointOf } = this.tables;
    let table = jointOf[leaf] as number;
    for (let left = joint[table++] as number; left > 0; left--) {
      const field = joint[table] as number;
      const word = field & 255;
      const shift = (field >>> 8) & 31;
      const result = joint[table + 1 + (((from[word] as number) >>> shift) & (field >>> 13))] as number;
      if (result === UNMET) return false;
      into[at + word] = (into[at + word] as number) | (result << shift);
      table += 2 + (field >>> 13);
    }
    return true;
  }

  /** Counts the versions of some words of memory anew. */
  #rank(at: number, which: number): boolean {
    const { words, effects, jointOf, ranked, rankMove } = this.tables;
    const row = this.#row;
    for (let i = 0; i < ranked.length; i++) {
      const word = ranked[i] as number;
      if ((which & (1 << Math.min(word, 31))) === 0) continue;
      const leaf = this.#answer(rankMove + word, row, at);
      if (leaf < 0) return false;
      const effect = leaf * 2 * words;
      const before = this.questionWords;
      for (let k = 0; k < words; k++) {
        before[k] = row[at + k] as number;
        row[at + k] =
          ((before[k] as number) & (effects[effect + k] as number)) | (effects[effect + words + k] as number);
      }
      if (jointOf[leaf] !== 0 && !this.#setJoint(leaf, before, row, at)) {
        this.question = rankMove + word;
        return false;
      }
    }
    return true;
  }

  /** Stores what stands in the row; the highest number among the successors, -1 without any, or FULL. */
  #insert(state: number, count: number, numbers: number[] | undefined): number {
    const { words } = this.tables;
    const states = this.#states;
    const hashes = this.#hashes;
    // All places are touched before any is used: the misses of the caches then overlap.
    states.prepare(hashes, count);
    let highest = -1;
    for (let i = 0; i < count; i++) {
      const successor = states.insert(
        this.#row,
        i * words,
        hashes[i] as number,
        state,
        this.#enabled[i] as number,
        this.#sleeps[i] as number,
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
