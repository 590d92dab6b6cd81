// A restart after an edit keeps the place of the user where nothing before it has changed.
import { expect, test } from 'vitest';
import { DapClient, repositoryFiles } from './client.ts';

const TEXT = `machine {
  cpu intel count=2
  memory x = 0
  memory y = 0
}

host {
  mov [x], 1
  mov [x], 2
  mov [x], 3
}

thread other cpu=1 {
  fd = open("/dev/kvm", O_RDWR)
}
`;

interface Edited {
  readonly client: DapClient;
  readonly position: () => Promise<number>;
  /** Restarts with another text, and says what the console then says. */
  readonly restart: (text: string) => Promise<string>;
}

async function started(): Promise<Edited> {
  const files = { 'a.snoop': TEXT };
  const client = new DapClient(repositoryFiles(files));
  await client.launch('a.snoop', { kernel: 'v6.1' });
  await client.run();
  return {
    client,
    position: async () => (await client.request('snoopscope/position')).position,
    async restart(text) {
      files['a.snoop'] = text;
      const from = client.messages.length;
      await client.move('restart');
      return client.messages
        .slice(from)
        .flatMap(({ event, body }) => (event === 'output' ? [body.output] : []))
        .join('');
    },
  };
}

test('an edit below changes nothing up to here', async () => {
  const { client, position, restart } = await started();
  await client.move('next', { threadId: 1 });
  await client.move('next', { threadId: 1 });
  const before = await position();
  expect(await restart(TEXT.replace('mov [x], 3', 'mov [y], 4'))).toContain('still after');
  expect(await position()).toBe(before);
  await client.move('next', { threadId: 1 });
  expect((await client.request('evaluate', { expression: '[y] == 4' })).result).toBe('true');
});

test('a restart without an edit goes to the beginning', async () => {
  const { client, position, restart } = await started();
  await client.move('next', { threadId: 1 });
  expect(await restart(TEXT)).toBe('');
  expect(await position()).toBe(0);
});

test('an edit above says which micro-step it changes, and begins at the beginning', async () => {
  const { client, position, restart } = await started();
  await client.move('next', { threadId: 1 });
  await client.move('next', { threadId: 1 });
  const said = await restart(TEXT.replace('mov [x], 2', 'mov [x], 7'));
  expect(said).toContain('changes micro-step 2: it was host `mov [x], 2`');
  expect(await position()).toBe(0);
});

test('whom the user has let move moves again', async () => {
  const { client, position, restart } = await started();
  const { targets } = await client.request('stepInTargets', { frameId: 256 });
  const other = targets.find(({ label }: { label: string }) => label.startsWith('other'));
  await client.move('stepIn', { threadId: 1, targetId: other.id });
  const before = await position();
  expect(await restart(TEXT.replace('mov [x], 3', 'mov [x], 9'))).toContain('still after');
  expect(await position()).toBe(before);
  expect((await client.request('evaluate', { expression: 'trace', context: 'repl' })).result).toContain('other');
});
