/** A request that cannot be answered: its message goes to the user as it is. Anything else that is thrown is our bug. */
export class RequestError extends Error {
  override readonly name: string = 'RequestError';
}

/** A scenario that cannot run because of errors in its text. */
export class ScenarioErrors extends RequestError {
  override readonly name = 'ScenarioErrors';

  /** Path or URI of the file. */
  readonly file: string;
  /** The first one, its place counted from 1. */
  readonly first: { readonly line: number; readonly column: number; readonly message: string };
  /** How many errors there are. */
  readonly count: number;

  constructor(file: string, first: ScenarioErrors['first'], count: number) {
    const more = count > 1 ? ` (1 of ${count} errors)` : '';
    super(`${file}:${first.line}:${first.column}: ${first.message}${more}`);
    this.file = file;
    this.first = first;
    this.count = count;
  }
}

/** A request about a stop that is over: the client was slower than its user, who need not be told. */
export class StaleRequest extends RequestError {
  override readonly name = 'StaleRequest';
}
