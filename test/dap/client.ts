// A client of the debug adapter in the same process: requests as calls, stops as values, and every message kept.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type FileAccessor, resolveBeside, SnoopscopeDebugSession } from '@snoopscope/debug-adapter';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Frame {
  readonly id: number;
  readonly name: string;
  readonly line: number;
  readonly source?: { readonly name: string; readonly path?: string; readonly sourceReference?: number };
}

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly variablesReference: number;
}

export interface Stop {
  readonly reason: string;
  readonly description: string;
  readonly text: string;
  readonly threadId: number;
  readonly hitBreakpointIds?: readonly number[];
}

export interface Message {
  readonly type: string;
  readonly event?: string;
  readonly command?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the protocol's bodies have many shapes, and the tests look into them.
  readonly body?: any;
}

/** Files of the repository by their path from its root, so that transcripts hold no path of a machine; more can be added. */
export function repositoryFiles(more: Readonly<Record<string, string>> = {}): FileAccessor {
  return {
    readFile: async (name) =>
      (Object.hasOwn(more, name) ? more[name] : undefined) ?? readFile(path.join(root, name), 'utf8'),
    readBytes: (name) => readFile(path.resolve(root, name)),
    resolve: resolveBeside,
  };
}

export class DapClient {
  readonly messages: Message[] = [];
  readonly #session: SnoopscopeDebugSession;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #waiting: { readonly event: string; readonly take: (message: Message) => void }[] = [];
  #watching: { readonly wanted: (message: Message) => boolean; readonly take: (message: Message) => void }[] = [];
  #sequence = 1;
  #initialized = false;

  constructor(files: FileAccessor = repositoryFiles()) {
    this.#session = new SnoopscopeDebugSession(files);
    this.#session.onDidSendMessage((message) => this.#take(message as Message));
  }

  /** Sends a request and gives its response, whether it succeeded or not. */
  send(command: string, args?: unknown): Promise<Message> {
    const seq = this.#sequence++;
    const answer = new Promise<Message>((resolve) => this.#answers.set(seq, resolve));
    this.#session.handleMessage({ seq, type: 'request', command, arguments: args } as never);
    return answer;
  }

  /** Sends a request that has to succeed, and gives its body. */
  async request(command: string, args?: unknown): Promise<NonNullable<Message['body']>> {
    const { success, message, body } = await this.send(command, args);
    if (!success) throw new Error(`${command}: ${message}`);
    return body;
  }

  /** The next event of a name. */
  event(name: string): Promise<Message> {
    return new Promise((take) => this.#waiting.push({ event: name, take }));
  }

  /** Begins the session; a second time nothing happens. */
  async initialize(): Promise<void> {
    if (this.#initialized) return;
    this.#initialized = true;
    await this.request('initialize', { adapterID: 'snoopscope', linesStartAt1: true, columnsStartAt1: true });
  }

  /** The first message from the one with index `from` on that is wanted. */
  until(wanted: (message: Message) => boolean, from = 0): Promise<Message> {
    const found = this.messages.slice(from).find(wanted);
    if (found) return Promise.resolve(found);
    return new Promise((take) => this.#watching.push({ wanted, take }));
  }

  /** Launches a scenario up to where breakpoints are set. */
  async launch(program: string, more: object = {}): Promise<void> {
    await this.initialize();
    const initialized = this.event('initialized');
    await this.request('launch', { program, ...more });
    await initialized;
  }

  /** Ends the configuration, and gives the first stop. */
  run(): Promise<Stop> {
    return this.move('configurationDone');
  }

  /** A request that ends with a stop. */
  async move(command: string, args: object = {}): Promise<Stop> {
    const stopped = this.event('stopped');
    try {
      await this.request(command, args);
    } catch (error) {
      // A refused request leads to no stop, so do not wait for one.
      this.#waiting.pop();
      throw error;
    }
    return (await stopped).body;
  }

  async stack(threadId: number): Promise<readonly Frame[]> {
    return (await this.request('stackTrace', { threadId })).stackFrames;
  }

  async variables(variablesReference: number, format?: object): Promise<readonly Variable[]> {
    return (await this.request('variables', { variablesReference, ...(format && { format }) })).variables;
  }

  /** Everything that can be seen at a stop: all threads, their frames, all scopes, opened to the bottom. */
  everything(): Promise<string> {
    return this.#look((frames) => frames, true);
  }

  /** The state of the machine: what the outermost frames show. Which calls are shown inside them is the user's view. */
  machine(): Promise<string> {
    return this.#look((frames) => frames.slice(-1));
  }

  async #look(which: (frames: readonly Frame[]) => readonly Frame[], withFrames = false): Promise<string> {
    const lines: string[] = [];
    for (const thread of (await this.request('threads')).threads) {
      // Who moves next is the user's choice at the live end, and recorded afterwards.
      lines.push(withFrames ? thread.name : thread.name.replace(/ \((?:moves next|can move)\)$/, ''));
      for (const frame of which(await this.stack(thread.id))) {
        if (withFrames) lines.push(` ${frame.name} ${frame.source?.name ?? ''}:${frame.line}`);
        const { scopes } = await this.request('scopes', { frameId: frame.id });
        for (const { name, variablesReference } of scopes) {
          lines.push(`  ${name}`, ...(await this.open(variablesReference, '    ')));
        }
      }
    }
    return lines.join('\n');
  }

  /** A variable's children as text, opened `depth` levels. */
  async open(variablesReference: number, indent: string, depth = 8): Promise<string[]> {
    const lines: string[] = [];
    for (const { name, value, variablesReference: inner } of await this.variables(variablesReference)) {
      lines.push(`${indent}${name} = ${value}`);
      if (inner !== 0 && depth > 1) lines.push(...(await this.open(inner, `${indent}  `, depth - 1)));
    }
    return lines;
  }

  #take(message: Message): void {
    this.messages.push(structuredClone(message));
    this.#watching = this.#watching.filter(({ wanted, take }) => {
      if (wanted(message)) take(message);
      return !wanted(message);
    });
    if (message.type === 'response') {
      this.#answers.get(message.request_seq ?? -1)?.(message);
      return;
    }
    const index = this.#waiting.findIndex(({ event }) => event === message.event);
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.take(message);
  }
}
