// A debug client that does no more than count: it sends, takes the answers apart, and waits for stops.
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/** The adapter's process: its complaints go to our own. */
type Adapter = ChildProcessByStdio<Writable, Readable, null>;

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly request_seq?: number;
  // biome-ignore lint/suspicious/noExplicitAny: the bench only walks through bodies.
  readonly body: any;
}

export class Client {
  readonly #child: Adapter;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #events: { readonly name: string; readonly take: (message: Message) => void }[] = [];
  #data = Buffer.alloc(0);
  #sequence = 1;

  constructor(child: Adapter) {
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  async request(command: string, args: object): Promise<Message['body']> {
    const seq = this.#sequence++;
    const answer = new Promise<Message>((resolve) => this.#answers.set(seq, resolve));
    const text = JSON.stringify({ seq, type: 'request', command, arguments: args });
    this.#child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    return (await answer).body;
  }

  event(name: string): Promise<Message> {
    return new Promise((take) => this.#events.push({ name, take }));
  }

  async move(command: string, args: object): Promise<{ threadId: number }> {
    const [stopped] = await Promise.all([this.event('stopped'), this.request(command, args)]);
    return stopped.body;
  }

  /** What a debugger's window asks at a stop: the stack, the scopes, the variables of the first ones. */
  async inspect(threadId: number, open: number): Promise<{ variablesReference: number }[]> {
    const { stackFrames } = await this.request('stackTrace', { threadId });
    const { scopes } = await this.request('scopes', { frameId: stackFrames[0].id });
    await this.open(scopes.slice(0, open));
    return scopes.slice(open);
  }

  async open(scopes: readonly { variablesReference: number }[]): Promise<void> {
    for (const { variablesReference } of scopes) await this.request('variables', { variablesReference });
  }

  end(): void {
    this.#child.kill();
  }

  #read(chunk: Buffer): void {
    this.#data = Buffer.concat([this.#data, chunk]);
    for (;;) {
      const head = this.#data.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.#data.toString('latin1', 0, head))?.[1]);
      if (this.#data.length < head + 4 + length) return;
      this.#take(JSON.parse(this.#data.toString('utf8', head + 4, head + 4 + length)));
      this.#data = this.#data.subarray(head + 4 + length);
    }
  }

  #take(message: Message): void {
    if (message.type === 'response') this.#answers.get(message.request_seq ?? -1)?.(message);
    const index = this.#events.findIndex(({ name }) => name === message.event);
    if (index >= 0) this.#events.splice(index, 1)[0]?.take(message);
  }
}
