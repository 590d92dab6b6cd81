/** Text from files, pipes and stdin. What cannot be text is refused before it is read to its end. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';

/** More is not read; what the parser itself accepts is far less (`scenarioCharacters`). */
const LARGEST_BYTES = 64 * 1024 * 1024;
/** A NUL this near to the beginning makes it a binary file, as grep and git decide. */
const BINARY_PROBE_BYTES = 8000;

/** The text of a file as it is named on the command line, `-` being stdin. `isFolder` says what to do with a folder. */
export async function readInput(
  io: Pick<Io, 'workingDirectory' | 'standardInput'>,
  name: string,
  isFolder: (name: string) => string = () => 'This is a folder; name a file in it.',
): Promise<string> {
  if (name === '-') return decodedText(await gathered(io.standardInput, '<stdin>'), '<stdin>');
  const file = path.resolve(io.workingDirectory, name);
  try {
    const found = statSync(file);
    if (found.isDirectory()) throw new Failure(isFolder(name), { code: 'is-a-folder', file: name });
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
    const beginning = chunk.subarray(0, Math.max(0, BINARY_PROBE_BYTES - bytes));
    if (beginning.includes(0)) throw binaryFile(name, Buffer.concat([...chunks, beginning]));
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
  const beginning = bytes.subarray(0, BINARY_PROBE_BYTES);
  if (beginning.includes(0)) throw binaryFile(name, beginning);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure('This is not UTF-8 text.', { code: 'not-utf-8', file: name });
  }
}

function binaryFile(name: string, beginning: Uint8Array): Failure {
  const encoding = wideEncoding(beginning);
  if (encoding !== undefined) {
    const message = `This is ${encoding} text, and only UTF-8 is read; \`iconv -f ${encoding} -t UTF-8\` converts it.`;
    return new Failure(message, { code: 'not-utf-8', file: name });
  }
  return new Failure('This is a binary file, not text.', { code: 'binary-file', file: name });
}

/** Text of Windows editors: a byte order mark, or characters of ASCII with a NUL beside each. */
function wideEncoding(beginning: Uint8Array): string | undefined {
  const [first = 0, second = 0] = beginning;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'UTF-16';
  const pairs = Math.min(beginning.length >> 1, 64);
  const areAll = (odd: 0 | 1, is: (byte: number) => boolean): boolean =>
    pairs > 0 && Array.from({ length: pairs }, (_, i) => beginning[2 * i + odd] ?? 0).every(is);
  if (areAll(0, isText) && areAll(1, isZero)) return 'UTF-16LE';
  return areAll(0, isZero) && areAll(1, isText) ? 'UTF-16BE' : undefined;
}

const isZero = (byte: number): boolean => byte === 0;
const isText = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d);

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
