// Programs of thousands of instructions.
import { elaborate, explore, parse, profileNamed } from '@snoopscope/sim-core';
import { expect, test, vi } from 'vitest';
import { Bits } from '../../sim-core/src/explore/bits.ts';

function straightLine(instructions: number): string {
  const moves = Array.from({ length: instructions }, (_, i) => `  mov [x], ${i % 7}`);
  return [
    'machine {',
    '  cpu intel count=1',
    '  memory x = 0',
    '}',
    'setup {',
    '  kvm = open("/dev/kvm", O_RDWR)',
    '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    '  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
    '}',
    'vcpu 0 cpu=0 {',
    ...moves,
    '}',
    'exists [x] == 0',
  ].join('\n');
}

/** Sets of slots that were gone through, or compared, until everything is known. */
function setsLookedAt(instructions: number): number {
  const { model } = elaborate(parse(straightLine(instructions)), { profile: profileNamed('v6.12')! });
  const looks = [vi.spyOn(Bits.prototype, 'members'), vi.spyOn(Bits.prototype, 'within')];
  const { complete, states } = explore(model!, { maxStates: 100_000 });
  expect({ complete, states }).toEqual({ complete: true, states: instructions + 1 });
  const times = looks.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  for (const look of looks) look.mockRestore();
  return times;
}

test('what looks ahead does not go through the whole program at each instruction', () => {
  const instructions = 2500;
  const looks = setsLookedAt(instructions);
  expect(looks).toBeGreaterThan(instructions);
  // Some twenty for each; it was four thousand.
  expect(looks / instructions).toBeLessThan(100);
});
