/** A request that cannot be answered: its message goes to the user as it is. Anything else that is thrown is our bug. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
}
