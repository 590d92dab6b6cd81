/** What an exploration would say if it ended here, told now and then in case its process crashes. */
import { type Exploration, explorationReport, type Model, type Profile, verdictOf } from '@snoopscope/sim-core';
import type { Known } from './explore-file.ts';

export type OnKnown = (explored: Known) => void;

/** Something whose result can be looked at in the middle of it. */
interface Exploring {
  readonly result: () => Exploration;
  readonly isBetweenLevels?: () => boolean;
}

/** Milliseconds until it is told for the first time, and from one time to the next. */
const FIRST_MS = 1_000;
const EVERY_MS = 5_000;
/** It takes at most this part of the time. */
const SHARE = 1 / 50;

export class KnownSoFar {
  readonly #model: Model;
  readonly #profile: Profile;
  readonly #tell: OnKnown;
  #due = FIRST_MS;

  constructor(model: Model, profile: Profile, tell: OnKnown) {
    this.#model = model;
    this.#profile = profile;
    this.#tell = tell;
  }

  /** `elapsed`: milliseconds since the exploration began. */
  look(search: Exploring, elapsed: number): void {
    if (elapsed < this.#due || !(search.isBetweenLevels?.() ?? true)) return;
    const began = performance.now();
    const seconds = elapsed / 1000;
    const message = `The process of the exploration crashed; this is what it knew after ${seconds.toFixed(1)} s.`;
    const exploration: Exploration = { ...search.result(), limit: { kind: 'thread', message } };
    const verdict = verdictOf(this.#model, this.#profile, exploration);
    const report = explorationReport(verdict, { shouldStop: () => true });
    this.#tell({ report, exploration, seconds });
    this.#due = elapsed + Math.max(EVERY_MS, (performance.now() - began) / SHARE);
  }
}
