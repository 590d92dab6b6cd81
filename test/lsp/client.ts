import { PassThrough } from 'node:stream';
import {
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  ProposedFeatures,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { checkingMessages } from '../../server/src/messages.ts';
import { startServer } from '../../server/src/server.ts';
import type { Host } from '../../server/src/session.ts';
import { simulation } from '../../server/src/simulation.ts';

/** An editor as far as the server can tell. */
export class Client {
  readonly connection: ProtocolConnection;
  readonly messages: { type: number; message: string }[] = [];
  readonly #published = new Map<string, Published[]>();
  readonly #waiting: (() => void)[] = [];
  #version = 1;

  constructor(connection: ProtocolConnection) {
    this.connection = connection;
    connection.onNotification('textDocument/publishDiagnostics', (params: Published & { uri: string }) => {
      this.#published.set(params.uri, [...(this.#published.get(params.uri) ?? []), params]);
      this.#wake();
    });
    for (const method of ['window/logMessage', 'window/showMessage'])
      connection.onNotification(method, (params: { type: number; message: string }) => {
        this.messages.push(params);
        this.#wake();
      });
    connection.listen();
  }

  async initialize(params: Partial<InitializeParams> = {}): Promise<InitializeResult> {
    const result = await this.request<InitializeResult>('initialize', {
      processId: null,
      rootUri: null,
      capabilities: FULL_CAPABILITIES,
      ...params,
    });
    await this.notify('initialized', {});
    return result;
  }

  request<R>(method: string, params: unknown): Promise<R> {
    return this.connection.sendRequest(method, params);
  }

  notify(method: string, params: unknown): Promise<void> {
    return this.connection.sendNotification(method, params as object);
  }

  /** Asks about a place of a document. */
  at<R>(method: string, uri: string, place: { line: number; column: number }, more: object = {}): Promise<R> {
    const position = { line: place.line, character: place.column };
    return this.request(`textDocument/${method}`, { textDocument: { uri }, position, ...more });
  }

  open(uri: string, text: string): Promise<void> {
    return this.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'snoop', version: 1, text } });
  }

  change(uri: string, contentChanges: readonly object[]): Promise<number> {
    const version = ++this.#version;
    return this.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges }).then(
      () => version,
    );
  }

  /** The next diagnostics that satisfy the condition, those that came already included. */
  async diagnostics(uri: string, wanted: (found: Published) => boolean = () => true): Promise<Diagnostic[]> {
    for (;;) {
      const found = (this.#published.get(uri) ?? []).find(wanted);
      if (found) return found.diagnostics;
      await this.#next();
    }
  }

  async message(wanted: RegExp): Promise<string> {
    for (;;) {
      const found = this.messages.find(({ message }) => wanted.test(message));
      if (found) return found.message;
      await this.#next();
    }
  }

  published(uri: string): readonly Published[] {
    return this.#published.get(uri) ?? [];
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface Published {
  readonly version?: number;
  readonly diagnostics: Diagnostic[];
}

/** A server in this process and a client of it. */
export function connected(host: Partial<Host> = {}): Client {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const reader = new StreamMessageReader(toServer);
  const options = { messageStrategy: checkingMessages() };
  startServer(createConnection(ProposedFeatures.all, reader, new StreamMessageWriter(toClient), options), {
    simulation,
    ...host,
  });
  return new Client(
    createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer), SILENT),
  );
}

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, log: () => {}, debug: () => {} };

const markdown: ['markdown'] = ['markdown'];

/** What VS Code says that it can do, as far as the server asks. */
export const FULL_CAPABILITIES: InitializeParams['capabilities'] = {
  textDocument: {
    hover: { contentFormat: markdown },
    completion: { completionItem: { snippetSupport: true, documentationFormat: markdown, labelDetailsSupport: true } },
    signatureHelp: { signatureInformation: { documentationFormat: markdown } },
  },
};
