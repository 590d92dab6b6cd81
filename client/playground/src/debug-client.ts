/** A client of the debug adapter: requests with answers, events, and one session after the other. */

interface Response {
  readonly type: 'response';
  readonly request_seq: number;
  readonly success: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

interface Event {
  readonly type: 'event';
  readonly event: string;
  readonly body?: unknown;
}

export class DebugClient {
  readonly #port: MessagePort;
  readonly #onEvent: (event: string, body: unknown) => void;
  readonly #waiting = new Map<number, { resolve: (body: unknown) => void; reject: (error: Error) => void }>();
  #seq = 0;

  constructor(port: MessagePort, onEvent: (event: string, body: unknown) => void) {
    this.#port = port;
    this.#onEvent = onEvent;
    port.onmessage = ({ data }: MessageEvent<Response | Event>) => this.#received(data);
  }

  /** Rejects with the adapter's own words. */
  request<Body>(command: string, args: object = {}): Promise<Body> {
    const seq = ++this.#seq;
    return new Promise((resolve, reject) => {
      this.#waiting.set(seq, { resolve: resolve as (body: unknown) => void, reject });
      this.#port.postMessage({ seq, type: 'request', command, arguments: args });
    });
  }

  #received(message: Response | Event): void {
    if (message.type === 'event') {
      this.#onEvent(message.event, message.body);
      return;
    }
    const waiting = this.#waiting.get(message.request_seq);
    this.#waiting.delete(message.request_seq);
    if (message.success) waiting?.resolve(message.body);
    else waiting?.reject(new Error(message.message ?? 'the debugger refuses'));
  }
}
