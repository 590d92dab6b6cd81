// Leads the cursor of a debug session to where the reader of a picture points. A pointer that is pulled names many places
// in a second: the adapter is asked for one at a time, and for the last one that was named while it was busy.
import type { Intent } from '@snoopscope/views/draw';
import { destinationOf } from '@snoopscope/views/seek';
import { type DebugSession, window } from 'vscode';

export class Leader {
  #next: { readonly session: DebugSession; readonly to: object } | undefined;
  #busy = false;
  readonly #failed: (session: DebugSession) => void;

  /** `failed`: the cursor stays where it is, and the pictures have to say so. */
  constructor(failed: (session: DebugSession) => void) {
    this.#failed = failed;
  }

  lead(session: DebugSession, intent: Intent): void {
    const to = destinationOf(intent);
    if (!to) return;
    this.#next = { session, to };
    if (!this.#busy) void this.#go();
  }

  async #go(): Promise<void> {
    this.#busy = true;
    for (let going = this.#next; going; going = this.#next) {
      this.#next = undefined;
      try {
        await going.session.customRequest('snoopscope/seek', going.to);
      } catch (error) {
        // The console of the session says what a request to find something did not find.
        if (error instanceof Error) void window.setStatusBarMessage(error.message, MESSAGE_MS);
        this.#failed(going.session);
      }
    }
    this.#busy = false;
  }
}

const MESSAGE_MS = 5000;
