/**
 * One machine that walks from the end of the setup, for those who try single executions instead of all of them.
 *
 * It answers what {@link Finality} answers for the search: an execution is over when no actor can move, nothing that
 * happens sooner or later is outstanding, and nothing that the environment may do lets an actor move again.
 */
import { Executor } from '../../engine/executor.ts';
import type { Granularity, Model } from '../../engine/model.ts';
import { ModelLimit } from '../../limits.ts';
import { Sites } from '../sites.ts';
import { runSetup } from '../start.ts';
import { Revival } from './revival.ts';

/** States that the environment makes of a stuck one; with more of them, only what matters is distinguished. */
const MAX_STUCK_STATES = 32;
/** Stuck states whose answer is kept; the answers are forgotten all at once. */
const MAX_KNOWN = 4096;

export class Walker {
  readonly executor: Executor;
  /** Moves of actors and those of the environment that happen sooner or later: while one is possible, nothing is over. */
  readonly lively: Int32Array;
  /** Moves that the environment may make, or never. */
  readonly idle: Int32Array;
  /** Sites of the findings of the setup, each once. */
  readonly setupFindings: readonly number[];
  /** The limit of the model that the setup met. */
  readonly setupLimit: string | undefined;
  readonly #model: Model;
  readonly #sites: Sites;
  readonly #granularity: Granularity;
  readonly #start: Int32Array;
  readonly #known = new Map<string, boolean>();
  readonly #revival: Revival;
  /** States looked at to decide whether runs were over. */
  looked = 0;

  constructor(model: Model, granularity: Granularity, sites = new Sites(model)) {
    this.#model = model;
    this.#sites = sites;
    this.#granularity = granularity;
    this.executor = new Executor(model);
    this.setupLimit = this.#setUp();
    this.setupFindings = this.findings();
    this.#start = this.executor.machine.state.slice();
    const indices = model.moves.map((_, index) => index);
    this.lively = Int32Array.from(indices.filter((index) => !this.isIdle(index)));
    this.idle = Int32Array.from(indices.filter((index) => this.isIdle(index)));
    this.#revival = new Revival(model, granularity, this.lively, this.idle);
  }

  /** May this move also never be made? */
  isIdle(move: number): boolean {
    const known = this.#model.moves[move];
    return known?.kind === 'environment' && !known.inevitable;
  }

  /** Back to the state after the setup. */
  begin(): void {
    const { machine } = this.executor;
    machine.state.set(this.#start);
    machine.length = 0;
  }

  /** Makes a move, if it is possible; the log then holds its events and no others. Throws `ModelLimit`. */
  make(move: number): boolean {
    this.executor.machine.length = 0;
    return this.executor.move(move, this.#granularity);
  }

  /** Could this move be made? Nothing changes. A move that meets a limit of the model can. */
  enabled(move: number): boolean {
    const { machine } = this.executor;
    machine.length = 0;
    try {
      return this.executor.move(move, 'micro');
    } catch (error) {
      if (error instanceof ModelLimit) return true;
      throw error;
    } finally {
      machine.rewind(0);
    }
  }

  /** Can anybody move, or is anything on its way? `likely` is asked first: who moved last mostly can. */
  isLively(likely = -1): boolean {
    if (likely >= 0 && !this.isIdle(likely) && this.enabled(likely)) return true;
    return this.lively.some((move) => this.enabled(move));
  }

  /**
   * With no actor able to move: is that the end, whatever the environment does? False too when it can do more that matters
   * than {@link Revival} looks at.
   */
  isFinal(): boolean {
    const { machine } = this.executor;
    const key = machine.state.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const here = machine.state.slice();
    const states = new Map([[key, here]]);
    let final = true;
    for (const state of states.values()) {
      machine.state.set(state);
      this.looked++;
      final &&= !this.isLively();
      if (!final) break;
      if (states.size > MAX_STUCK_STATES) {
        final = this.#revival.isFinal(here);
        if (final) states.clear();
        break;
      }
      for (const move of this.idle) {
        if (!this.make(move)) continue;
        const then = machine.state.join();
        if (!states.has(then)) states.set(then, machine.state.slice());
        machine.rewind(0);
      }
    }
    machine.state.set(here);
    machine.length = 0;
    this.#remember(final && states.size > 0 ? [...states.keys()] : [key], final);
    return final;
  }

  /** Sites of the findings of the last move, each once, in the order in which they were made. */
  findings(): number[] {
    return this.#sites.inLog(this.executor.machine);
  }

  #setUp(): string | undefined {
    try {
      runSetup(this.executor);
      return undefined;
    } catch (error) {
      if (error instanceof ModelLimit) return error.message;
      throw error;
    }
  }

  #remember(keys: readonly string[], final: boolean): void {
    if (this.#known.size + keys.length > MAX_KNOWN) this.#known.clear();
    for (const key of keys) this.#known.set(key, final);
  }
}
