/** Checkpoints on disk: replaced in one piece, so that whatever ends the process leaves the old one or the new one. */
import { promises } from 'node:fs';
import path from 'node:path';
import {
  type CheckpointIdentity,
  CheckpointProblem,
  type CheckpointSource,
  checkpointPieces,
  decodeCheckpoint,
  type ReadCheckpoint,
} from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import { refuseNoPlace, unwritable } from './output-file.ts';
import { systemReason } from './text-file.ts';

/** Seconds between two writes: what is lost at most. */
export const CHECKPOINT_SECONDS = 30;

export class CheckpointFile {
  /** As the user wrote it. */
  readonly name: string;
  readonly #file: string;
  readonly #workingDirectory: string;
  readonly #identity: CheckpointIdentity;
  #tried = performance.now();

  constructor(workingDirectory: string, name: string, identity: CheckpointIdentity) {
    this.name = name;
    this.#workingDirectory = workingDirectory;
    this.#file = path.resolve(workingDirectory, name);
    this.#identity = identity;
  }

  /** The checkpoint to resume from; undefined if the file does not exist yet. */
  async read(): Promise<ReadCheckpoint | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await readWhole(this.#file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        refuseNoPlace({ workingDirectory: this.#workingDirectory }, 'The checkpoint', this.name);
        return undefined;
      }
      throw new Failure(systemReason(error), { code: 'unreadable-file', file: this.name });
    }
    try {
      return decodeCheckpoint(bytes, this.#identity);
    } catch (error) {
      if (!(error instanceof CheckpointProblem)) throw error;
      throw new Failure(error.message, { code: 'unusable-checkpoint', file: this.name });
    }
  }

  /** Was it last written, or tried to, long ago? */
  get isDue(): boolean {
    return performance.now() - this.#tried >= CHECKPOINT_SECONDS * 1000;
  }

  /** Removes what processes have left that were killed while they wrote it. */
  async tidy(): Promise<void> {
    const folder = path.dirname(this.#file);
    const begin = `${path.basename(this.#file)}.`;
    const names = await promises.readdir(folder).catch(() => []);
    for (const name of names) {
      const [, pid] = /^(\d+)\.tmp$/.exec(name.startsWith(begin) ? name.slice(begin.length) : '') ?? [];
      if (pid !== undefined && !isAlive(Number(pid))) await promises.rm(path.join(folder, name), { force: true });
    }
  }

  async write(source: CheckpointSource): Promise<void> {
    const beside = `${this.#file}.${process.pid}.tmp`;
    try {
      const handle = await promises.open(beside, 'w');
      try {
        await handle.writeFile(checkpointPieces(this.#identity, source.checkpointData()));
        // Without it, a machine that loses its power may have the new name and the old content, or none.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await promises.rename(beside, this.#file);
    } catch (error) {
      await promises.rm(beside, { force: true }).catch(() => {});
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      throw unwritable('The checkpoint', this.name, error);
    } finally {
      this.#tried = performance.now();
    }
  }
}

/** Bytes that are read at a time: files of more than 2 gigabytes cannot be read in one piece. */
const PIECE = 1 << 28;

async function readWhole(file: string): Promise<Uint8Array> {
  const handle = await promises.open(file, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(PIECE, size - at), at);
      // What is missing at the end is found by the digest.
      if (bytesRead === 0) return bytes.subarray(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
