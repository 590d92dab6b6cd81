/** The headers of messages as the library of the adapter wants them: HTTP's, and so the protocol's, know no case. */
import { Transform, type TransformCallback } from 'node:stream';

const END = '\r\n\r\n';
/** Bytes of a header; what is longer is none, and the session says that it cannot be read. */
const MOST_BYTES = 8 * 1024;

/** Passes messages on with `Content-Length: N` for a header, however the client writes it and what else it adds. */
export class CanonicalHeaders extends Transform {
  #header: Buffer = Buffer.alloc(0);
  /** Bytes of the body that are still to come. */
  #body = 0;

  override _transform(chunk: Buffer | string, _: BufferEncoding, done: TransformCallback): void {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    while (rest.length > 0) {
      if (this.#body > 0) {
        const part = rest.subarray(0, this.#body);
        this.#body -= part.length;
        this.push(part);
        rest = rest.subarray(part.length);
        continue;
      }
      this.#header = Buffer.concat([this.#header, rest]);
      const end = this.#header.indexOf(END);
      if (end === -1 && this.#header.length <= MOST_BYTES) break;
      rest = this.#pass(end === -1 ? this.#header.length : end + END.length);
    }
    done();
  }

  /** Passes so many bytes on as a header; returns what comes after them. */
  #pass(length: number): Buffer {
    const header = this.#header.subarray(0, length);
    const rest = this.#header.subarray(length);
    this.#header = Buffer.alloc(0);
    const found = /^content-length:[ \t]*(\d+)[ \t]*\r?$/im.exec(header.toString('latin1'));
    this.#body = Number(found?.[1] ?? 0);
    this.push(found ? `Content-Length: ${this.#body}${END}` : header);
    return rest;
  }
}
