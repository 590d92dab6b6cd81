/**
 * Long explorations that survive the end of their process: a snapshot as bytes, and back.
 *
 * A checkpoint holds, in this order: the line {@link MAGIC}; a line of JSON that names what the snapshot belongs to and
 * how long each array is; the arrays, little-endian; 8 bytes of digest over everything before. A file that was cut off
 * or changed is refused, and so is one of another scenario, kernel, engine or of other options: going on from it would
 * give a result of neither.
 */
import type { Model } from '../engine/model.ts';

const MAGIC = 'snoopscope checkpoint 1\n';

/** What a snapshot belongs to. Only the same may go on from it. */
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
export type SnapshotArray = Uint8Array | Uint16Array | Uint32Array | Int32Array;

/** Everything that an exploration needs to go on. */
export interface Snapshot {
  /** Whose snapshot it is: `random`, `search`. */
  readonly kind: string;
  /** Anything that JSON can hold. */
  readonly data: unknown;
  readonly arrays: Readonly<Record<string, SnapshotArray>>;
}

/** What can be put into a checkpoint between two of its slices. */
export interface CheckpointSource {
  snapshot(): Snapshot;
}

/** A checkpoint that cannot be gone on from; the message says why and what to do. */
export class CheckpointProblem extends Error {
  override readonly name = 'CheckpointProblem';
}

/** What a model and the options for it are called in a checkpoint. `engine` is the version of the product. */
export function identityOf(model: Model, options: unknown, engine: string): CheckpointIdentity {
  const { profile } = model.world.kernel;
  const texts = model.sources.map(({ path, parsed }) => [path, ...parsed.lines.map((line) => line.text)].join('\n'));
  return {
    scenario: digestOf(texts.join('\0')),
    kernel: `${profile.name} ${digestOf([...profile.changes].sort().join(' '))}`,
    options: JSON.stringify(options),
    engine,
  };
}

export function encodeCheckpoint(identity: CheckpointIdentity, { kind, data, arrays }: Snapshot): Uint8Array {
  const entries = Object.entries(arrays);
  const shapes = entries.map(([name, array]) => ({ name, type: typeOf(array), length: array.length }));
  const head = bytesOf(`${MAGIC}${ascii(JSON.stringify({ identity, kind, data, arrays: shapes }))}\n`);
  const size = entries.reduce((sum, [, array]) => sum + array.byteLength, head.length);
  const bytes = new Uint8Array(size + DIGEST_BYTES);
  bytes.set(head);
  let at = head.length;
  for (const [, array] of entries) {
    write(bytes, at, array);
    at += array.byteLength;
  }
  bytes.set(digest(bytes.subarray(0, size)), size);
  return bytes;
}

/** Throws a {@link CheckpointProblem} unless the bytes are whole and belong to `identity`. */
export function decodeCheckpoint(bytes: Uint8Array, identity: CheckpointIdentity): Snapshot {
  const start = bytesOf(MAGIC);
  if (!start.every((byte, i) => bytes[i] === byte)) {
    throw new CheckpointProblem(
      'This file is no checkpoint of this version; name another one, and it is written anew.',
    );
  }
  const size = bytes.length - DIGEST_BYTES;
  const end = bytes.indexOf(10, start.length);
  if (end < 0 || end >= size || digest(bytes.subarray(0, size)).some((byte, i) => bytes[size + i] !== byte)) {
    throw new CheckpointProblem('The checkpoint is incomplete or was changed; remove it to begin from the start.');
  }
  const head = JSON.parse(textOf(bytes.subarray(start.length, end))) as Head;
  demandSame(head.identity, identity);
  const arrays: Record<string, SnapshotArray> = {};
  let at = end + 1;
  for (const { name, type, length } of head.arrays) {
    const array = new TYPES[type](length);
    read(bytes, at, array);
    arrays[name] = array;
    at += array.byteLength;
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

function typeOf(array: SnapshotArray): keyof typeof TYPES {
  if (array instanceof Uint8Array) return 'u8';
  if (array instanceof Uint16Array) return 'u16';
  return array instanceof Uint32Array ? 'u32' : 'i32';
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
    throw new CheckpointProblem(
      `${WORDS[key]}: it has ${there[key]}, this exploration ${here[key]}. Remove it to begin from the start, or name another file.`,
    );
  }
}

/** Escapes what is no ASCII, so that a character is a byte. */
function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

function write(bytes: Uint8Array, at: number, array: SnapshotArray): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const step = array.BYTES_PER_ELEMENT;
  for (let i = 0; i < array.length; i++) {
    const value = array[i] as number;
    if (step === 1) view.setUint8(at + i, value);
    else if (step === 2) view.setUint16(at + 2 * i, value, true);
    else view.setUint32(at + 4 * i, value, true);
  }
}

function read(bytes: Uint8Array, at: number, array: SnapshotArray): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const step = array.BYTES_PER_ELEMENT;
  for (let i = 0; i < array.length; i++) {
    if (step === 1) array[i] = view.getUint8(at + i);
    else if (step === 2) array[i] = view.getUint16(at + 2 * i, true);
    else array[i] = view.getUint32(at + 4 * i, true);
  }
}

const DIGEST_BYTES = 8;

/** 64 bits that tell texts and files apart that differ by accident. No protection against those who want to deceive. */
function digest(bytes: Uint8Array): Uint8Array {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    a = Math.imul(a ^ byte, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ byte, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 16), 0x21f0aaad);
  b = Math.imul(b ^ (a >>> 15), 0x735a2d97);
  const result = new Uint8Array(DIGEST_BYTES);
  write(result, 0, Uint32Array.of(a, b));
  return result;
}

/** A digest of a text, 16 hexadecimal digits. */
export function digestOf(text: string): string {
  const bytes = new Uint8Array(text.length * 2);
  write(
    bytes,
    0,
    Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  );
  return [...digest(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
