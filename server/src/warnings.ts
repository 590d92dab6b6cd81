import { kernelLike, likeText, type NamedKernels, noKernel } from '@snoopscope/sim-core';
import { type Connection, MessageType, ShowMessageNotification } from 'vscode-languageserver';

/** What a user is told outside of any scenario, each thing once. */
export class Warnings {
  readonly #connection: Connection;
  readonly #said = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** It is about the setting, not about a scenario, so there is no line to put it at. */
  ofKernel(kernel: string | undefined, named: NamedKernels | undefined): void {
    if (kernel === undefined) return;
    const like = kernelLike(kernel, named);
    if (like?.exact) return;
    if (like) this.say(`Setting snoopscope.kernel: ${likeText(kernel, like)}`, MessageType.Info);
    else
      this.say(
        `Setting snoopscope.kernel: ${noKernel(kernel, named).message} Until it is changed, the kernel line of each scenario counts.`,
      );
  }

  say(message: string, type: MessageType = MessageType.Warning): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    void this.#connection.sendNotification(ShowMessageNotification.type, { type, message });
  }
}
