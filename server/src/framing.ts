import {
  AbstractMessageReader,
  type DataCallback,
  Disposable,
  ErrorCodes,
  type Message,
  type MessageReader,
} from 'vscode-languageserver/node';
import { idOfRequest, problemOfMessage } from './messages.ts';

/** Bytes of one message. The largest that is meant seriously opens a file of a few megabytes. */
const MOST_MESSAGE_BYTES = 256 * 1024 * 1024;
/** Bytes of a header block; a longer one is not a header. */
const MOST_HEADER_BYTES = 8 * 1024;

/**
 * Reads messages from a byte stream and stays in step whatever it holds. A client's wrapper that prints a line into
 * the pipe, a length that is none, or a body that is not JSON costs the message at fault, never the ones after it:
 * after a broken header the reader looks for the next `Content-Length:`.
 */
export class StreamReader extends AbstractMessageReader implements MessageReader {
  readonly #stream: NodeJS.ReadableStream;
  #callback: DataCallback = () => {};
  #pending: Buffer = Buffer.alloc(0);
  /** Chunks of a body that is not complete yet, so that a large one is joined once. */
  #chunks: Buffer[] = [];
  #wanted = 0;
  /** Within a stretch of nonsense, of which the client has been told. */
  #skipping = false;

  readonly #refuse: Refuse;

  constructor(stream: NodeJS.ReadableStream, refuse: Refuse) {
    super();
    this.#stream = stream;
    this.#refuse = refuse;
  }

  listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    const onData = (chunk: Buffer | string) => this.#take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    const onError = (error: Error) => this.fireError(error);
    let closed = false;
    const onClose = () => {
      if (!closed) this.fireClose();
      closed = true;
    };
    this.#stream.on('data', onData).on('error', onError).on('end', onClose).on('close', onClose);
    return Disposable.create(() => {
      this.#stream.off('data', onData).off('error', onError).off('end', onClose).off('close', onClose);
    });
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    const have = this.#chunks.reduce((sum, { length }) => sum + length, this.#pending.length);
    if (have < this.#wanted) return;
    this.#pending = Buffer.concat([this.#pending, ...this.#chunks]);
    this.#chunks = [];
    while (this.#message()) {
      // Each round takes a message or a stretch of nonsense from the front.
    }
  }

  /** Takes what is at the front; false when it is not complete yet. */
  #message(): boolean {
    const buffer = this.#pending;
    this.#wanted = 0;
    const end = buffer.indexOf('\r\n\r\n');
    if (end === -1 && buffer.length <= MOST_HEADER_BYTES) return false;
    const header = end === -1 || end > MOST_HEADER_BYTES ? undefined : buffer.toString('latin1', 0, end);
    const length = header === undefined ? undefined : contentLength(header);
    if (length === undefined) {
      this.#skip();
      return this.#pending.length > 0;
    }
    this.#skipping = false;
    const start = end + 4;
    if (buffer.length < start + length) {
      this.#wanted = start + length;
      return false;
    }
    this.#pending = buffer.subarray(start + length);
    this.#deliver(buffer.toString('utf8', start, start + length));
    return this.#pending.length > 0;
  }

  #deliver(body: string): void {
    let message: unknown;
    try {
      message = JSON.parse(body);
    } catch (error) {
      this.#refuse(ErrorCodes.ParseError, `The message is not JSON: ${(error as Error).message}`, null);
      return;
    }
    const problem = problemOfMessage(message);
    if (problem === undefined) this.#callback(message as Message);
    else this.#refuse(ErrorCodes.InvalidRequest, problem, idOfRequest(message));
  }

  /** Drops everything before the next header, or all but what may be the beginning of one. A stretch is reported once. */
  #skip(): void {
    const text = this.#pending.toString('latin1').toLowerCase();
    const next = text.indexOf(HEADER, 1);
    const dropped = next === -1 ? text.length - begunHeader(text) : next;
    const sample = JSON.stringify(this.#pending.toString('utf8', 0, Math.min(dropped, SAMPLE_BYTES)));
    this.#pending = this.#pending.subarray(dropped);
    if (this.#skipping) return;
    this.#skipping = true;
    this.#refuse(
      ErrorCodes.ParseError,
      `Skipping what is outside any message, from ${sample} to the next header \`Content-Length: N\`.`,
      null,
    );
  }
}

/** Tells the client what could not be read, with an error code of JSON-RPC and the id of the request, if it has one. */
export type Refuse = (code: number, problem: string, id: string | number | null) => void;

/** Of a stretch of nonsense, what its error shows. */
const SAMPLE_BYTES = 40;

const HEADER = 'content-length:';

/** How many characters at the end of a text, but not all of it, a header may begin with. */
function begunHeader(text: string): number {
  for (let length = Math.min(HEADER.length, text.length) - 1; length > 0; length--)
    if (text.endsWith(HEADER.slice(0, length))) return length;
  return 0;
}

/** The length that a header block declares; undefined when the block is none. */
function contentLength(header: string): number | undefined {
  let length: number | undefined;
  for (const line of header.split('\r\n')) {
    const [, name, value] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    if (name.toLowerCase() !== 'content-length') continue;
    if (!/^\d{1,10}$/.test(value)) return undefined;
    length = Number(value);
  }
  return length === undefined || length > MOST_MESSAGE_BYTES ? undefined : length;
}
