// What transcripts cannot show: time, order, faults of our own, other spellings of paths.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FileAccessor } from '@snoopscope/debug-adapter';
import { expect, test } from 'vitest';
import { DapClient, repositoryFiles, root } from './client.ts';

const scenario = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const endless = 'test/dap/scenarios/endless.snoop';

test('a long run can be paused, looked at, and stepped back', async () => {
  const client = new DapClient();
  await client.launch(endless);
  await client.run();
  const stopped = client.event('stopped');
  await client.request('continue', { threadId: 1 });
  expect((await client.send('stackTrace', { threadId: 1 })).message).toContain('pause it first');
  expect((await client.request('threads')).threads.length).toBe(2);
  await client.request('pause', { threadId: 1 });
  expect((await stopped).body.reason).toBe('pause');
  const { position } = await client.request('snoopscope/position');
  await client.move('stepBack', { threadId: 2 });
  expect((await client.request('snoopscope/position')).position).toBeLessThan(position);
});

test('looking through a long run for new breakpoints can be paused, and continues where it was', async () => {
  const client = new DapClient();
  await client.launch(endless, { maxSteps: 60_000 });
  await client.run();
  expect((await client.move('continue', { threadId: 1 })).reason).toBe('limit');
  const { position } = await client.request('snoopscope/position');
  const { dataId } = await client.request('dataBreakpointInfo', { name: '[x]' });
  await client.request('setDataBreakpoints', { breakpoints: [{ dataId, hitCondition: '3' }] });
  const from = client.messages.length;
  await client.request('reverseContinue', { threadId: 1 });
  await client.request('pause', { threadId: 1 });
  expect((await client.until(({ event }) => event === 'stopped', from)).body.reason).toBe('pause');
  expect((await client.request('snoopscope/position')).position).toBe(position);
  expect((await client.move('reverseContinue', { threadId: 1 })).text).toMatch(/^\[x\]: 1 in .* → 2 in .*\nby vcpu0/);
});

test('a long run ends with the session', async () => {
  const client = new DapClient();
  await client.launch(endless);
  await client.run();
  const terminated = client.event('terminated');
  await client.request('continue', { threadId: 1 });
  await client.request('terminate');
  await terminated;
  await client.request('disconnect');
  expect(client.messages.filter(({ event }) => event === 'stopped').length).toBe(1);
});

test('a restart in the middle of a run starts over, with one stop', async () => {
  const client = new DapClient();
  await client.launch(endless);
  await client.run();
  const stopped = client.event('stopped');
  await client.request('continue', { threadId: 1 });
  await client.request('restart');
  expect((await stopped).body.reason).toBe('entry');
  expect((await client.request('snoopscope/position')).position).toBe(0);
});

test('a restart reads the file again', async () => {
  const files = { 'a.snoop': 'host {\n  mov [x], 1\n}\nmachine {\n  cpu intel\n  memory x = 0\n}\n' };
  const client = new DapClient(repositoryFiles(files));
  await client.launch('a.snoop');
  await client.run();
  files['a.snoop'] = files['a.snoop'].replace('x = 0', 'x = 7');
  await client.move('restart');
  expect((await client.request('evaluate', { expression: '[x] == 7' })).result).toBe('true');
});

test('breakpoints from before the launch are told about and hold', async () => {
  const client = await initialized();
  const { breakpoints } = await client.request('setBreakpoints', {
    source: { path: scenario },
    breakpoints: [{ line: 33 }],
  });
  expect(breakpoints[0].verified).toBe(false);
  const changed = client.event('breakpoint');
  await client.launch(scenario, { stopOnEntry: false });
  const { breakpoint } = (await changed).body;
  expect([breakpoint.id, breakpoint.verified, breakpoint.line]).toEqual([breakpoints[0].id, true, 35]);
  expect(await client.run()).toMatchObject({ reason: 'breakpoint', threadId: 2 });
});

test('a breakpoint on the very first line stops a launch that does not stop at entry', async () => {
  const client = new DapClient();
  await client.launch(scenario, { stopOnEntry: false });
  await client.request('setBreakpoints', { source: { path: scenario }, breakpoints: [{ line: 20 }] });
  expect((await client.run()).reason).toBe('breakpoint');
  expect((await client.request('snoopscope/position')).position).toBe(0);
});

test('a URI is one file however it is encoded, and an include is beside it', async () => {
  const folder = 'vscode-vfs://host/a%20folder';
  const text = await readFile(path.join(root, 'test/dap/scenarios/procedures.snoop'), 'utf8');
  const stores = await readFile(path.join(root, 'test/dap/scenarios/stores.snoop'), 'utf8');
  const client = new DapClient(repositoryFiles({ [`${folder}/p.snoop`]: text, [`${folder}/stores.snoop`]: stores }));
  await client.launch(`${folder}/p.snoop`, { stopOnEntry: false });
  const decoded = 'vscode-vfs://host/a folder/stores.snoop';
  const { breakpoints } = await client.request('setBreakpoints', {
    source: { path: decoded },
    breakpoints: [{ line: 2 }],
  });
  expect(breakpoints[0].verified).toBe(true);
  const { threadId } = await client.run();
  expect((await client.stack(threadId))[0]?.source?.path).toBe(`${folder}/stores.snoop`);
});

test('an unknown kernel is refused with the known ones', async () => {
  const { message } = await (await initialized()).send('launch', { program: scenario, kernel: 'v5.111' });
  expect(message).toContain('did you mean `v5.11`?');
  for (const known of ['v3.12 to v', 'series-v1']) expect(message).toContain(known);
});

test('a filter stops only where its condition holds', async () => {
  const client = new DapClient();
  await client.launch(scenario, { stopOnEntry: false });
  await client.request('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'group-registration', condition: 'errno == EEXIST && noncoherent(vm) == 1' }],
  });
  expect((await client.run()).text).toContain('-1 EEXIST');
});

test('hexadecimal is for numbers', async () => {
  const client = new DapClient();
  await client.launch(scenario);
  await client.run();
  const evaluate = async (expression: string) =>
    (await client.request('evaluate', { expression, format: { hex: true } })).result;
  expect([await evaluate('[x] == 0'), await evaluate('26'), await evaluate('-1')]).toEqual(['true', '0x1a', '-0x1']);
});

test('kernel functions have lines in a document that can be read', async () => {
  const client = new DapClient();
  await client.launch(scenario, { kernel: 'v5.11' });
  await client.request('setFunctionBreakpoints', { breakpoints: [{ name: 'kvm_emulate_wbinvd_noskip' }] });
  await client.run();
  const { threadId } = await client.move('continue', { threadId: 1 });
  const top = (await client.stack(threadId))[0];
  const { content } = await client.request('source', { source: top?.source, sourceReference: 0 });
  const lines = content.split('\n');
  const header = lines.slice(0, top?.line ?? 0).findLastIndex((line: string) => line.startsWith(`${top?.name}(`));
  expect(header).toBeGreaterThan(0);
  expect(lines[(top?.line ?? 0) - 1]).toMatch(/^ {2}\| \S/);
  const { sources } = await client.request('loadedSources');
  expect(sources.map(({ name }: { name: string }) => name)).toContain('local-cpu-not-flushed.snoop');
});

test('a fault of our own is said to be ours, and the session lives on', async () => {
  const broken = {
    ...repositoryFiles(),
    readFile: () => Promise.resolve(undefined as unknown as string),
  };
  const client = await initialized(broken);
  const { success, message } = await client.send('launch', { program: 'x.snoop' });
  expect(success).toBe(false);
  expect(message).toContain('bug of Snoopscope');
  expect((await client.send('threads')).message).toBe('No scenario is launched yet.');
});

test('a wanted finding stops first, whatever would stop on the way; then everything counts again', async () => {
  const client = await initialized();
  await client.request('setBreakpoints', { source: { path: scenario }, breakpoints: [{ line: 36 }] });
  const schedule = 'schedule vcpu0*3 gpu*2';
  await client.launch(scenario, { kernel: 'v5.11', schedule, stopOnFinding: 'stale-read' });
  await client.request('setExceptionBreakpoints', { filters: [] });
  expect(await client.run()).toMatchObject({ reason: 'exception', description: 'Stale read' });
  const { exceptionId, description, details } = await client.request('exceptionInfo', { threadId: 1 });
  expect(exceptionId).toBe('stale-read');
  // VS Code makes links of what looks like a path in a stack trace, and leaves the description alone.
  expect(description).toMatch(/\nSources:\n(.+\n)*linux: arch\/x86\/kvm\//);
  expect(details.stackTrace).toBe('');
  expect((await client.move('reverseContinue', { threadId: 1 })).reason).toBe('breakpoint');
});

test('the Nth step that makes a wanted finding stops, not those before it', async () => {
  const client = await initialized();
  const schedule = 'schedule vcpu0*3 gpu*2';
  await client.launch(scenario, { kernel: 'v5.11', schedule, stopOnFinding: 'stale-read', stopOnFindingCount: 2 });
  expect((await client.run()).reason).not.toBe('exception');
});

test('a wanted finding must be one', async () => {
  const client = await initialized();
  const refused = async (given: object): Promise<string | undefined> =>
    (await client.send('launch', { program: scenario, ...given })).message;
  expect(await refused({ stopOnFinding: 'stale-raed' })).toContain('did you mean `stale-read`');
  expect(await refused({ stopOnFinding: 'stale-read', stopOnFindingCount: 0 })).toContain('1 or above');
  expect(await refused({ stopOnFindingCount: 2 })).toContain('needs `stopOnFinding`');
});

test('nothing is answered before the session is initialized, which happens once', async () => {
  const client = new DapClient();
  for (const command of ['launch', 'threads', 'setBreakpoints']) {
    const { success, message } = await client.send(command, { program: scenario });
    expect([success, message]).toEqual([false, `Send "initialize" before "${command}": the session has not begun.`]);
  }
  await client.launch(scenario);
  expect((await client.send('initialize', { adapterID: 'x' })).message).toContain('already initialized');
  expect((await client.run()).reason).toBe('entry');
});

test('requests that are wrong are refused in words, and the session lives on', async () => {
  const client = new DapClient();
  await client.launch(scenario);
  await client.run();
  const wrong: [string, unknown, string][] = [
    ['setRegisters', {}, 'does not know the request setRegisters'],
    ['toString', {}, 'does not know the request toString'],
    ['stackTrace', [1], 'not an object'],
    ['stackTrace', 'vcpu0', 'not an object'],
    ['stackTrace', {}, '`threadId` of stackTrace is missing: it is a whole number'],
    ['stackTrace', { threadId: 99 }, 'no thread 99'],
    ['scopes', { frameId: '1' }, '`frameId` of scopes is a whole number'],
    ['scopes', { frameId: 1e9 }, 'no stack frame'],
    ['variables', { variablesReference: 1.5 }, 'a whole number'],
    ['setBreakpoints', { source: scenario }, '`source` of setBreakpoints is an object'],
    ['setBreakpoints', { source: {}, breakpoints: 3 }, '`breakpoints` of setBreakpoints is a list'],
    ['setFunctionBreakpoints', {}, 'is missing'],
    ['setExceptionBreakpoints', { filters: 'stale-read' }, 'a list'],
    ['evaluate', { expression: 7 }, 'a string'],
    ['gotoTargets', { source: {}, line: 'last' }, 'a whole number'],
    ['gotoTargets', { source: { path: null }, line: 1 }, 'Nothing is executed on this line'],
    [
      'breakpointLocations',
      { source: { path: 7 }, line: 1 },
      'The `path` of a source in breakpointLocations must be a string',
    ],
    ['goto', { targetId: 99_999 }, 'no position 99999'],
    ['restart', { arguments: 5 }, 'an object'],
  ];
  for (const [command, args, words] of wrong) {
    const { success, message } = await client.send(command, args);
    expect([command, success, message]).toEqual([command, false, expect.stringContaining(words)]);
  }
  expect((await client.move('next', { threadId: 1 })).reason).toBe('step');
  expect(client.messages.filter(({ body }) => String(body?.output).includes('bug'))).toEqual([]);
});

test('a bad breakpoint is unverified and says why; the others work', async () => {
  const client = new DapClient();
  await client.launch(scenario, { stopOnEntry: false });
  const { breakpoints } = await client.request('setBreakpoints', {
    source: { path: scenario },
    breakpoints: [
      { line: 0 },
      { line: -7 },
      { line: 9999 },
      { line: Number.NaN },
      { line: null },
      {},
      null,
      'line 36',
      { line: 36.5 },
      { line: 36, condition: 7 },
      { line: 36, hitCondition: 'often' },
      { line: 36 },
    ],
  });
  const words = breakpoints.map(
    ({ verified, message }: { verified: boolean; message?: string }) => message ?? verified,
  );
  const noLine = 'A breakpoint needs a line number; lines count from 1.';
  expect(words).toEqual([
    noLine,
    noLine,
    'local-cpu-not-flushed.snoop ends above this line: it has 48 lines.',
    ...Array(6).fill(noLine),
    '`condition` of a breakpoint must be a string.',
    expect.stringContaining('The hit count "often" is not understood'),
    true,
  ]);
  const functions = await client.request('setFunctionBreakpoints', {
    breakpoints: [{ name: 7 }, { name: ' ' }, null, { name: 'kvm_put_kvm' }],
  });
  expect(functions.breakpoints.map(({ verified }: { verified: boolean }) => verified)).toEqual([
    false,
    false,
    false,
    true,
  ]);
  await client.request('setExceptionBreakpoints', { filters: ['stale-read', 5], filterOptions: [null, 'x'] });
  expect((await client.run()).hitBreakpointIds).toEqual([breakpoints.at(-1).id]);
});

test('there are as many branches as the limit says, and the refusal names it', async () => {
  const loop = (name: string): string => `thread ${name} {\n  loop {\n    close(9)\n  }\n}\n`;
  const text = `machine {\n  cpu intel\n  memory x = 0\n}\n${loop('a')}${loop('b')}`;
  const client = new DapClient(repositoryFiles({ 'two.snoop': text }));
  await client.launch('two.snoop', { maxSteps: 100 });
  await client.run();
  await client.move('continue', { threadId: 1 });
  const b = async (): Promise<number> => {
    const { targets } = await client.request('stepInTargets', { frameId: 256 });
    return targets.find(({ label }: { label: string }) => label.startsWith('b: close(9)')).id;
  };
  for (let position = 1; position < 64; position++) {
    await client.move('evaluate', { expression: 'branch 1', context: 'repl' });
    await client.move('snoopscope/seek', { position });
    await client.move('stepIn', { threadId: 1, targetId: await b() });
  }
  await client.move('evaluate', { expression: 'branch 1', context: 'repl' });
  await client.move('snoopscope/seek', { position: 64 });
  const { message } = await client.send('stepIn', { threadId: 1, targetId: await b() });
  expect(message).toContain('There are already 64 branches:');
  expect(await client.request('snoopscope/position')).toMatchObject({
    branch: 1,
    branches: 64,
    position: 64,
    steps: 100,
  });
});

test('two restarts at once are one: the latest, with one stop', async () => {
  const client = new DapClient();
  await client.launch(endless, { stopOnEntry: true });
  await client.run();
  const from = client.messages.length;
  const both = [client.send('restart'), client.send('restart', { arguments: { program: scenario } })];
  expect((await Promise.all(both)).map(({ success }) => success)).toEqual([true, true]);
  const { body } = await client.until(({ event }) => event === 'stopped', from);
  expect(body.text).toContain('local-cpu-not-flushed.snoop');
  expect((await client.request('loadedSources')).sources[0].name).toBe('local-cpu-not-flushed.snoop');
  expect(client.messages.slice(from).filter(({ event }) => event === 'stopped').length).toBe(1);
});

test('of two launches at once the second is refused, and so is a restart before the configuration is done', async () => {
  const client = await initialized();
  const [first, second] = await Promise.all([1, 2].map(() => client.send('launch', { program: scenario })));
  expect([first?.success, second?.success]).toEqual([true, false]);
  expect((await client.send('restart')).message).toContain('configurationDone');
  expect((await client.run()).reason).toBe('entry');
});

test('a launch that fails can be tried again', async () => {
  const client = await initialized();
  expect((await client.send('launch', { program: 'none.snoop' })).success).toBe(false);
  await client.launch(scenario);
  expect((await client.run()).reason).toBe('entry');
});

test('a disconnect is one whatever its arguments are; nothing moves after it or after the end', async () => {
  for (const [command, args] of [
    ['disconnect', []],
    ['terminate', {}],
  ] as const) {
    const client = new DapClient();
    await client.launch(scenario);
    await client.run();
    expect((await client.send(command, args)).success).toBe(true);
    expect((await client.send('next', { threadId: 1 })).message).toContain('The session is over');
  }
});

test('a line is found by any spelling of its file', async () => {
  const folder = 'vscode-vfs://host/a%20folder';
  const text = await readFile(path.join(root, scenario), 'utf8');
  const client = new DapClient(repositoryFiles({ [`${folder}/a.snoop`]: text }));
  await client.launch(`${folder}/a.snoop`);
  await client.run();
  await client.move('next', { threadId: 1 });
  const source = { path: 'vscode-vfs://host/a folder/a.snoop' };
  expect((await client.request('gotoTargets', { source, line: 21 })).targets.length).toBe(1);
});

async function initialized(files?: FileAccessor): Promise<DapClient> {
  const client = new DapClient(files);
  await client.initialize();
  return client;
}

test('an error in what was typed is answered there, without a notification; any other has one', async () => {
  const client = new DapClient();
  await client.launch(scenario);
  await client.run();
  for (const context of ['repl', 'watch', 'hover']) {
    const { success, message, body } = await client.send('evaluate', { expression: 'nonsense(', context });
    expect(success).toBe(false);
    expect(message).not.toBe('');
    expect(body.error.showUser).toBe(false);
  }
  expect((await client.send('gotoTargets', { source: { path: scenario }, line: 1 })).body.error.showUser).toBe(true);
});

test('a launch with errors names the first one and the number that the editor shows', async () => {
  const text = 'setup {\n  kvm = opne("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_MV)\n}\n';
  const client = new DapClient(repositoryFiles({ 'broken.snoop': text }));
  await client.send('initialize', { adapterID: 'snoopscope' });
  const { success, message } = await client.send('launch', { program: 'broken.snoop' });
  expect(success).toBe(false);
  expect(message).toMatch(/^broken\.snoop:2:9: .*opne.* \(1 of 2 errors\)$/);
});

test('a kernel that snoopscope.json names, above the scenario, is launched; one that is only near is remarked', async () => {
  const text = 'machine {\n  cpu intel\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n';
  const files = repositoryFiles({
    'scenarios/snoopscope.json': '{"kernels": {"ours": "v5.14~file-identity", "host": "6.8.0-45-generic"}}',
    'scenarios/deep/named.snoop': text,
  });
  const wrong = new DapClient(files);
  await wrong.initialize();
  const { message } = await wrong.send('launch', { program: 'scenarios/deep/named.snoop', kernel: 'ours' });
  expect(message).toContain('v5.14 does not have `file-identity`');

  const right = repositoryFiles({
    'scenarios/snoopscope.json': '{"kernels": {"host": "6.8.0-45-generic"}}',
    'scenarios/deep/named.snoop': text,
  });
  const client = new DapClient(right);
  await client.launch('scenarios/deep/named.snoop', { kernel: 'host' });
  await client.run();
  const outputs = client.messages.filter(({ event }) => event === 'output').map(({ body }) => body.output);
  expect(outputs.join('')).toContain('host is 6.8.0-45-generic, as snoopscope.json names it: an Ubuntu kernel.');
});
