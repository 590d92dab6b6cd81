/** A request that cannot be answered: its message goes to the user as it is. Anything else that is thrown is our bug. */
export class RequestError extends Error {
  override readonly name: string = 'RequestError';
}

/** A request about a stop that is over: the client was slower than its user, who need not be told. */
export class StaleRequest extends RequestError {
  override readonly name = 'StaleRequest';
}
