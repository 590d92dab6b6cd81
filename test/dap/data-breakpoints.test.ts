// Data breakpoints beside the plain way to the same answer: looking at the variable at every position of the run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DapClient, root } from './client.ts';

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
