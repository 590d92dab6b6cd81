/** What a rebuilt scenario is made of: statements in the order of the log, each by an actor. */

export interface RebuiltStep {
  /** The thread (by its number in the log), a vCPU of a VM, or the host. */
  readonly actor: StepActor;
  /** The statement without its result. */
  readonly text: string;
  /** As it is declared: `0`, `9`, `-EBUSY`. */
  readonly result?: string;
  /** Line of the log; 0 for what no line shows. */
  readonly line: number;
  readonly file: number;
  /** Seconds on the clock of the log. */
  readonly time?: number;
  /** Why it is here, or what had to be assumed about it: a comment on its line. */
  readonly note?: string;
  /** What another log of the same run shows at this place. */
  readonly anchor?: Anchor;
}

export type StepActor =
  | { readonly kind: 'thread'; readonly tid: number }
  | { readonly kind: 'vcpu'; readonly id: number; readonly vm: string }
  | { readonly kind: 'host' };

/** Places that a log of calls and a log of kernel functions have in common. */
export type Anchor = 'create-device' | 'set-attr' | 'exit';

/** A thing that the log does not show and that was assumed, once with all its places. */
export interface Assumption {
  readonly text: string;
  /** Lines of the log it is about; the first ones. */
  readonly lines: readonly number[];
  readonly count: number;
  /** Set when it decides whether the VM is non-coherent. */
  readonly about?: 'coherency';
}

/** A call that the scenario cannot have, with the reason. */
export interface LeftOutCall {
  readonly text: string;
  readonly why: string;
  readonly line: number;
}

/** Gathers assumptions by their words. */
export class Assumptions {
  readonly #known = new Map<string, { lines: number[]; count: number; about?: 'coherency' }>();

  add(text: string, line = 0, about?: 'coherency'): void {
    const known = this.#known.get(text) ?? { lines: [], count: 0, ...(about && { about }) };
    this.#known.set(text, known);
    // What is about no line is assumed once, however often it is asked.
    if (line > 0 || known.count === 0) known.count++;
    if (line > 0 && known.lines.length < MOST_LINES && known.lines.at(-1) !== line) known.lines.push(line);
  }

  get all(): Assumption[] {
    return [...this.#known].map(([text, known]) => ({ text, ...known }));
  }
}

const MOST_LINES = 8;
