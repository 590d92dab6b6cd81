/** Logs on disk or on stdin: streamed, unpacked if they are compressed with gzip, refused if they are not text. */
import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { binaryRefused, encodingOf } from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { systemReason } from './text-file.ts';

/** Text that is looked at before it is decided what a file is. */
const FIRST_CHARACTERS = 256 * 1024;

export interface LogText {
  /** As messages show it. */
  readonly name: string;
  /** The beginning of the text. */
  readonly first: string;
  /** All of it, the beginning included. */
  readonly chunks: AsyncGenerator<string>;
  /** Why it ended too early, once the chunks are over. */
  readonly broken: () => string | undefined;
}

/** Opens a log as it is named on the command line, `-` being stdin. */
export async function openLog(io: Pick<Io, 'workingDirectory' | 'standardInput'>, name: string): Promise<LogText> {
  const shown = name === '-' ? '<stdin>' : name;
  const bytes = name === '-' ? io.standardInput : blocksOf(path.resolve(io.workingDirectory, name));
  let broken: string | undefined;
  const pieces = textOf(bytes, shown, (reason) => (broken = reason));
  let first = '';
  let ended = false;
  while (first.length < FIRST_CHARACTERS && !ended) {
    const { done, value } = await pieces.next();
    if (done) ended = true;
    else first += value;
  }
  async function* chunks(): AsyncGenerator<string> {
    yield first;
    if (!ended) yield* pieces;
  }
  return { name: shown, first, chunks: chunks(), broken: () => broken };
}

/** All blocks are in the same memory, each until the next one is asked for: new memory for each would keep V8 collecting. */
async function* blocksOf(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file);
  try {
    const block = new Uint8Array(BLOCK_BYTES);
    // What is on disk is there at once. A pipe may be waited for, and Ctrl-C has to work meanwhile.
    const atOnce = (await handle.stat()).isFile();
    for (;;) {
      const length = atOnce
        ? readSync(handle.fd, block, 0, BLOCK_BYTES, null)
        : (await handle.read(block, 0, BLOCK_BYTES)).bytesRead;
      if (length === 0) return;
      yield block.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

const BLOCK_BYTES = 1 << 16;

async function* textOf(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  onBroken: (reason: string) => void,
): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const chunk of unpacked(bytes, onBroken)) {
      if (decoder === undefined) {
        const refused = binaryRefused(chunk);
        if (refused !== undefined) throw new Failure(refused, { code: 'binary-file', file: name });
        decoder = new TextDecoder(encodingOf(chunk));
      }
      yield decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
}

/** The bytes, unpacked if they begin as gzip does. What a damaged file still gives is given. */
async function* unpacked(
  bytes: AsyncIterable<Uint8Array>,
  onBroken: (reason: string) => void,
): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  const { done, value: first } = await source.next();
  if (done) return;
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
  };
  if (first[0] !== 0x1f || first[1] !== 0x8b) {
    yield* rest();
    return;
  }
  const [{ createGunzip }, { Readable }] = await Promise.all([import('node:zlib'), import('node:stream')]);
  const gunzip = createGunzip();
  // A block is gone when the next one is read, and a stream reads ahead.
  const copied = async function* (): AsyncGenerator<Uint8Array> {
    for await (const block of rest()) yield new Uint8Array(block);
  };
  const input = Readable.from(copied());
  input.on('error', (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!String(code).startsWith('Z_')) throw error;
    onBroken(
      code === 'Z_BUF_ERROR'
        ? 'it is compressed with gzip and ends too early'
        : `its compressed data is damaged (${message})`,
    );
  }
}
