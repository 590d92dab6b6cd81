/** Text from files, pipes and stdin. What cannot be text is refused before it is read to its end. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';

/** More is not read; what the parser itself accepts is far less (`scenarioCharacters`). */
const LARGEST_BYTES = 64 * 1024 * 1024;
/** A NUL this near to the beginning makes it a binary file, as grep and git decide. */
const BINARY_PROBE_BYTES = 8000;

/** The text of a file as it is named on the command line, `-` being stdin. */
export async function readInput(io: Pick<Io, 'workingDirectory' | 'standardInput'>, name: string): Promise<string> {
  if (name === '-') return decodedText(await gathered(io.standardInput, '<stdin>'), '<stdin>');
  const file = path.resolve(io.workingDirectory, name);
  try {
    const found = statSync(file);
    if (found.isDirectory()) {
      throw new Failure(`This is a folder; \`snoopscope test ${name}\` checks every scenario in it.`, {
        code: 'is-a-folder',
        file: name,
      });
    }
    // A named pipe or a device has no size to look at; a stream of a plain file would only take longer.
    const plain = found.isFile() && found.size <= LARGEST_BYTES;
    return decodedText(await gathered(plain ? [readFileSync(file)] : createReadStream(file), name), name);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
}

async function gathered(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes < BINARY_PROBE_BYTES && chunk.subarray(0, BINARY_PROBE_BYTES - bytes).includes(0)) {
      throw binaryFile(name);
    }
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LARGEST_BYTES) {
      throw new Failure(`It is larger than ${LARGEST_BYTES} bytes; nothing above that is read.`, {
        code: 'file-too-large',
        file: name,
      });
    }
  }
  return Buffer.concat(chunks);
}

/** The text that some bytes are. */
export function decodedText(bytes: Uint8Array, name: string): string {
  if (bytes.subarray(0, BINARY_PROBE_BYTES).includes(0)) throw binaryFile(name);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure('This is not UTF-8 text.', { code: 'not-utf-8', file: name });
  }
}

function binaryFile(name: string): Failure {
  return new Failure('This is a binary file, not text.', { code: 'binary-file', file: name });
}

const REASONS: Readonly<Record<string, Readonly<Record<'reading' | 'writing', string>>>> = {
  ENOENT: { reading: 'No such file.', writing: 'No such folder.' },
  ENOTDIR: both('A part of the path is not a folder.'),
  EACCES: { reading: 'Reading it is not permitted.', writing: 'Writing there is not permitted.' },
  EPERM: { reading: 'Reading it is not permitted.', writing: 'Writing there is not permitted.' },
  EROFS: both('The file system is read-only.'),
  ENOSPC: both('No space left on the device.'),
  EDQUOT: both('The disk quota is used up.'),
  EFBIG: both('The file would be too large.'),
  EISDIR: both('This is a folder.'),
  ELOOP: both('The links of the path lead in a circle.'),
  ENAMETOOLONG: both('The path is too long.'),
};

/** What the operating system said, in words. */
export function systemReason(error: unknown, doing: 'reading' | 'writing' = 'reading'): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? '']?.[doing] ?? `It cannot be used: ${message}.`;
}

function both(reason: string): Readonly<Record<'reading' | 'writing', string>> {
  return { reading: reason, writing: reason };
}
