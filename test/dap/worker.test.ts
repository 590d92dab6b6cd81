// The adapter in a web worker: the bundle that browsers load, in a context that has nothing of Node.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundles } from '../../scripts/build.mjs';
import { type Message, root } from './client.ts';

test('messages go to and fro as objects, files come by their address', async () => {
  const { entry, options } = bundles['debug-adapter-browser'];
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    mainFields: ['browser', 'module', 'main'],
    logLevel: 'error',
    ...(options as object),
  });
  const worker = new Worker(outputFiles[0]?.text ?? '');
  worker.send('initialize', { adapterID: 'x' });
  expect((await worker.next('response')).body.supportsStepBack).toBe(true);
  worker.send('launch', { program: 'https://example.org/scenarios/none.snoop' });
  expect((await worker.next('response')).message).toContain('the server answers 404');
  worker.send('launch', {
    program: 'https://example.org/scenarios/wbinvd/local-cpu-not-flushed.snoop',
    stopOnEntry: false,
  });
  await worker.next('event', 'initialized');
  worker.send('configurationDone');
  expect((await worker.next('event', 'stopped')).body.description).toContain('Stale read');
});

class Worker {
  readonly #messages: Message[] = [];
  readonly #self: { onmessage?: (event: { data: object }) => void; postMessage: (message: Message) => void };
  #arrived: () => void = () => {};
  #sequence = 1;

  constructor(script: string) {
    this.#self = {
      postMessage: (message) => {
        this.#messages.push(structuredClone(message));
        this.#arrived();
      },
    };
    const web = { fetch: serve, MessageChannel, performance, structuredClone, queueMicrotask };
    const context = createContext({ self: this.#self, ...web });
    runInContext(script, context);
  }

  send(command: string, args?: object): void {
    this.#self.onmessage?.({ data: { seq: this.#sequence++, type: 'request', command, arguments: args } });
  }

  /** The next message of a type, and of a name if it is an event. */
  async next(type: string, event?: string): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message?.type === type && (event === undefined || message.event === event)) return message;
      if (!message) {
        await new Promise<void>((resolve) => {
          this.#arrived = resolve;
        });
      }
    }
  }
}

/** The repository as a web site. */
async function serve(url: string): Promise<{ ok: boolean; status: number; text: () => Promise<string> }> {
  const file = path.join(root, new URL(url).pathname);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return { ok: text !== undefined, status: text === undefined ? 404 : 200, text: async () => text ?? '' };
}
