// A scenario as large as the limits allow: it is loaded in slices, between which the adapter answers.
import { expect, test } from 'vitest';
import { manyStatements } from '../many-statements.ts';
import { DapClient, repositoryFiles } from './client.ts';

test('while it is loaded a disconnect is answered, and ends the loading', async () => {
  const client = new DapClient(repositoryFiles({ 'large.snoop': manyStatements(90_000).text }));
  await client.request('initialize', { adapterID: 'snoopscope' });
  const order: string[] = [];
  const launched = client.send('launch', { program: 'large.snoop' }).then((answer) => {
    order.push('launch');
    return answer;
  });
  const disconnected = client.send('disconnect').then((answer) => {
    order.push('disconnect');
    return answer;
  });
  expect(await disconnected).toMatchObject({ success: true });
  expect(await launched).toMatchObject({ success: false, message: expect.stringContaining('ended before') });
  expect(order).toEqual(['disconnect', 'launch']);
});

/** A word that is written 100 000 times. */
const BUSY = `machine {
  cpu intel
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov eax, 7
  loop {
    mov [x], 1
  }
}
exists [x] == 1
`;

test('questions about a word that is written all the time are answered at once', async () => {
  const client = new DapClient(repositoryFiles({ 'busy.snoop': BUSY }));
  await client.launch('busy.snoop', { kernel: 'v6.12', maxSteps: 100_000 });
  await client.run();
  await client.move('continue', { threadId: 1 });
  const ask = async (expression: string): Promise<string> => {
    const before = process.cpuUsage();
    const { result } = await client.request('evaluate', { expression, context: 'repl' });
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000, `milliseconds of CPU time for ${expression}`).toBeLessThan(3000);
    return result;
  };
  const history = (await ask('history x')).split('\n');
  expect(history[0]).toMatch(/^100000: written by vcpu0, line 13 `mov \[x\], 1`/);
  expect(history.slice(-2)).toEqual([expect.stringMatching(/^and 99\d{3} before these$/), '`go 100000` goes there.']);
  expect(await ask('who vcpu0.eax')).toMatch(/line 11 `mov eax, 7`/);
  expect(await ask('why')).toMatch(/^Nothing has been found and no call has failed/);
  expect(await ask('why belief')).toBe('No belief was found up to here.');
});
