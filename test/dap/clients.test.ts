// What real clients sent, with the order of answers and events that they waited for: the adapter answers them today as it
// did when they were recorded. The first line of a recording names the client and its editor.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DapClient, type Message, root } from './client.ts';

interface Recorded {
  readonly from: 'client' | 'adapter';
  readonly message: Message & { readonly seq: number; readonly arguments?: Readonly<Record<string, unknown>> };
}

const files = globSync('test/dap/clients/*.jsonl', { cwd: root }).sort();

test('there are recordings', () => {
  expect(files).not.toEqual([]);
});

describe.each(files)('%s', (file) => {
  const [head, ...lines] = readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n');
  const recorded = lines.map((line) => JSON.parse(line) as Recorded);

  test('says which client it is of', () => {
    expect(JSON.parse(head ?? '')).toMatchObject({ client: expect.any(String), editor: expect.any(String) });
    expect(recorded.filter(({ from }) => from === 'client').length).toBeGreaterThan(20);
  });

  test('is answered in the same way', async () => {
    const replay = new Replay();
    for (const one of recorded) await (one.from === 'client' ? replay.send(one) : replay.expect(one));
    // Nothing more comes, such as the stop after stop that once kept a client busy for ever.
    const stops = (messages: readonly Message[]) => messages.filter(({ event }) => event === 'stopped').length;
    expect(stops(replay.client.messages)).toBe(
      stops(recorded.flatMap(({ from, message }) => (from === 'adapter' ? message : []))),
    );
  });
});

/** Events that a client acts upon; others may come or not. */
const AWAITED: ReadonlySet<string> = new Set(['initialized', 'stopped', 'continued', 'terminated']);

function numberOf(message: Message): number {
  return (message as Recorded['message']).seq;
}

class Replay {
  readonly client = new DapClient();
  readonly #answers = new Map<number, Promise<Message>>();
  /** References of the recording, and what they are now. */
  readonly #references = new Map<string, number>();
  /** The number of the last event that the recording has passed. */
  #last = -1;

  async send({ message }: Recorded): Promise<void> {
    const args = message.arguments && this.#translated(message.arguments);
    this.#answers.set(message.seq, this.client.send(message.command ?? '', args));
  }

  async expect({ message }: Recorded): Promise<void> {
    if (message.type === 'event') {
      if (AWAITED.has(message.event ?? '')) await this.#event(message);
      return;
    }
    const answer = await this.#answers.get(message.request_seq ?? -1);
    expect([message.command, answer?.success, answer?.message]).toEqual([
      message.command,
      message.success,
      message.message,
    ]);
    this.#same(message.command ?? '', message.body, answer?.body);
  }

  async #event(message: Message): Promise<void> {
    const found = await this.client.until((one) => AWAITED.has(one.event ?? '') && numberOf(one) > this.#last);
    this.#last = numberOf(found);
    expect(found.event).toBe(message.event);
    this.#same(message.event ?? '', message.body, found.body);
  }

  /** Has the recorded value the shape of the present one? Members may have been added. */
  #same(where: string, then: unknown, now: unknown): void {
    if (Array.isArray(then)) {
      expect([where, Array.isArray(now)]).toEqual([where, true]);
      for (const [index, item] of then.entries()) {
        const name = (item as { name?: unknown } | null)?.name;
        const present = now as readonly { name?: unknown }[];
        const same = name === undefined ? present[index] : present.find((one) => one.name === name);
        // What is listed may change; what it looks like may not.
        if (same !== undefined) this.#same(`${where}[]`, item, same);
      }
      expect([where, (now as unknown[]).length > 0]).toEqual([where, then.length > 0]);
      return;
    }
    expect([where, typeof now]).toEqual([where, typeof then]);
    if (typeof then !== 'object' || then === null) return;
    for (const [key, value] of Object.entries(then)) {
      const present = (now as Readonly<Record<string, unknown>>)[key];
      if ((key === 'variablesReference' || key === 'id') && typeof value === 'number' && typeof present === 'number')
        this.#references.set(`${key} ${value}`, present);
      this.#same(`${where}.${key}`, value, present);
    }
  }

  #translated(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const now = (key: string, value: unknown): unknown => {
      const kind = key === 'frameId' ? 'id' : key;
      return this.#references.get(`${kind} ${String(value)}`) ?? value;
    };
    return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, now(key, value)]));
  }
}
