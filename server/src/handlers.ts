import { type CancellationToken, type Connection, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import { isRenameRefused } from './features/rename.ts';
import { cancelled } from './refusals.ts';
import type { Snapshot } from './snapshot.ts';

/** Whose lines the positions of a message are in, unless it says otherwise. */
type Lines = Pick<Snapshot, 'uri'> & Partial<Pick<Snapshot, 'scenario'>>;

/** Wraps what handles a message: positions are converted at its edge, and nothing that goes wrong in it gets out. */
export class Handlers {
  readonly #connection: Connection;
  readonly #documents: Documents;

  constructor(connection: Connection, documents: Documents) {
    this.#connection = connection;
    this.#documents = documents;
  }

  /** Wraps the answer to a request about a document. Nothing that goes wrong in it leaves this function. */
  readonly answer = <P extends { readonly textDocument: { readonly uri: string } }, R>(
    name: string,
    handler: (snapshot: Snapshot, params: P, token: CancellationToken) => R | Promise<R>,
  ): ((params: P, token: CancellationToken) => Promise<R | ResponseError<void> | null>) => {
    return async (params, token) => {
      if (token.isCancellationRequested) return cancelled();
      try {
        const snapshot = this.#documents.snapshot(params.textDocument.uri);
        if (snapshot === undefined) return null;
        const result = await handler(snapshot, this.#incoming(params, snapshot), token);
        return token.isCancellationRequested ? cancelled() : this.outgoing(result, snapshot);
      } catch (error) {
        if (error instanceof ResponseError) return error;
        if (isRenameRefused(error)) return new ResponseError(LSPErrorCodes.RequestFailed, error.message);
        this.reportBug(name, error);
        return null;
      }
    };
  };

  /** Wraps the answer to a request that is about no single document; `none` when something goes wrong in it. */
  readonly ask = <P, R>(
    name: string,
    none: R,
    handler: (params: P, token: CancellationToken) => Promise<R>,
  ): ((params: P, token: CancellationToken) => Promise<R>) => {
    return async (params, token) => {
      try {
        const of = { uri: (params as { item?: { uri?: string } }).item?.uri ?? '' };
        const result = await handler(this.#incoming(params, of), token);
        if (token.isCancellationRequested) throw cancelled();
        return this.outgoing(result, of);
      } catch (error) {
        if (error instanceof ResponseError) throw error;
        this.reportBug(name, error);
        return none;
      }
    };
  };

  #incoming<Value>(value: Value, of: Lines): Value {
    return this.#documents.positions?.incoming(value, of.uri, this.#lineOf(of)) ?? value;
  }

  /** What the client is told, about a document or not. */
  outgoing<Value>(value: Value, of: Lines): Value {
    return this.#documents.positions?.outgoing(value, of.uri, this.#lineOf(of)) ?? value;
  }

  #lineOf({ uri, scenario }: Lines) {
    return (other: string, line: number): string | undefined =>
      (other === uri && scenario ? scenario : this.#documents.includes.file(other)?.scenario)?.lines[line]?.text;
  }

  /** Wraps a notification. */
  readonly take = <P>(name: string, handler: (params: P) => void | Promise<void>): ((params: P) => Promise<void>) => {
    return async (params) => {
      try {
        await handler(params);
      } catch (error) {
        this.reportBug(name, error);
      }
    };
  };

  reportBug(doing: string, error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#connection.console.error(
      `Snoopscope failed at ${doing}. This is a bug of Snoopscope, not of your scenario.\n${detail}`,
    );
  }
}
