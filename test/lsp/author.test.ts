// From an empty file to a scenario that shows a lost WBINVD, by what the server offers alone: names are the author's own.
import { checkScenario, parse } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { type Act, Author } from './author.ts';
import { connected } from './client.ts';

const take = (label: string, choices: Readonly<Record<string, string>> = {}): Act => ({ take: label, choices });
const type = (text: string): Act => ({ type: text });
const goto = (opener: string): Act => ({ goto: opener });
const fix = (title: string, of: string): Act => ({ fix: title, of });
const line = (...acts: readonly Act[]): readonly Act[] => [...acts, { enter: true }];

const PATH: readonly Act[] = [
  // A GPU with No Snoop, on a host whose CPUs do not snoop themselves.
  take('machine'),
  ...line(take('cpu'), type(' '), take('wbinvd-exit'), type(' '), take('self-snoop', { on: 'off' })),
  ...line(take('iommu', { on: 'off' })),
  ...line(take('device')),
  take('memory'),
  // Passed through, and a VM that has a vCPU but no registered group yet.
  goto(''),
  take('setup'),
  ...line(take('open "/dev/vfio/vfio"')),
  ...line(take('open the group')),
  ...line(take('VFIO_GROUP_SET_CONTAINER'), type(' = '), take('0')),
  ...line(take('VFIO_SET_IOMMU')),
  ...line(take('open "/dev/kvm"')),
  ...line(take('KVM_CREATE_VM')),
  ...line(take('KVM_CREATE_DEVICE')),
  take('KVM_CREATE_VCPU'),
  // It stores, is told when the group is registered, flushes and rings.
  goto(''),
  take('vcpu'),
  ...line(take('mov')),
  ...line(take('mov', { x: 'stored' })),
  fix('Declare `memory stored`', 'unknown-word'),
  ...line(take('wait'), type('['), type('plugged'), type('] '), take('==')),
  fix('Declare `memory plugged`', 'unknown-word'),
  take('wbinvd'),
  // Meanwhile it is moved to another pCPU, and there the VMM registers the group.
  goto(''),
  take('host'),
  ...line(take('wait'), type('['), take('stored'), type('] '), take('==')),
  ...line(take('migrate')),
  take('mov', { x: 'moved' }),
  fix('Declare `memory moved`', 'unknown-word'),
  goto(''),
  take('thread'),
  ...line(take('wait'), type('['), take('moved'), type('] '), take('==')),
  ...line(take('KVM_SET_DEVICE_ATTR'), type(' = '), take('0')),
  ...line(take('VFIO_IOMMU_MAP_DMA'), type(' = '), take('0')),
  take('VFIO_GROUP_GET_DEVICE_FD', { device: 'gpufd' }),
  goto('host'),
  ...line(take('wait'), take('gpufd'), type(' '), take('>', { 1: '0' })),
  take('mov', { x: 'plugged' }),
  // The device reads what the vCPU wrote.
  goto(''),
  take('device'),
  ...line(take('wait'), take('doorbell'), type(' '), take('==')),
  take('MRd'),
  fix('Write `[gpu.doorbell]` in vcpu 0 cpu=0', 'waits-for-ever'),
  goto(''),
  take('exists'),
  take('stale-read'),
  type(' '),
  take('&&'),
  take('gpu'),
  take('r0'),
  type(' '),
  take('==', { 1: '0' }),
];

test('a lost WBINVD, from an empty file', async () => {
  const client = connected();
  await client.initialize();
  const author = new Author(client);
  await author.begin();
  for (const act of PATH) await author.act(act);
  const scenario = parse(author.text);
  expect(scenario.diagnostics).toEqual([]);
  const [condition] = scenario.lines.filter(({ content }) => content.kind === 'condition');
  expect(condition?.text).toBe('exists stale-read && gpu.r0 == 0');
  expect(checkScenario(scenario).kernels.map(({ passed }) => passed)).toEqual([true]);
  // Nothing that was taken was far down the list.
  expect(author.worst.place, author.worst.label).toBeLessThan(40);
});
