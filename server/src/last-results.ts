import type { ResultHint } from './features/results.ts';
import type { Snapshot } from './snapshot.ts';

/** More than any scenario has; lines come and go while an author writes. */
const MOST_CALLS = 2_000;

/** What each call returned when it was last predicted: the line may be another one by now, but for what it declares. */
export class LastResults {
  readonly #byDocument = new Map<string, Map<string, readonly string[]>>();

  take({ uri, scenario }: Snapshot, hints: readonly ResultHint[]): void {
    const known = this.#byDocument.get(uri) ?? new Map<string, readonly string[]>();
    this.#byDocument.set(uri, known);
    for (const { line, text } of hints)
      known.set(callText(scenario.lines[line]?.text ?? ''), text.replace(/^ [=≠] /, '').split(' | '));
    for (const key of [...known.keys()].slice(0, Math.max(0, known.size - MOST_CALLS))) known.delete(key);
  }

  /** `0`, `-EEXIST`; empty where nothing was predicted. */
  of({ uri, scenario }: Snapshot, line: number): readonly string[] {
    return this.#byDocument.get(uri)?.get(callText(scenario.lines[line]?.text ?? '')) ?? [];
  }

  forget(uri: string): void {
    this.#byDocument.delete(uri);
  }
}

/** A call without what its line declares. */
function callText(text: string): string {
  return text.replace(/\)\s*=[^=)]*$/, ')').trim();
}
