// Data breakpoints beside the plain way to the same answer: looking at the variable at every position of the run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DapClient, repositoryFiles, root } from './client.ts';

const gallery = readdirSync(path.join(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.snoop'))
  .map((name) => `scenarios/${name.replaceAll('\\', '/')}`)
  .sort();
/** Only descriptors change in a scenario without memory and devices, and they are in no scope that is looked at here. */
const watchedScenario = (name: string): boolean =>
  /^ *(?:memory|device) /m.test(readFileSync(path.join(root, name), 'utf8'));
/** Every fourth: kvm-vfio lists, caches, IOMMU entries and VMs that go are all among them. */
const programs = gallery.filter(watchedScenario).filter((_, index) => index % 4 === 0);

test.each(programs)('%s stops where a variable changes, and nowhere else, forwards and back', async (program) => {
  const client = new DapClient();
  await client.launch(program, { maxSteps: 400 });
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.run();
  await client.move('continue', { threadId: 1 });
  const { position: end } = await client.request('snoopscope/position');
  const ids = await watchable(client);
  expect(ids.size).toBeGreaterThan(0);
  const texts: ReadonlyMap<string, string>[] = [];
  for (let position = 0; position <= end; position++) {
    await client.move('snoopscope/seek', { position });
    texts.push(await allTexts(client));
  }
  for (const [label, dataId] of ids) {
    const changes = texts.flatMap((now, position) => {
      const before = texts[position - 1]?.get(label);
      return position > 0 && before !== undefined && now.get(label) !== before ? [position] : [];
    });
    await client.request('setDataBreakpoints', { breakpoints: [{ dataId }] });
    await client.move('snoopscope/seek', { position: 0 });
    expect([label, await stops(client, 'continue')]).toEqual([label, changes]);
    expect([label, await stops(client, 'reverseContinue')]).toEqual([label, changes.toReversed()]);
  }
});

test.each([
  { accessType: 'read' },
  { accessType: 'readWrite' },
  { mode: 'cpu', accessType: 'readWrite' },
  { mode: 'device', accessType: 'readWrite' },
  { condition: '[x] == 1' },
  { condition: '[y] == 1', accessType: 'readWrite' },
  { condition: '[y] == 9' },
  { condition: 'flushes(cpu0) == 0 && [y] == 1', accessType: 'readWrite' },
  { hitCondition: '% 3', accessType: 'readWrite' },
  { hitCondition: '>= 4', condition: '[x] == 2' },
])('%j: the same stops forwards and back, and back from wherever one asks', async ({ mode, ...more }) => {
  const client = new DapClient(repositoryFiles({ 'loop.snoop': LOOP }));
  await client.launch('loop.snoop', { maxSteps: 150, kernel: 'v6.12' });
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.run();
  const { dataId } = await client.request('dataBreakpointInfo', { name: 'x', ...(mode && { mode }) });
  await client.request('setDataBreakpoints', { breakpoints: [{ dataId, ...more }] });
  const forwards = await positions(client, 'continue');
  expect(forwards.length).toBeGreaterThan(more.condition === '[y] == 9' ? -1 : 2);
  expect(await positions(client, 'reverseContinue')).toEqual(forwards.toReversed());
  // A search that begins in the middle, with nothing known of what comes before.
  for (const position of [40, 90, 141]) {
    // Hits are counted from where one sets a breakpoint: here from the beginning.
    if (!more.hitCondition) await client.request('setDataBreakpoints', { breakpoints: [] });
    await client.move('snoopscope/seek', { position });
    await client.request('setDataBreakpoints', { breakpoints: [{ dataId, ...more }] });
    await client.move('reverseContinue', { threadId: 1 });
    const found = (await client.request('snoopscope/position')).position;
    expect([position, found]).toEqual([position, forwards.findLast((one) => one < position) ?? 0]);
  }
});

test.each(['data', 'line'])(
  'hits of a %s breakpoint are counted from where the session was when it was set',
  async (kind) => {
    const client = new DapClient(repositoryFiles({ 'loop.snoop': LOOP }));
    await client.launch('loop.snoop', { maxSteps: 150, kernel: 'v6.12' });
    await client.request('setExceptionBreakpoints', { filters: [] });
    await client.run();
    const { dataId } = await client.request('dataBreakpointInfo', { name: 'x' });
    const set = (hitCondition?: string, more: object[] = []) => {
      const counted = hitCondition === undefined ? {} : { hitCondition };
      return kind === 'data'
        ? client.request('setDataBreakpoints', { breakpoints: [{ dataId, ...counted }, ...more] })
        : client.request('setBreakpoints', {
            source: { path: 'loop.snoop' },
            breakpoints: [{ line: 11, ...counted }, ...more],
          });
    };
    const reason = kind === 'data' ? 'data breakpoint' : 'breakpoint';
    await set();
    const all = await positions(client, 'continue', reason);
    const here = Math.trunc((all[5]! + all[6]!) / 2);
    const [before, after] = [all.filter((one) => one < here).toReversed(), all.filter((one) => one > here)];
    const from = async (hitCondition: string): Promise<void> => {
      await set();
      await client.move('snoopscope/seek', { position: here });
      await set(hitCondition);
    };
    for (const [hitCondition, wanted] of [
      ['3', (hits: number[]) => hits.slice(2, 3)],
      ['>= 2', (hits: number[]) => hits.slice(1)],
      ['% 2', (hits: number[]) => hits.filter((_, index) => index % 2 === 1)],
    ] as const) {
      await from(hitCondition);
      expect([hitCondition, await positions(client, 'continue', reason)]).toEqual([hitCondition, wanted(after)]);
      // The same stops on the way back, and then the ones that are counted backwards.
      const back = [...wanted(after).toReversed(), ...wanted(before)];
      expect([hitCondition, await positions(client, 'reverseContinue', reason)]).toEqual([hitCondition, back]);
    }
    // A client sends what it had along with each new one: that counts on.
    await from('3');
    await client.move('continue', { threadId: 1 });
    await set('3', kind === 'data' ? [] : [{ line: 999 }]);
    expect((await client.request('snoopscope/position')).position).toBe(after[2]);
    expect(await positions(client, 'continue', reason)).toEqual([]);
    // A new run is counted from its beginning.
    await client.move('restart', {});
    expect(await positions(client, 'continue', reason)).toEqual([all[2]]);
  },
);

const LOOP = `machine {
  cpu intel
  device gpu 0000:01:00.0 no-snoop=on
  memory x = 0
  memory y = 0
}

host {
  loop {
    mov [x], 1
    mov eax, [x]
    mov [y], 1
    mov [x], 1
    mov [x], 2
    mov [y], 0
  }
}

device gpu {
  loop {
    r0 = MRd x
    MWr x, 2
  }
}

schedule host*7 gpu*2 host*9 gpu*3 host*11 gpu host*13 gpu*5 host*12 gpu*7
`;

/** Positions of the stops on the way to an end of the run. */
async function positions(client: DapClient, command: string, wanted = 'data breakpoint'): Promise<number[]> {
  const all: number[] = [];
  for (;;) {
    const { reason } = await client.move(command, { threadId: 1 });
    if (reason !== wanted) return all;
    all.push((await client.request('snoopscope/position')).position);
  }
}

/** Positions of the stops at data breakpoints on the way to an end of the run. */
async function stops(client: DapClient, command: string): Promise<number[]> {
  const positions: number[] = [];
  for (;;) {
    const { reason, text } = await client.move(command, { threadId: 1 });
    if (reason !== 'data breakpoint') return positions;
    expect(text).toMatch(/(→|not there any more).*\n(.*\n)*by \S/);
    positions.push((await client.request('snoopscope/position')).position);
  }
}

const SCOPES = ['Memory', 'Caches', 'VM', 'kvm-vfio', 'VFIO', 'IOMMU'];

/** The variables at the first two levels of the scopes, with the id by which each is watched. */
async function watchable(client: DapClient): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  await eachVariable(client, async (reference, name) => {
    const { dataId } = await client.request('dataBreakpointInfo', { variablesReference: reference, name });
    expect(typeof dataId).toBe('string');
    // What the id says is where the variable is found: the same at every position.
    ids.set(JSON.parse(dataId).join(' '), dataId);
  });
  return ids;
}

/** What the Variables view shows of them, by the same names. */
async function allTexts(client: DapClient): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  await eachVariable(client, async (reference, name, value, inner) => {
    const { dataId } = await client.request('dataBreakpointInfo', { variablesReference: reference, name });
    const id: string[] = JSON.parse(dataId);
    const whole = id[1] === 'Memory' || (id[1] === 'Caches' && id.length > 4);
    const below = inner === 0 || whole ? [] : await opened(client, inner, id[1] === 'Caches');
    texts.set(id.join(' '), [value, ...below].join('\n'));
  });
  return texts;
}

/** `open` of the client, without what is inside a line of a cache: its value says it. */
async function opened(client: DapClient, reference: number, flat: boolean): Promise<string[]> {
  return client.open(reference, '', flat ? 1 : 8);
}

type Visit = (reference: number, name: string, value: string, inner: number) => Promise<void>;

async function eachVariable(client: DapClient, visit: Visit): Promise<void> {
  const { threads } = await client.request('threads');
  const [frame] = await client.stack(threads[0].id);
  const { scopes } = await client.request('scopes', { frameId: frame?.id });
  for (const { name: scope, variablesReference } of scopes) {
    if (!SCOPES.includes(scope)) continue;
    for (const variable of await client.variables(variablesReference)) {
      await visit(variablesReference, variable.name, variable.value, variable.variablesReference);
      if (variable.variablesReference === 0 || scope === 'Memory') continue;
      for (const { name, value, variablesReference: inner } of await client.variables(variable.variablesReference))
        await visit(variable.variablesReference, name, value, inner);
    }
  }
}

test('of a range of words each change and access names its word', async () => {
  const client = new DapClient();
  await client.launch('scenarios/wbinvd/mask-cleared-after-migration.snoop');
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.run();
  const { dataId } = await client.request('dataBreakpointInfo', { name: '&x', asAddress: true, bytes: 0x4000 });
  await client.request('setDataBreakpoints', { breakpoints: [{ dataId, accessType: 'readWrite' }] });
  const found: [string, string | undefined][] = [];
  for (;;) {
    const { reason, description, text } = await client.move('continue', { threadId: 1 });
    if (reason !== 'data breakpoint') break;
    found.push([description, text.split('\n')[0]]);
  }
  expect(found).toContainEqual(['began changed', "began: 0 → 1 in cpu0's cache (M); DRAM has 0 (stale)"]);
  expect(found).toContainEqual(['x changed', "x: 0 → 1 in cpu1's cache (M); DRAM has 0 (stale)"]);
  expect(found.at(-1)).toEqual(['x read', 'x was read']);
});

test('a stop says once what happened, and who did it', async () => {
  const client = new DapClient();
  await client.launch('scenarios/wbinvd/local-cpu-not-flushed.snoop');
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.run();
  const byName = await client.request('dataBreakpointInfo', { name: 'x' });
  const byAddress = await client.request('dataBreakpointInfo', { name: '&x', asAddress: true, bytes: 4 });
  await client.request('setDataBreakpoints', {
    breakpoints: [byName, byAddress].map(({ dataId }: { dataId: string }) => ({ dataId, accessType: 'write' })),
  });
  const stop = await client.move('continue', { threadId: 1 });
  expect(stop.description).toBe('x changed');
  expect(stop.text.split('\n')).toEqual([expect.stringMatching(/^x: 0 → 1 /), 'by vcpu0 at mov [x], 1']);
});

test('what somebody else did last is said with one name', async () => {
  const client = new DapClient();
  await client.launch('scenarios/wbinvd/local-cpu-not-flushed.snoop');
  await client.request('setExceptionBreakpoints', { filters: [] });
  await client.run();
  await client.move('continue', { threadId: 1 });
  // The vCPU is looked at while the device has moved last.
  const { stackFrames } = await client.request('stackTrace', { threadId: 3 });
  await client.move('setExpression', { expression: 'gpu.r0', value: '5', frameId: stackFrames[0].id });
  const { text } = await client.move('stepBack', { threadId: 2 });
  expect(text).toContain('\ngpu: MRd x → 0');
});
