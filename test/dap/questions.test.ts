// What users type in the console, and what they are told.
import { expect, test } from 'vitest';
import { DapClient } from './client.ts';

async function atFirstStop(scenario: string, launch: object = {}) {
  const client = new DapClient();
  await client.launch(`scenarios/${scenario}.snoop`, launch);
  const { threadId } = await client.run();
  await client.move('continue', { threadId });
  return async (expression: string): Promise<string> => {
    const { success, message, body } = await client.send('evaluate', { expression, context: 'repl' });
    return success ? body.result : `refused: ${message}`;
  };
}

test('a lock is asked for by its name, as the scopes have it', async () => {
  const ask = await atFirstStop('kvm-vfio/release-and-open-take-locks-crosswise');
  expect(await ask('kvm->lock')).toBe('held by closer');
  expect(await ask('who kvm->lock')).toMatch(
    /^kvm->lock was written last in micro-step \d+ by closer, line 29 .*takes kvm->lock/,
  );
  expect((await ask('history kvm->lock')).split('\n').length).toBeGreaterThan(3);
  expect(await ask('who kvm->mutex')).toBe(
    'refused: No lock is named kvm->mutex here. The scope Locks lists all locks.',
  );
});

test('a variable of a scope is asked for by its name', async () => {
  expect(await (await atFirstStop('wbinvd/registered-late-misses-first-cpu'))('who wbinvd_dirty_mask')).toMatch(
    /line 35 `wbinvd`: wbinvd_dirty_mask of vcpu0: cpu1 → empty/,
  );
  expect(await (await atFirstStop('pcie/enable-no-snoop-cleared-set-again'))('who Enable No Snoop')).toMatch(
    /by gpu, line 43 .*Enable No Snoop of gpu: no → yes/,
  );
});

test('the history of a fact has what changed it, and nothing of when its VM was made', async () => {
  const ask = await atFirstStop('kvm-vfio/second-group-removed-stays-noncoherent');
  const lines = (await ask('history noncoherent(vm)')).split('\n');
  expect(lines).toEqual([expect.stringContaining('noncoherent_dma_count of vm: 0 → 1'), '`go 47` goes there.']);
});

test('`why` explains what a step has found before the call that failed because of it', async () => {
  const ask = await atFirstStop('vfio/map-races-with-last-group-leaving');
  expect(await ask('why')).toMatch(/^use-after-free: the kernel used iommu_data/);
});

test('`why` of what has no causes of its own says what to ask instead', async () => {
  const ask = await atFirstStop('wbinvd/local-cpu-not-flushed');
  expect(await ask('why x')).toMatch(/is not a fact.*\n`who x` says who wrote it\.$/);
  expect(await ask('why nothing')).not.toContain('who nothing');
});
