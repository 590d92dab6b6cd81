/** Each row is one line of design's table of loads and stores: what is where after one access of each type. */
import { History, LINE_STATES, Run } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { guest, modelOf } from './models.ts';

/** With the quirk off the guest's PAT decides alone, so one VM can show every type. */
const setup = '  ioctl(vm, KVM_ENABLE_CAP, {cap=KVM_CAP_DISABLE_QUIRKS2, args=KVM_X86_QUIRK_IGNORE_GUEST_PAT}) = 0\n';

function outcome(body: string): { run: Run; dram: number; cpu0: string; combining: number } {
  // KVM lets nobody switch the quirk off on a CPU without self-snoop.
  const text = guest(body).replace('  vcpu0 =', `${setup}  vcpu0 =`).replace('count=2', 'count=2 self-snoop=on');
  const run = new Run(modelOf(text, 'v6.16'));
  run.runToEnd();
  const { memory, topology } = run.model.world;
  const { state } = run.executor.machine;
  expect(topology.words[0]?.name).toBe('x');
  return {
    run,
    dram: state[memory.dram.base]!,
    cpu0: LINE_STATES[state[memory.lineState.base]!]!,
    combining: state[memory.wcValid.base]!,
  };
}

describe('a store of the type', () => {
  test.each([
    ['WB', 0, 'M', 0],
    ['WT', 1, 'I', 0],
    ['WP', 1, 'I', 0],
    ['UC', 1, 'I', 0],
    ['UC-', 1, 'I', 0],
    ['WC', 0, 'I', 1],
  ])('%s leaves DRAM %i, the line %s, and %i store combining', (type, dram, cpu0, combining) => {
    expect(outcome(`  pat x = ${type}\n  mov [x], 1`)).toMatchObject({ dram, cpu0, combining });
  });

  test.each([['sfence'], ['mfence'], ['wbinvd'], ['mov [gpu.doorbell], 1'], ['hlt']])(
    'WC reaches DRAM at %s',
    (fence) => {
      expect(outcome(`  pat x = WC\n  mov [x], 1\n  ${fence}`)).toMatchObject({ dram: 1, combining: 0 });
    },
  );

  test('WT updates the copy that is there', () => {
    const { run, dram, cpu0 } = outcome('  pat x = WT\n  mov eax, [x]\n  mov [x], 1\n  mov ebx, [x]');
    expect({ dram, cpu0 }).toEqual({ dram: 1, cpu0: 'E' });
    expect(run.executor.machine.state[run.model.registers[1]!.get('ebx')!]).toBe(1);
  });
});

describe('cache control', () => {
  test.each([
    ['clflush [x]', 1, 'I'],
    ['clflushopt [x]', 1, 'I'],
    ['clwb [x]', 1, 'E'],
    // Without non-coherent DMA the VM's WBINVD is skipped, and INVD always is.
    ['wbinvd', 0, 'M'],
    ['invd', 0, 'M'],
  ])('%s after a WB store leaves DRAM %i and the line %s', (instruction, dram, cpu0) => {
    expect(outcome(`  mov [x], 1\n  ${instruction}`)).toMatchObject({ dram, cpu0 });
  });

  test('movnti takes the line out of the caches and combines', () => {
    expect(outcome('  mov [x], 1\n  movnti [x], 2')).toMatchObject({ dram: 1, cpu0: 'I', combining: 1 });
    expect(outcome('  mov [x], 1\n  movnti [x], 2\n  sfence')).toMatchObject({ dram: 2, combining: 0 });
  });
});

test('a line goes with the vCPU from one cache to the other, and DRAM gets it on the way', () => {
  const text = `${guest('  mov [x], 1\n  wait eax == 1')}host {\n  wait [x] == 1\n  mov r0, [x] cpu=1\n}\n`;
  const run = new Run(modelOf(text, 'v6.6'));
  run.runToEnd();
  const { memory } = run.model.world;
  const { state } = run.executor.machine;
  const lines = run.model.world.topology.lines.length;
  expect([state[memory.lineState.base], state[memory.lineState.base + lines]].map((s) => LINE_STATES[s!])).toEqual([
    'S',
    'S',
  ]);
  expect(state[memory.dram.base]).toBe(1);
  expect(new History(run).holders(run.events, 0, 1)).toEqual([]);
});
