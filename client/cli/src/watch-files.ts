/** Which files below some places change, told in bursts: an editor writes a file in several steps. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';

/** After the last event of a burst. */
const QUIET_MS = 50;

export class FileChanges {
  readonly #watchers: FSWatcher[] = [];
  readonly #changed = new Set<string>();
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #failed: Error | undefined;

  /** `places` are files and folders, absolute. */
  constructor(places: readonly string[]) {
    for (const place of places) {
      const isFolder = statSync(place).isDirectory();
      // A file that is replaced is another one; its folder stays.
      const folder = isFolder ? place : path.dirname(place);
      const watcher = watch(folder, { recursive: isFolder }, (_event, name) => {
        if (name !== null) this.#note(path.join(folder, name));
      });
      watcher.on('error', (error) => {
        this.#failed = error;
        this.#wake();
      });
      this.#watchers.push(watcher);
    }
  }

  /** The files of the next burst; none once it is interrupted. */
  async next(interrupt: AbortSignal): Promise<ReadonlySet<string>> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (interrupt.aborted || (this.#changed.size > 0 && this.#timer === undefined)) resolve();
      interrupt.addEventListener('abort', () => resolve(), { once: true });
    });
    if (this.#failed) throw this.#failed;
    const changed = new Set(this.#changed);
    this.#changed.clear();
    return interrupt.aborted ? new Set() : changed;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }

  #note(file: string): void {
    this.#changed.add(file);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#wake();
    }, QUIET_MS);
  }
}
