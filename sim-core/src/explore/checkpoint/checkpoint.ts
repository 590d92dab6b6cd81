/**
 * Long explorations that survive the end of their process: a checkpoint as bytes, and back.
 *
 * A checkpoint holds, in this order: the line {@link MAGIC}; a line of JSON that names what the checkpoint belongs to and
 * how long each array is, filled up with spaces to a multiple of 8 bytes; the arrays, little-endian, each filled up
 * likewise; 8 bytes of digest over everything before. A file that was cut off or changed is refused, and so is one of
 * another scenario, kernel, engine or of other options: resuming from it would give a result of neither.
 */
import type { Model } from '../../engine/model.ts';
import {
  ascii,
  bytesOf,
  byteText,
  DIGEST_BYTES,
  Digest,
  digestOf,
  digestOfBytes,
  fromLittleEndian,
  littleEndian,
  type NumberArray,
  type NumberArrayType,
} from '../../state/bytes.ts';

const MAGIC = 'snoopscope checkpoint 2\n';

/** What a checkpoint belongs to. Only the same may resume from it. */
export interface CheckpointIdentity {
  /** Digest of the scenario and of what it includes. */
  readonly scenario: string;
  /** The kernel's name and its changes. */
  readonly kernel: string;
  /** What was asked, as JSON. Leave out what changes no result, a time limit for instance. */
  readonly options: string;
  /** Version of the engine. */
  readonly engine: string;
}

/** Numbers of a state, in bulk. */
export type CheckpointArray = NumberArray;

/** An array that is too large to be held twice: its pieces are made while they are written. */
export interface InPieces {
  readonly type: keyof typeof TYPES;
  /** Numbers in all pieces together. */
  readonly length: number;
  readonly pieces: () => Iterable<CheckpointArray>;
}

/** Everything that an exploration needs to continue, ready to be written. */
export interface CheckpointData {
  /** Whose checkpoint it is: `random`, `search`, or the result of an exploration that is over: `finished`. */
  readonly kind: string;
  /** Anything that JSON can hold. */
  readonly data: unknown;
  readonly arrays: Readonly<Record<string, CheckpointArray | InPieces>>;
}

/** A checkpoint as it was read. */
export interface ReadCheckpoint extends CheckpointData {
  readonly arrays: Readonly<Record<string, CheckpointArray>>;
}

/** What can be put into a checkpoint between two of its slices. */
export interface CheckpointSource {
  checkpointData(): CheckpointData;
}

/** A checkpoint that cannot be resumed from; the message says why and what to do. */
export class CheckpointProblem extends Error {
  override readonly name = 'CheckpointProblem';
}

/** What a model and the options for it are called in a checkpoint. `engine` is the version of the product. */
export function identityOf(model: Model, options: unknown, engine: string): CheckpointIdentity {
  const { profile } = model.world.kernel;
  // From where it was called does not matter, nor where its files are.
  const texts = model.sources.map(({ parsed }) => parsed.lines.map((line) => line.text).join('\n'));
  return {
    scenario: digestOf(texts.join('\0')),
    kernel: `${profile.name} ${digestOf([...profile.changes].sort().join(' '))}`,
    options: JSON.stringify(options),
    engine,
  };
}

/** The whole checkpoint as bytes. */
export function encodeCheckpoint(identity: CheckpointIdentity, saved: CheckpointData): Uint8Array {
  const pieces = [...checkpointPieces(identity, saved)];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The same piece by piece. The exploration must not continue before the last one is taken. */
export function* checkpointPieces(
  identity: CheckpointIdentity,
  { kind, data, arrays }: CheckpointData,
): Generator<Uint8Array> {
  const entries = Object.entries(arrays).map(([name, array]) => ({ name, array: inPieces(array) }));
  const shapes = entries.map(({ name, array: { type, length } }) => ({ name, type, length }));
  const head = `${MAGIC}${ascii(JSON.stringify({ identity, kind, data, arrays: shapes }))}`;
  const digest = new Digest();
  const passed = (bytes: Uint8Array): Uint8Array => {
    digest.add(bytes);
    return bytes;
  };
  yield passed(bytesOf(`${head}${' '.repeat(fill(head.length + 1))}\n`));
  for (const { name, array } of entries) {
    let length = 0;
    for (const piece of array.pieces()) {
      length += piece.length;
      yield passed(littleEndian(piece));
    }
    if (length !== array.length) throw new Error(`the array ${name} has ${length} numbers, not ${array.length}`);
    yield passed(new Uint8Array(fill(length * TYPES[array.type].BYTES_PER_ELEMENT)));
  }
  yield digest.bytes();
}

/** Throws a {@link CheckpointProblem} unless the bytes are whole and belong to `identity`. */
export function decodeCheckpoint(bytes: Uint8Array, identity: CheckpointIdentity): ReadCheckpoint {
  const start = bytesOf(MAGIC);
  if (!start.every((byte, i) => bytes[i] === byte)) {
    throw new CheckpointProblem(
      'This file is not a checkpoint of this version; name another one to start a new checkpoint.',
    );
  }
  const size = bytes.length - DIGEST_BYTES;
  const end = bytes.indexOf(10, start.length);
  if (end < 0 || end >= size || digestOfBytes(bytes.subarray(0, size)).some((byte, i) => bytes[size + i] !== byte)) {
    throw new CheckpointProblem('The checkpoint is incomplete or was changed; remove it to begin from the start.');
  }
  const head = JSON.parse(byteText(bytes.subarray(start.length, end))) as Head;
  demandSame(head.identity, identity);
  const arrays: Record<string, CheckpointArray> = {};
  let at = end + 1;
  for (const { name, type, length } of head.arrays) {
    const size = length * TYPES[type].BYTES_PER_ELEMENT;
    arrays[name] = fromLittleEndian(bytes.subarray(at, at + size), TYPES[type] as NumberArrayType<NumberArray>, length);
    at += size + fill(size);
  }
  return { kind: head.kind, data: head.data, arrays };
}

interface Head {
  readonly identity: CheckpointIdentity;
  readonly kind: string;
  readonly data: unknown;
  readonly arrays: readonly { readonly name: string; readonly type: keyof typeof TYPES; readonly length: number }[];
}

const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array } as const;

function inPieces(array: CheckpointArray | InPieces): InPieces {
  if ('pieces' in array) return array;
  return { type: typeOf(array), length: array.length, pieces: () => [array] };
}

function typeOf(array: CheckpointArray): keyof typeof TYPES {
  if (array instanceof Uint8Array) return 'u8';
  if (array instanceof Uint16Array) return 'u16';
  return array instanceof Uint32Array ? 'u32' : 'i32';
}

/** Bytes that are missing to the next multiple of 8. */
function fill(bytes: number): number {
  return -bytes & 7;
}

const WORDS: Readonly<Record<keyof CheckpointIdentity, string>> = {
  scenario: 'The checkpoint is of another scenario, or of this one before it (or what it includes) was changed',
  kernel: 'The checkpoint is of another kernel',
  options: 'The checkpoint was made with other options',
  engine: 'The checkpoint was written by another version',
};

function demandSame(there: CheckpointIdentity, here: CheckpointIdentity): void {
  for (const key of Object.keys(WORDS) as (keyof CheckpointIdentity)[]) {
    if (there[key] === here[key]) continue;
    const [its, ours] = key === 'options' ? optionsThatDiffer(there[key], here[key]) : [there[key], here[key]];
    throw new CheckpointProblem(
      `${WORDS[key]}: it has ${its}, this exploration ${ours}. Remove it to begin from the start, or name another file.`,
    );
  }
}

/** Of two records of options as JSON, what is not the same in both, each with its name. */
function optionsThatDiffer(there: string, here: string): [string, string] {
  const [its, ours] = [namedOptions(there), namedOptions(here)];
  const names = [...new Set([...its.keys(), ...ours.keys()])].filter((name) => its.get(name) !== ours.get(name));
  const told = (options: ReadonlyMap<string, string>): string =>
    names.map((name) => (options.has(name) ? `${name} ${options.get(name)}` : `no ${name}`)).join(', ');
  return [told(its), told(ours)];
}

/** `{"reduction":{"symmetry":true}}` as `reduction symmetry` → `true`. */
function namedOptions(json: string): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const add = (name: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) named.set(name, String(value));
    else for (const [key, member] of Object.entries(value)) add(name === '' ? key : `${name} ${key}`, member);
  };
  add('', JSON.parse(json));
  return named;
}
