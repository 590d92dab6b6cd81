// Importing logs, away from the editor's thread: they may be large, and the kernel whose answers agree is searched for.
import {
  binaryRefused,
  encodingOf,
  fileRemarks,
  imported,
  importRemarks,
  type LoggedProcess,
  NOTHING_TO_IMPORT,
  Rebuilder,
  RunFiles,
} from '@snoopscope/sim-core';

export interface ImportJob {
  readonly kind: 'import';
  /** The files of one run. */
  readonly files: readonly FileToRead[];
  /** The process to import, when the log has several that use KVM or VFIO. */
  readonly pid?: number;
}

/** A file by its path, where the worker can read it, else what is in it. */
export interface FileToRead {
  /** As messages name it. */
  readonly name: string;
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export type ImportReply =
  /** How far it is, in words. */
  | { readonly kind: 'progress'; readonly said: string }
  | { readonly kind: 'cancelled' }
  /** Several processes use KVM or VFIO: one has to be chosen, and named by its number. */
  | { readonly kind: 'processes'; readonly processes: readonly ProcessOffer[] }
  /** What is wrong with the files. */
  | { readonly kind: 'refused'; readonly message: string }
  | ImportedReply;

export type ProcessOffer = Pick<LoggedProcess, 'pid' | 'calls' | 'line' | 'vms'>;

export interface ImportedReply {
  readonly kind: 'imported';
  readonly scenario: string;
  /** The release that the results are compared with. */
  readonly kernel: string;
  readonly statements: number;
  /** Results that this kernel would not give. */
  readonly differences: number;
  /** All there is to say about it, a line each. */
  readonly remarks: readonly string[];
}

export interface ImportSurroundings {
  readonly send: (reply: ImportReply) => void;
  readonly pause: () => Promise<void>;
  readonly stop: AbortSignal;
  /** Reads a file by its path. */
  readonly bytesOf: (path: string) => AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** Text by which a file is recognised. */
const FIRST_CHARACTERS = 256 * 1024;
/** Bytes that are read at once. */
const CHUNK_BYTES = 1 << 20;
const PAUSE_MS = 50;

const NOTHING_ASSUMED = { snoopControl: undefined, vendor: undefined, selfSnoop: undefined };

/** Thrown for a file that cannot be imported. */
class Refused extends Error {}

export async function importInWorker(request: ImportJob, around: ImportSurroundings): Promise<void> {
  const { send, stop } = around;
  try {
    const rebuilder = new Rebuilder({
      encoder: new TextEncoder(),
      ...(request.pid !== undefined && { pid: request.pid }),
    });
    const files = new RunFiles(rebuilder);
    let refusal: string | undefined;
    for (const file of request.files) {
      const refused = await readFile(file, files, around);
      refusal ??= refused;
    }
    if (refusal !== undefined && files.files.length === 0) throw new Refused(refusal);
    files.finish();
    if (stop.aborted) return send({ kind: 'cancelled' });
    const open = rebuilder.leftOpen();
    if (open !== undefined && request.pid === undefined) {
      const processes = rebuilder.processes().map(({ pid, calls, line, vms }) => ({ pid, calls, line, vms }));
      return send({ kind: 'processes', processes });
    }
    if (open !== undefined) throw new Refused(open);
    const rebuilt = rebuilder.finish();
    if (rebuilt.steps.length === 0) throw new Refused(NOTHING_TO_IMPORT);
    const result = imported(rebuilt, NOTHING_ASSUMED);
    send({
      kind: 'imported',
      scenario: result.text,
      kernel: result.outcome.profile.name,
      statements: rebuilt.steps.length,
      differences: result.outcome.differences.length,
      remarks: [...fileRemarks(files), ...importRemarks(rebuilt, result)],
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    send({ kind: 'refused', message: error.message });
  }
}

/** Returns why a file is left out. */
async function readFile(file: FileToRead, files: RunFiles, around: ImportSurroundings): Promise<string | undefined> {
  const { send, pause, stop } = around;
  const { name, contents } = file;
  let broken: string | undefined;
  const bytes = typeof contents === 'string' ? around.bytesOf(contents) : piecesOf(contents);
  const pieces = textOf(
    unpacked(bytes, (reason) => (broken = reason)),
    name,
  );
  let first = '';
  for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
    first += piece.value;
    if (first.length >= FIRST_CHARACTERS) break;
  }
  const opened = files.begin(name, first);
  if ('refused' in opened) {
    const why = `${name}: ${opened.refused}`;
    if (files.leaveOut(name, opened)) return why;
    throw new Refused(why);
  }
  opened.push(first);
  let [characters, paused] = [first.length, performance.now()];
  for await (const piece of pieces) {
    opened.push(piece);
    characters += piece.length;
    if (performance.now() - paused < PAUSE_MS) continue;
    send({ kind: 'progress', said: `${name}: ${Math.round(characters / 1e6)} MB` });
    await pause();
    paused = performance.now();
    if (stop.aborted) break;
  }
  opened.end(broken);
  return undefined;
}

async function* piecesOf(all: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < all.length; at += CHUNK_BYTES) yield all.subarray(at, at + CHUNK_BYTES);
}

async function* textOf(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string, void> {
  let decoder: TextDecoder | undefined;
  try {
    for await (const chunk of bytes) {
      if (decoder === undefined) {
        const refused = binaryRefused(chunk);
        if (refused !== undefined) throw new Refused(`${name}: ${refused}`);
        decoder = new TextDecoder(encodingOf(chunk));
      }
      yield decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The bytes, unpacked if they begin as gzip does. What a damaged file still gives is given. */
async function* unpacked(
  bytes: AsyncIterable<Uint8Array<ArrayBuffer>>,
  onBroken: (reason: string) => void,
): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let next = await source.next();
  const isPacked = !next.done && next.value[0] === 0x1f && next.value[1] === 0x8b;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (next.done) return controller.close();
      controller.enqueue(next.value);
      next = await source.next();
    },
  });
  const reader = (isPacked ? packed.pipeThrough(new DecompressionStream('gzip')) : packed).getReader();
  for (;;) {
    const piece = await reader.read().catch((error) => {
      if (!isPacked || !(error instanceof TypeError)) throw error;
      onBroken('it is compressed with gzip, and damaged or cut off');
      return { done: true, value: undefined } as const;
    });
    if (piece.done) return;
    yield piece.value;
  }
}
