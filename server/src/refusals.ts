/** Why a request has no answer, as the protocol says it. */
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver';

/** Of work that no request asked for. */
export const NOT_CANCELLED: CancellationToken = {
  isCancellationRequested: false,
  onCancellationRequested: () => ({ dispose() {} }),
};

export function cancelled(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestCancelled, 'The request was cancelled.');
}

export function modified(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.ContentModified, 'The document was changed.');
}
