/** Numbers and texts as bytes and back, and a digest over them: what our own files are made of. */

/** Numbers in bulk. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array;

/** What makes an array of one type. */
export interface NumberArrayType<T extends NumberArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** Escapes what is not ASCII, so that a character is a byte. */
export function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function byteText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export function littleEndian(array: NumberArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return IS_LITTLE_ENDIAN ? bytes : swapped(bytes, array.BYTES_PER_ELEMENT);
}

/** A view of the bytes where that is possible: they may be many. */
export function fromLittleEndian<T extends NumberArray>(
  bytes: Uint8Array,
  Type: NumberArrayType<T>,
  length: number,
): T {
  const own = IS_LITTLE_ENDIAN ? bytes : swapped(bytes, Type.BYTES_PER_ELEMENT);
  const { buffer, byteOffset } = own.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? own : own.slice();
  return new Type(buffer as ArrayBuffer, byteOffset, length);
}

function swapped(bytes: Uint8Array, step: number): Uint8Array {
  const other = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) other[at - (at % step) + (step - 1 - (at % step))] = bytes[at]!;
  return other;
}

export const DIGEST_BYTES = 8;

/** 64 bits that tell texts and files apart that differ by accident. No protection against those who want to deceive. */
export class Digest {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;

  add(bytes: Uint8Array): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      a = Math.imul(a ^ byte, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul(b ^ byte, 0xc2b2ae35);
      b ^= b >>> 13;
    }
    this.#a = a;
    this.#b = b;
  }

  bytes(): Uint8Array {
    const a = Math.imul(this.#a ^ (this.#b >>> 16), 0x21f0aaad);
    return littleEndian(Uint32Array.of(a, Math.imul(this.#b ^ (a >>> 15), 0x735a2d97)));
  }
}

export function digestOfBytes(bytes: Uint8Array): Uint8Array {
  const digest = new Digest();
  digest.add(bytes);
  return digest.bytes();
}

/** A digest of a text, 16 hexadecimal digits. */
export function digestOf(text: string): string {
  const units = Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return [...digestOfBytes(littleEndian(units))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
