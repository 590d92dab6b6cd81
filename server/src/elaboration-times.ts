/** An elaboration that takes no longer is part of looking at a change. */
const INSTANT_MS = 3;
/** One that takes no longer follows soon; a longer one waits until the author pauses. */
const QUICK_MS = 8;
/** The first elaboration takes about so many times what the next one takes: its code has not been compiled. */
const COLD = 8;

/** How long the last elaboration of each document took, in milliseconds. */
export class ElaborationTimes {
  readonly #ms = new Map<string, number>();
  #isWarm = false;

  take(uri: string, ms: number): void {
    // A snapshot that was elaborated already answers at once, which says nothing about the next one.
    if (ms <= 0.5) return;
    // One that other programs held up does not make the document a slow one.
    const most = 2 * (this.#ms.get(uri) ?? Number.POSITIVE_INFINITY) + 1;
    this.#ms.set(uri, Math.min(most, this.#isWarm ? ms : ms / COLD));
    this.#isWarm = true;
  }

  /** False for a document that was not elaborated yet. */
  isInstant(uri: string): boolean {
    return (this.#ms.get(uri) ?? Number.POSITIVE_INFINITY) <= INSTANT_MS;
  }

  isQuick(uri: string): boolean {
    return (this.#ms.get(uri) ?? 0) <= QUICK_MS;
  }

  forget(uri: string): void {
    this.#ms.delete(uri);
  }
}
