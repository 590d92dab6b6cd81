/**
 * The standard streams as a transport, a message a line. Beyond the SDK's own: a line that is not a message is answered
 * with an error, as JSON-RPC asks, and what was asked before the stream ended is answered before the connection closes.
 */
import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';

export class StandardStreams implements Transport {
  readonly #streams: StdioServerTransport;
  readonly #input: Readable;
  /** Requests without an answer. */
  readonly #open = new Set<RequestId>();
  #ended = false;
  onmessage?: NonNullable<Transport['onmessage']>;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  constructor(input: Readable = process.stdin, output: Writable = process.stdout) {
    this.#input = input;
    this.#streams = new StdioServerTransport(input, output);
    this.#streams.onclose = () => this.onclose?.();
    this.#streams.onmessage = (message) => this.#received(message);
    this.#streams.onerror = (error) => this.#refused(error);
  }

  async start(): Promise<void> {
    await this.#streams.start();
    this.#input.once('end', () => {
      this.#ended = true;
      this.#closeWhenAnswered();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.#streams.send(message);
    if ('method' in message || message.id === undefined) return;
    this.#open.delete(message.id);
    this.#closeWhenAnswered();
  }

  close(): Promise<void> {
    return this.#streams.close();
  }

  #received(message: JSONRPCMessage): void {
    const problem = 'method' in message && message.method === 'tools/call' ? callProblem(message.params) : undefined;
    if ('method' in message && 'id' in message) {
      this.#open.add(message.id);
      if (problem !== undefined) {
        const error = { code: ErrorCode.InvalidParams, message: problem };
        void this.send({ jsonrpc: '2.0', id: message.id, error });
        return;
      }
    }
    // A cancelled request is not answered.
    if ('method' in message && message.method === 'notifications/cancelled') {
      this.#open.delete((message.params as { requestId?: RequestId }).requestId ?? '');
    }
    this.onmessage?.(message);
    this.#closeWhenAnswered();
  }

  /** A line that is not JSON, or JSON that is not a message of JSON-RPC. */
  #refused(error: Error): void {
    const answer =
      error instanceof SyntaxError
        ? { code: ErrorCode.ParseError, message: `Parse error: the line is not JSON. ${error.message}` }
        : error.name.includes('Zod')
          ? { code: ErrorCode.InvalidRequest, message: 'Invalid request: the line is not a message of JSON-RPC 2.0.' }
          : undefined;
    if (!answer) {
      this.onerror?.(error);
      return;
    }
    // The id is null, as nobody knows which request it was; the SDK's types have no such answer.
    void this.#streams.send({ jsonrpc: '2.0', id: null, error: answer } as unknown as JSONRPCMessage);
  }

  #closeWhenAnswered(): void {
    if (this.#ended && this.#open.size === 0) void this.close();
  }
}

/** The SDK would answer such a call with its own list of problems. */
function callProblem(params: unknown): string | undefined {
  const { name, arguments: input } = (params ?? {}) as { name?: unknown; arguments?: unknown };
  if (typeof name !== 'string') return 'The call of a tool needs its `name`, a string.';
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  return input === undefined || isObject ? undefined : '`arguments` must be an object.';
}
