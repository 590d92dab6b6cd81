/** Recordings on disk: plain or compressed with gzip, refused with clear words when they are something else. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type EptRecording, looksLikeEptRecording, parseEptRecording, parseRecording } from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { decodedText, readInput, systemReason } from './text-file.ts';

/** What a compressed file may unpack to; the largest recording there is has a tenth of it. */
const LARGEST_UNPACKED_BYTES = 512 * 1024 * 1024;

export type RecordingFile = ReturnType<typeof parseRecording>;

/** Reads a recording as it is named on the command line. What it cannot be is a Failure. */
export async function readRecording(
  io: Pick<Io, 'workingDirectory' | 'standardInput'>,
  name: string,
): Promise<RecordingFile> {
  const text = await recordingText(io, name);
  return withName(name, () => parseRecording(text));
}

/** The same of a file that may also be a recording of leaves. */
export async function readAnyRecording(
  io: Pick<Io, 'workingDirectory' | 'standardInput'>,
  name: string,
): Promise<RecordingFile | EptRecording> {
  const text = await recordingText(io, name);
  return withName(name, () => (looksLikeEptRecording(text) ? parseEptRecording(text) : parseRecording(text)));
}

/** What is wrong with a recording is a Failure with its name. */
export function withName<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure(error.message, { code: 'broken-recording', file: name });
  }
}

/** The text of a recording or of a histogram of races. */
export async function recordingText(io: Pick<Io, 'workingDirectory' | 'standardInput'>, name: string): Promise<string> {
  const bytes = plainFile(path.resolve(io.workingDirectory, name), name);
  // A pipe is read as text is everywhere.
  if (!bytes) return readInput(io, name);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (packed) return decodedText(await unpacked(bytes, name), name);
  if (!name.endsWith('.gz')) return decodedText(bytes, name);
  throw new Failure('It is named .gz, but it is not compressed with gzip.', { code: 'unreadable-file', file: name });
}

function plainFile(file: string, name: string): Uint8Array | undefined {
  if (name === '-') return undefined;
  try {
    const found = statSync(file);
    // Of a folder, the system says what is wrong when it is read.
    return found.isFile() || found.isDirectory() ? readFileSync(file) : undefined;
  } catch (error) {
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
}

async function unpacked(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  // Loaded when it is needed, as it makes the start of a program longer.
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_UNPACKED_BYTES });
  } catch (error) {
    throw new Failure(gzipReason(error as NodeJS.ErrnoException), { code: 'unreadable-file', file: name });
  }
}

function gzipReason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'Z_BUF_ERROR') return 'It is compressed with gzip and ends too early: a part of it is missing.';
  if (code === 'ERR_BUFFER_TOO_LARGE') return `It unpacks to more than ${LARGEST_UNPACKED_BYTES} bytes.`;
  return `It begins as a file that is compressed with gzip, but cannot be unpacked: ${message}.`;
}
