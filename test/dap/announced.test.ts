// What the adapter tells on its own: colours, sources, progress; and what it says about wrong conditions.
import { expect, test } from 'vitest';
import { DapClient } from './client.ts';

const scenario = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const endless = 'test/dap/scenarios/endless.snoop';

test('the console is coloured for clients that show it, and for no others', async () => {
  const said = async (more: object): Promise<string> => {
    const client = new DapClient();
    await client.request('initialize', { adapterID: 'snoopscope', ...more });
    const initialized = client.event('initialized');
    await client.request('launch', { program: scenario, kernel: 'v5.11', noDebug: true });
    await initialized;
    const terminated = client.event('terminated');
    await client.request('configurationDone');
    await terminated;
    return client.messages.flatMap(({ event, body }) => (event === 'output' ? [body.output] : [])).join('');
  };
  const [plain, coloured] = [await said({}), await said({ supportsANSIStyling: true })];
  expect(plain).toContain('Found: stale-read');
  expect(plain).not.toContain('\u001b');
  expect(coloured).toContain('\u001b[31mFound: stale-read\u001b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what the test is about.
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(plain);
});

test('sources are announced: files at the launch, pages of the kernel when they are shown', async () => {
  const client = new DapClient();
  await client.launch(scenario, { kernel: 'v5.11' });
  await client.request('setFunctionBreakpoints', { breakpoints: [{ name: 'kvm_emulate_wbinvd' }] });
  await client.run();
  const { threadId } = await client.move('continue', { threadId: 1 });
  await client.stack(threadId);
  await client.stack(threadId);
  const told = (from: number): string[] =>
    client.messages
      .slice(from)
      .flatMap(({ event, body }) => (event === 'loadedSource' ? [`${body.reason} ${body.source.name}`] : []));
  expect(told(0)).toEqual(['new local-cpu-not-flushed.snoop', 'new x86.c']);
  const from = client.messages.length;
  await client.move('restart');
  expect(told(from)).toEqual(['changed local-cpu-not-flushed.snoop', 'changed x86.c']);
});

test('a long run shows its progress to clients that show it, and cancel ends it', async () => {
  const client = new DapClient();
  await client.request('initialize', { adapterID: 'snoopscope', supportsProgressReporting: true });
  const initialized = client.event('initialized');
  await client.request('launch', { program: endless });
  await initialized;
  await client.run();
  const [began, over, stopped] = [client.event('progressStart'), client.event('progressEnd'), client.event('stopped')];
  await client.request('continue', { threadId: 1 });
  const { progressId, cancellable } = (await began).body;
  expect(cancellable).toBe(true);
  await client.request('cancel', { progressId });
  expect((await over).body.progressId).toBe(progressId);
  expect((await stopped).body.reason).toBe('pause');
});

test('a condition of a filter that is wrong is refused in the words that were typed', async () => {
  const client = new DapClient();
  await client.launch(scenario);
  const { breakpoints } = await client.request('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [
      { filterId: 'failed-call', condition: 'errno == EEXIST' },
      { filterId: 'failed-call', condition: 'errno ==' },
    ],
  });
  expect(breakpoints[0].verified).toBe(true);
  expect(breakpoints[1].message).toMatch(/^The condition errno ==: Expected/);
});
