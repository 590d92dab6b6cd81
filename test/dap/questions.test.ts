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

test('`why` of a kind of finding explains the last one of it', async () => {
  const client = new DapClient();
  await client.launch('scenarios/iommufd/enforcement-over-live-mappings.snoop');
  const { threadId } = await client.run();
  await client.move('continue', { threadId });
  await client.move('continue', { threadId });
  const ask = async (expression: string): Promise<string> =>
    (await client.request('evaluate', { expression, context: 'repl' })).result;
  expect(await ask('why belief')).toMatch(/^belief: .*\n1\. gpu is open and can read and write past the caches/);
  expect(await ask('why stale-read')).toMatch(/^stale-read: gpu read an old value of x\n1\. /);
  expect(await ask('why deadlock')).toBe('No deadlock was found up to here.');
});

test('what changed an entry of an IOMMU is said with what it was and is', async () => {
  const ask = await atFirstStop('iommufd/enforcement-over-live-mappings');
  expect(await ask('who iopte x')).toContain('iopte of x in domain 0: not present → RW, SNP clear');
  expect(await ask('who iopte y')).toContain('iopte of y in domain 0: not present → RW, SNP set');
  expect(await ask('who attached')).toContain('can read and write past the caches; iommufd_device_attach()');
});

test('of several variables of a name each can be asked for', async () => {
  const ask = await atFirstStop('iommu/arm64-kvm-counts-nothing');
  expect(await ask('who iopte x')).toBe(
    'refused: iopte x is several variables: `domain 0 iopte x`, `domain 1 iopte x`.',
  );
  expect(await ask('domain 1 iopte x')).toBe('not present');
  const locks = await atFirstStop('kvm-vfio/release-and-open-take-locks-crosswise');
  expect(await locks('who group->group_lock')).toBe(
    'refused: group->group_lock is several variables: `group->group_lock of group 1`, `group->group_lock of group 30`.',
  );
  expect(await locks('group->group_lock of group 30')).toBe('held by opener');
  expect(await locks('why kvm->lock')).toMatch(/^`kvm->lock` is not a fact.*\n`who kvm->lock` says who wrote it\.$/);
});

test('on CPUs that are not x86 nothing is explained with what only x86 has', async () => {
  const ask = await atFirstStop('iommu/arm64-kvm-counts-nothing');
  expect(await ask('why noncoherent(vm)')).toContain(
    'KVM counts on x86 only: on arm64 kvm_arch_register_noncoherent_dma() is empty',
  );
  for (const fact of ['ept(vm, x)', 'memtype(vcpu0, x)']) {
    expect(await ask(`why ${fact}`)).toContain('On arm64 KVM maps memory as write-back');
    expect(await ask(`why ${fact}`)).not.toMatch(/AMD|PAT|MTRR/);
  }
  const power = await atFirstStop('kvm-vfio/entry-without-table-warns');
  expect(await power('why noncoherent(vm)')).toContain('on power kvm_arch_register_noncoherent_dma() is empty');
});

test('a number that a call has reserved is not shown as a file', async () => {
  const ask = await atFirstStop('kvm-vfio/release-and-open-take-locks-crosswise');
  // close() has taken it from `dev`, and the other thread's call will return it.
  expect(await ask('dev')).toBe('7');
});

test('a register that is set to what it was, a run at its end, and words that are nearly right', async () => {
  const ask = await atFirstStop('caches/flush-without-fence-comes-late');
  expect(await ask('who vcpu0.eax')).toContain('`mov eax, 0`: the value is the same as before');
  expect(await ask('moves')).toBe('Every actor has finished.');
  expect(await ask('helo')).toMatch(/There is a command `help`\.$/);
  expect(await ask('comand')).toMatch(/; did you mean `command`\?$/);
  expect(await ask('command + flag')).toBe('refused: The expression ends here, but `+` follows.');
});

test('a store that has waited in a buffer is said with the line that executed it, and linked to it', async () => {
  const client = new DapClient();
  await client.launch('scenarios/caches/flush-without-fence-comes-late.snoop');
  const { threadId } = await client.run();
  await client.move('continue', { threadId });
  const { result } = await client.request('evaluate', { expression: 'who command', context: 'repl' });
  expect(result).toContain(
    'by vcpu0, line 36 `mov [command], 1`, whose store waited until commit(cpu0): vcpu0 on cpu0 stores command = 1 (WB)',
  );
  const { valueLocationReference } = await client.request('evaluate', { expression: 'command', context: 'watch' });
  const { line } = await client.request('locations', { locationReference: valueLocationReference });
  expect(line).toBe(36);
});

test('what was changed by hand is said with its value wherever the change is named', async () => {
  const client = new DapClient();
  await client.launch('scenarios/caches/flush-without-fence-comes-late.snoop');
  const { threadId } = await client.run();
  await client.move('continue', { threadId });
  const ask = async (expression: string): Promise<string> =>
    (await client.request('evaluate', { expression, context: 'repl' })).result;
  for (const change of ['command = 4', 'gpu.r0 = 9', 'vm = 3']) {
    await client.move('evaluate', { expression: `set ${change}`, context: 'repl' });
    expect(await ask('trace 1')).toMatch(new RegExp(`you: ${change}$`));
  }
  expect(await ask('who command')).toMatch(/by you: command = 4\n/);
  expect(await ask('branches')).toContain('with gpu.r0 = 9 by hand');
  expect(await ask('diff 1')).toContain('branch 4: you: command = 4');
});

test('after a fact and == its values are completed', async () => {
  const client = new DapClient();
  await client.launch('scenarios/wbinvd/local-cpu-not-flushed.snoop');
  await client.run();
  const labels = async (text: string): Promise<string[]> => {
    const { targets } = await client.request('completions', { text, column: text.length + 1 });
    return targets.map(({ label }: { label: string }) => label);
  };
  expect((await labels('cache(cpu0, x) == ')).sort()).toEqual(['E', 'I', 'M', 'S']);
  expect(await labels('why ept(vm, x) != U')).toEqual(expect.arrayContaining(['UC']));
  expect(await labels('flushes(cpu0) == ')).toContain('x');
});

test('a VM is called as the scenario calls it where nothing is assigned to it', async () => {
  const ask = await atFirstStop('memory-type/moving-a-slot');
  expect(await ask('why noncoherent(vm)')).toContain('1. No device is assigned to vm: nothing was opened through VFIO');
});
