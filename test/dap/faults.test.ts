// What ended sessions or misled people, each once.
import { expect, test } from 'vitest';
import { DapClient, type Message, repositoryFiles, type Stop } from './client.ts';

const LOCAL = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';

async function at(program: string, files = repositoryFiles(), more: object = {}): Promise<DapClient> {
  const client = new DapClient(files);
  await client.launch(program, { kernel: 'v5.11', ...more });
  await client.run();
  return client;
}

function stops(client: DapClient): Stop[] {
  return client.messages.filter(({ event }) => event === 'stopped').map(({ body }) => body);
}

async function position(client: DapClient): Promise<number> {
  return (await client.request('snoopscope/position')).position;
}

test('movements sent at once are made one after the other, as if each had waited for the stop before it', async () => {
  const patient = await at(LOCAL);
  const positions: number[] = [];
  for (const command of ['next', 'next', 'next', 'stepBack', 'next']) {
    await patient.move(command, { threadId: 1 });
    positions.push(await position(patient));
  }
  const hasty = await at(LOCAL);
  const before = stops(hasty).length;
  const last = hasty.until(() => stops(hasty).length === before + 5);
  const answers = await Promise.all(
    ['next', 'next', 'next', 'stepBack', 'next'].map((command) => hasty.send(command, { threadId: 1 })),
  );
  await last;
  expect(answers.map(({ success }) => success)).toEqual([true, true, true, true, true]);
  expect(await position(hasty)).toBe(positions.at(-1));
  expect(stops(hasty).map(({ text }) => text)).toEqual(stops(patient).map(({ text }) => text));
});

test('a movement after one that runs for long is refused, and pause ends the long one', async () => {
  const loop =
    'machine {\n  cpu intel\n  memory x = 0\n}\nsetup {\n  loop {\n    kvm = open("/dev/kvm", O_RDWR)\n    close(kvm)\n  }\n}\n';
  const client = await at('loop.snoop', repositoryFiles({ 'loop.snoop': loop }), { kernel: 'v6.12' });
  const stopped = client.event('stopped');
  const [running, refused] = [client.send('continue', { threadId: 1 }), client.send('next', { threadId: 1 })];
  expect((await running).success).toBe(true);
  expect((await refused).message).toBe('The scenario is running: pause it first.');
  await client.request('pause', { threadId: 1 });
  expect((await stopped).body.reason).toBe('pause');
});

test('a stop that no step has led to is announced by continued', async () => {
  const client = await at(LOCAL);
  await client.move('next', { threadId: 1 });
  const from = client.messages.length;
  await client.move('snoopscope/seek', { position: 0 });
  expect(events(client.messages.slice(from))).toEqual(['continued', 'stopped']);
});

test('restart says again what became of the breakpoints', async () => {
  const client = await at(LOCAL);
  const { breakpoints } = await client.request('setBreakpoints', {
    source: { path: LOCAL },
    breakpoints: [{ line: 36 }],
  });
  const from = client.messages.length;
  await client.move('restart');
  const told = client.messages.slice(from).filter(({ event }) => event === 'breakpoint');
  expect(told.map(({ body }) => body)).toEqual([{ reason: 'changed', breakpoint: breakpoints[0] }]);
});

test('a filter that is set plainly and with a condition stops wherever one of them does', async () => {
  const client = await at(LOCAL);
  await client.request('setExceptionBreakpoints', {
    filters: ['group-registration'],
    filterOptions: [{ filterId: 'group-registration', condition: 'errno == EEXIST' }],
  });
  const first = await client.move('continue', { threadId: 1 });
  expect(first.text).toContain('→ 0, vm is non-coherent now');
});

test("a block's closing line is where its actor ends; its first line is nowhere to go", async () => {
  const client = await at(LOCAL);
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.move('continue', { threadId: 1 });
  const source = { path: LOCAL };
  // Lines 34 and 38 of the file: `vcpu 0 cpu=0 {` and its brace.
  expect((await client.send('gotoTargets', { source, line: 34 })).success).toBe(false);
  expect((await client.request('gotoTargets', { source, line: 38 })).targets).toHaveLength(1);
});

test('completion in brackets and in the arguments of a fact offers what fits there', async () => {
  const client = await at(LOCAL);
  const offered = async (text: string): Promise<string[]> =>
    (await client.request('completions', { text, column: text.length + 1 })).targets.map(
      ({ text: inserted, label }: { text?: string; label: string }) => inserted ?? label,
    );
  expect(await offered('[')).toEqual(['x]']);
  expect(await offered('cache(cpu0, ')).toEqual(['x']);
  expect(await offered('exits(vcpu0, W')).toEqual(['WBINVD']);
});

test('a name that holds an id or a result is not shown as the descriptor of that number', async () => {
  const client = await at('scenarios/iommufd/enforcement-over-live-mappings.snoop', repositoryFiles(), {
    kernel: 'v6.8',
  });
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.move('continue', { threadId: 1 });
  const everything = await client.everything();
  expect(everything).not.toMatch(/^\s*ioas = .*standard stream/m);
  expect(everything).not.toMatch(/^\s*attached = .*standard stream/m);
});

test('a line that is reached more often than is listed says so', async () => {
  const client = await at('test/dap/scenarios/endless.snoop', repositoryFiles(), { maxSteps: 2000 });
  await client.move('continue', { threadId: 1 });
  const source = { path: 'test/dap/scenarios/endless.snoop' };
  expect((await client.request('gotoTargets', { source, line: 13 })).targets).toHaveLength(200);
  const outputs = client.messages.flatMap(({ event, body }) => (event === 'output' ? [body.output] : []));
  expect(outputs.join('')).toMatch(/Line 13 is reached \d+ more times, which are not listed/);
});

test('whom the user lets move has not ended, and nobody says so', async () => {
  const client = await at(LOCAL);
  await client.request('setBreakpoints', { source: { path: LOCAL }, breakpoints: [{ line: 35 }] });
  const { threadId } = await client.move('continue', { threadId: 1 });
  const { targets } = await client.request('stepInTargets', { frameId: 256 });
  const other = targets.find(({ label }: { label: string }) => !label.startsWith('gpu')) ?? targets[0];
  const from = client.messages.length;
  await client.move('stepIn', { threadId: threadId + 1, targetId: other.id });
  const outputs = client.messages.slice(from).flatMap(({ event, body }) => (event === 'output' ? [body.output] : []));
  expect(outputs.join('')).not.toContain('has ended');
});

function events(messages: readonly Message[]): string[] {
  return messages.flatMap(({ event }) => event ?? []);
}

test('names of functions with many stars are compared at once', async () => {
  const client = await at(LOCAL);
  const before = process.cpuUsage();
  const names = [`${'*'.repeat(40)}a${'*'.repeat(40)}z`, `${'*a'.repeat(2000)}*`, '*', 'kvm_*_group*', 'kvm*kvm_vfio'];
  const { breakpoints } = await client.request('setFunctionBreakpoints', {
    breakpoints: names.map((name) => ({ name })),
  });
  const { user } = process.cpuUsage(before);
  expect(user / 1000, 'milliseconds of CPU time').toBeLessThan(500);
  expect(breakpoints.map(({ verified }: { verified: boolean }) => verified)).toEqual([false, false, true, true, false]);
});

test('counts below 0 and places outside of a text are not made into frame numbers and columns', async () => {
  const client = await at(LOCAL);
  const refused = async (command: string, args: object): Promise<string | undefined> =>
    (await client.send(command, args)).message;
  expect(await refused('stackTrace', { threadId: 1, startFrame: -5 })).toBe(
    'The argument `startFrame` of stackTrace is a whole number from 0 on.',
  );
  expect(await refused('variables', { variablesReference: 1, start: -1, count: 5 })).toMatch(/`start` of variables/);
  expect(await refused('readMemory', { memoryReference: 'dram@0x100000', count: -8 })).toMatch(/`count` of readMemory/);
  expect(
    await refused('disassemble', { memoryReference: '0x100000', instructionCount: 5, instructionOffset: -1e12 }),
  ).toBe('There is no code below address 0.');
  const { targets } = await client.request('completions', { text: 'who x', column: 1e9 });
  expect(targets).toEqual([expect.objectContaining({ label: 'x', start: 5, length: 1 })]);
});

test('what a client sends at a wrong time or about something else is refused in words', async () => {
  const client = await at(LOCAL);
  expect((await client.send('configurationDone')).message).toBe(
    'The run has already begun: "configurationDone" is sent once.',
  );
  expect((await client.send('source', {})).message).toMatch(/asked for by their `sourceReference`/);
  expect((await client.send('gotoTargets', { source: { sourceReference: 2 }, line: 3 })).message).toMatch(
    /In a page of the kernel nobody can be sent to a line/,
  );
});

test('when a word is changed in memory no copy of it is old', async () => {
  const client = await at(LOCAL);
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.move('continue', { threadId: 1 });
  await client.move('evaluate', { expression: 'set x = 5', context: 'repl' });
  const { result } = await client.request('evaluate', { expression: 'x', context: 'watch' });
  expect(result).toBe('5');
});

test('places for breakpoints are those in the columns that were asked for', async () => {
  const client = await at(LOCAL);
  const places = async (more: object): Promise<number[]> => {
    const args = { source: { path: LOCAL }, line: 35, ...more };
    const { breakpoints } = await client.request('breakpointLocations', args);
    return breakpoints.map(({ column }: { column: number }) => column);
  };
  const [before, after] = await places({});
  expect(before).toBe(3);
  expect(await places({ column: 1, endColumn: 5 })).toEqual([before]);
  expect(await places({ column: 5 })).toEqual([after]);
  expect(await places({ column: 5, endLine: 36 })).toHaveLength(3);
});

test('an actor that cannot move alone says why', async () => {
  const client = await at(LOCAL);
  const said = client.event('output');
  await client.move('next', { threadId: 2, singleThread: true });
  expect((await said).body.output).toBe('vcpu0 cannot move alone: it waits for setup to end.\n');
});

test('a breakpoint on many functions names the one that was called', async () => {
  const client = await at(LOCAL);
  await client.request('setFunctionBreakpoints', { breakpoints: [{ name: 'kvm_vfio_*' }, { name: 'kvm_vfio_*' }] });
  const { text } = await client.move('continue', { threadId: 1 });
  expect(text).toBe('Breakpoint on kvm_vfio_create (kvm_vfio_*): setup in kvm_vfio_create');
});
