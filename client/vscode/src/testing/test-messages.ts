// What the Test Explorer shows at the line of a failure: the command's words, and the way to the debugger.
import { type CheckFailure, failureText } from '@snoopscope/sim-core';
import { Location, Range, TestMessage, type Uri } from 'vscode';

/** Messages with a schedule: the menu of the message offers to debug it. */
export const COUNTEREXAMPLE = 'snoopscope.counterexample';

export function messageOf(failure: CheckFailure, uri: Uri, fallbackLine: number): TestMessage {
  const { contrast, line, schedule } = failure;
  const text = failureText(failure);
  const message = contrast ? TestMessage.diff(text, contrast.declared, contrast.returned) : new TestMessage(text);
  message.location = new Location(uri, new Range(line ?? fallbackLine, 0, line ?? fallbackLine, 0));
  if (schedule !== undefined) message.contextValue = COUNTEREXAMPLE;
  return message;
}
