// Pages of the kernel's files: only functions that the kernel has, one name each, calls as lines, breakpoints in them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { elaborate, hasFunction, kernelOf, ModelLimit, NOTE, parse, Run } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { DapClient, root } from './client.ts';

const LOCAL = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';

interface Page {
  readonly name: string;
  readonly sourceReference: number;
  readonly lines: readonly string[];
}

async function launched(kernel = 'v5.11', program = LOCAL): Promise<DapClient> {
  const client = new DapClient();
  await client.launch(program, { kernel });
  await client.request('setExceptionBreakpoints', { filters: [] });
  return client;
}

async function pages(client: DapClient): Promise<Page[]> {
  const { sources } = await client.request('loadedSources');
  const all: Page[] = [];
  for (const { name, sourceReference } of sources) {
    if (!sourceReference) continue;
    const { content } = await client.request('source', { sourceReference });
    all.push({ name, sourceReference, lines: content.split('\n') });
  }
  return all;
}

test('a page has no function that the kernel lacks, and no two pages have one name', async () => {
  const old = await pages(await launched('v5.11'));
  const text = old.flatMap(({ lines }) => lines).join('\n');
  expect(text).not.toMatch(/iommufd|amd_iommu|arm_smmu|_cdev|enforce_cache_coherency/);
  expect(new Set(old.map(({ name }) => name)).size).toBe(old.length);
  expect(old.map(({ name }) => name)).toEqual(expect.arrayContaining(['kvm/vfio.c', 'vfio/vfio.c', 'kvm_main.c']));
  const newer = (await pages(await launched('v6.8'))).flatMap(({ lines }) => lines).join('\n');
  expect(newer).toMatch(/iommufd_ioas_map/);
  expect(newer).toMatch(/intel_iommu_enforce_cache_coherency/);
});

test('every kernel function that a scenario of the gallery enters is one that the kernel has', () => {
  const names = readdirSync(path.join(root, 'scenarios'), { recursive: true, encoding: 'utf8' });
  const entered = new Set<string>();
  for (const name of names.filter((one) => one.endsWith('.snoop'))) {
    const parsed = parse(readFileSync(path.join(root, 'scenarios', name), 'utf8'));
    const profile = kernelOf(parsed);
    const { model } = profile ? elaborate(parsed, { profile, includes: () => undefined }) : { model: undefined };
    if (!profile || !model) continue;
    const run = new Run(model, { maxSteps: 5000 });
    try {
      run.runToEnd();
    } catch (error) {
      if (!(error instanceof ModelLimit)) throw error;
    }
    const { routines } = model.world.routines;
    for (let event = 0; event < run.events; event++) {
      if (run.log[event * 4] !== NOTE.call) continue;
      const routine = routines[run.log[event * 4 + 2]!];
      if (routine?.kind !== 'kernel') continue;
      entered.add(routine.name);
      expect([name, profile.name, routine.name, hasFunction(profile, routine.source, routine.name)]).toEqual([
        name,
        profile.name,
        routine.name,
        true,
      ]);
    }
  }
  expect(entered.size).toBeGreaterThan(50);
});

test('a function reads like code: its case, its calls, its branches, the commits that are in it', async () => {
  const vfio = (await pages(await launched())).find(({ name }) => name === 'kvm/vfio.c');
  const from = vfio?.lines.indexOf('kvm_vfio_set_group(dev, filp), KVM_DEV_VFIO_GROUP_ADD') ?? -1;
  const commits = vfio?.lines.slice(0, from).filter((line) => line.startsWith('// since'));
  expect(commits).toContain(
    '// since v4.13: vfio: New external user group/file match https://git.kernel.org/torvalds/c/5d6dee80a1e9',
  );
  expect(vfio?.lines.slice(from, from + 11)).toEqual([
    'kvm_vfio_set_group(dev, filp), KVM_DEV_VFIO_GROUP_ADD',
    '  | take the group as an external user: vfio_group_get_external_user()',
    '    if it is not one, return its errno',
    '  | take kv->lock',
    expect.stringMatching(
      /^ {4}if the group is already in the list, release it; else append it: kvm_arch_start_assignment\(\) → line \d+$/,
    ),
    '  | drop kv->lock',
    '    vfio_group_set_kvm()',
    '    kvm_vfio_update_coherency()',
    '    return ret',
    '  | drop kv->lock',
    '    vfio_group_put_external_user()',
  ]);
});

test('breakpoints in a page stop before a micro-step and at a call, forwards and back', async () => {
  const client = await launched();
  const vfio = (await pages(client)).find(({ name }) => name === 'kvm/vfio.c')!;
  const from = vfio.lines.indexOf('kvm_vfio_set_group(dev, filp), KVM_DEV_VFIO_GROUP_ADD');
  const lineOf = (text: string): number => vfio.lines.findIndex((line, at) => at > from && line.includes(text)) + 1;
  const source = { name: vfio.name, sourceReference: vfio.sourceReference };
  const [lock, call] = [lineOf('take kv->lock'), lineOf('kvm_vfio_update_coherency()')];
  const set = await client.request('setBreakpoints', { source, breakpoints: [{ line: lock - 1 }, { line: call }] });
  expect(set.breakpoints.map(({ verified, line }: { verified: boolean; line: number }) => [verified, line])).toEqual([
    [true, lock],
    [true, call],
  ]);
  await client.run();
  const seen: unknown[] = [];
  let stop = await client.move('continue', { threadId: 1 });
  for (; stop.reason === 'breakpoint'; stop = await client.move('continue', { threadId: 1 }))
    seen.push((await client.stack(stop.threadId)).slice(0, 2).map(({ name, line }) => [name, line]));
  const setAttr = expect.arrayContaining(['kvm_vfio_set_attr']);
  expect(seen).toEqual([
    [['kvm_vfio_set_group', lock], setAttr],
    [['kvm_vfio_set_group', call], setAttr],
    // The second time the group is already on the list.
    [['kvm_vfio_set_group', lock], setAttr],
  ]);
  const back: unknown[] = [];
  for (;;) {
    stop = await client.move('reverseContinue', { threadId: 1 });
    if (stop.reason !== 'breakpoint') break;
    back.push((await client.stack(stop.threadId)).slice(0, 2).map(({ name, line }) => [name, line]));
  }
  expect(back.reverse()).toEqual(seen);
});

test('Step Out lands in the caller, at the line of its next call; Step Into shows that function, Step Over passes it', async () => {
  const client = await launched();
  const { breakpoints } = await client.request('setFunctionBreakpoints', {
    breakpoints: [{ name: 'vfio_group_set_kvm' }],
  });
  expect(breakpoints[0].verified).toBe(true);
  await client.run();
  const top = async (threadId: number): Promise<string[]> => (await client.stack(threadId)).map(({ name }) => name);
  const stop = await client.move('continue', { threadId: 1 });
  expect((await top(stop.threadId))[0]).toBe('vfio_group_set_kvm');
  const out = await client.move('stepOut', { threadId: 1 });
  expect((await top(1))[0]).toBe('kvm_vfio_set_group');
  expect(out.text).toContain('Next in kvm_vfio_set_group: kvm_vfio_update_coherency()');
  await client.move('stepIn', { threadId: 1 });
  expect((await top(1))[0]).toBe('kvm_vfio_update_coherency');
  await client.move('stepBack', { threadId: 1 });
  expect((await top(1))[0]).toBe('kvm_vfio_set_group');
  const over = await client.move('next', { threadId: 1 });
  expect(over.description).toBe('After KVM_SET_DEVICE_ATTR → 0');
});
