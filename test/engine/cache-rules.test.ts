/**
 * Rules of caches, write buffers and flushes that a guest may rely on, and those that it may not, each as a small program
 * over all interleavings. What the hardware leaves open must not be blamed on the host. docs/hardware.md has the manuals.
 */
import { checkScenario, parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { BUFFER_RULES } from './buffer-rules.ts';
import { LATE, NO_BLAME, READS, READS_FLAG, RING, type Rule, scenarioOf, UNCACHED_BY_MTRR } from './cache-rule.ts';

const RULES: Readonly<Record<string, Rule>> = {
  'an unfenced non-temporal store may come after a flushed one': {
    guest: ['movnti [x], 1', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'an uncached store, such as a doorbell, drains it': {
    guest: ['movnti [x], 1', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'SFENCE drains it': {
    guest: ['movnti [x], 1', 'sfence', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'CLFLUSH drains the write buffer of its line': {
    guest: ['movnti [x], 1', 'clflush [x]', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a write-through store is in memory': {
    guest: ['pat x = WT', 'mov [x], 1', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'a store to write-back memory is not, and nobody promised it': {
    guest: ['mov [x], 1', RING],
    device: READS,
    holds: ['exists gpu.r0 == 0', 'exists unflushed-read', ...NO_BLAME],
  },
  'WBNOINVD writes back': {
    guest: ['mov [x], 1', 'wbnoinvd', RING],
    device: READS,
    holds: ['~exists gpu.r0 == 0', ...NO_BLAME],
  },
  'WBNOINVD that no hypervisor turns into WBINVD keeps the line, which may be old after a device wrote past it': {
    options: 'self-snoop=off wbinvd-exit=off',
    guest: ['mov eax, [x]', RING, 'wait [gpu.status] == 1', 'wbnoinvd', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['exists vcpu0.ebx == 0', ...NO_BLAME],
  },
  'WBINVD does not': {
    guest: ['mov eax, [x]', RING, 'wait [gpu.status] == 1', 'wbinvd', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['~exists vcpu0.ebx == 0', ...NO_BLAME],
  },
  'CLFLUSHOPT without a fence may be late': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'mov [f], 1', 'clflushopt [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'with SFENCE it is not': {
    options: 'self-snoop=off store-buffer=on',
    guest: ['mov [x], 1', 'clflushopt [x]', 'sfence', 'mov [f], 1', 'clflushopt [f]'],
    device: READS_FLAG,
    holds: [`~${LATE}`, ...NO_BLAME],
  },
  'a clean old line of another CPU may be supplied': {
    options: 'self-snoop=off clean-supply=on',
    guest: ['mov eax, [x]', RING],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    other: ['wait [gpu.status] == 1', 'mov ebx, [x]'],
    holds: ['exists vcpu1.ebx == 0', 'exists vcpu1.ebx == 7', ...NO_BLAME],
  },
  'without clean supply memory answers': {
    guest: ['mov eax, [x]', RING],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    other: ['wait [gpu.status] == 1', 'mov ebx, [x]'],
    holds: ['~exists vcpu1.ebx == 0', ...NO_BLAME],
  },

  // --- memory types ----------------------------------------------------------------------------------------------
  'with self-snoop an uncached load writes back the line that it finds modified': {
    options: 'self-snoop=on',
    guest: ['mov [x], 1', 'pat x = UC', 'mov eax, [x]', RING],
    device: READS,
    holds: ['forall vcpu0.eax == 1 && gpu.r0 == 1', ...NO_BLAME],
  },
  'without, it reads what is below': {
    guest: ['mov [x], 1', 'pat x = UC', 'mov eax, [x]', RING],
    device: READS,
    holds: ['forall vcpu0.eax == 0 && gpu.r0 == 0', ...NO_BLAME],
  },
  'an AMD CPU looks into the caches for write-combining accesses, too': {
    vendor: 'amd',
    options: '',
    guest: ['mov [x], 1', 'pat x = WC', 'mov eax, [x]'],
    device: [],
    holds: ['forall vcpu0.eax == 1 && cache(cpu0, x) == I', ...NO_BLAME],
  },
  'a copy of write-through memory may be old after a device wrote past it': {
    guest: ['pat x = WT', 'mov eax, [x]', RING, 'wait [gpu.status] == 1', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall vcpu0.ebx == 0', ...NO_BLAME],
  },
  'a copy of write-protected memory as well': {
    guest: ['pat x = WP', 'mov eax, [x]', RING, 'wait [gpu.status] == 1', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall vcpu0.ebx == 0', ...NO_BLAME],
  },
  'a host that makes write-through memory write-back breaks its promise': {
    untold: true,
    guest: ['pat x = WT', 'mov [x], 1', RING],
    device: READS,
    holds: ['forall gpu.r0 == 0', 'exists stale-read'],
  },
  'write-protected memory likewise': {
    untold: true,
    guest: ['pat x = WP', 'mov [x], 1', RING],
    device: READS,
    holds: ['forall gpu.r0 == 0', 'exists stale-read'],
  },
  'and write-combining memory after a fence': {
    untold: true,
    guest: ['pat x = WC', 'mov [x], 1', 'sfence', RING],
    device: READS,
    holds: ['forall gpu.r0 == 0', 'exists stale-read'],
  },
  'but nobody promised a write-combining store without one': {
    untold: true,
    guest: ['pat x = WC', 'mov [x], 1', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, ...NO_BLAME],
  },
  'a write-combining load promises nothing of other lines, whatever the host makes of it': {
    untold: true,
    guest: ['pat f = WC', 'movnti [x], 1', 'mov eax, [f]'],
    device: ['r0 = MRd x ns'],
    holds: ['exists gpu.r0 == 0', ...NO_BLAME],
  },
  'an MTRR makes a page uncached, which KVM follows up to v6.10': {
    kernel: 'v6.9',
    guest: [...UNCACHED_BY_MTRR, 'mov [x], 1', RING],
    device: READS,
    holds: ['forall gpu.r0 == 1', ...NO_BLAME],
  },
  'and later does not': {
    guest: [...UNCACHED_BY_MTRR, 'mov [x], 1', RING],
    device: READS,
    holds: ['forall gpu.r0 == 0', 'exists stale-read'],
  },
  'an MTRR that says UC and a PAT that says WC are WC': {
    kernel: 'v6.9',
    guest: [...UNCACHED_BY_MTRR, 'pat x = WC', 'mov [x], 1', 'mov [f], 1', 'clflush [f]'],
    device: READS_FLAG,
    holds: [LATE, 'forall memtype(vcpu0, x) == WC', ...NO_BLAME],
  },
  'one page of 2 MiB that an MTRR makes uncached splits the leaf': {
    kernel: 'v6.9',
    memory: ['memory x = 0 at=0x200000 backing=huge', 'memory f = 0 at=0x201000 backing=huge'],
    guest: [
      'wrmsr IA32_MTRR_PHYSBASE0, 0x201000',
      'wrmsr IA32_MTRR_PHYSMASK0, 0xffffff800',
      'mov [x], 1',
      'mov [f], 1',
    ],
    device: READS_FLAG,
    holds: ['forall memtype(vcpu0, x) == WB && memtype(vcpu0, f) == UC', 'exists gpu.r0 == 1', ...NO_BLAME],
  },
  'a mask with a hole matches both of its ranges on bare metal': {
    guest: ['wrmsr IA32_MTRR_PHYSBASE0, 0x300000', 'wrmsr IA32_MTRR_PHYSMASK0, 0xfffdff800', 'mov [x], 1', RING],
    memory: ['memory x = 0 at=0x100000', 'memory f = 0'],
    device: READS,
    holds: ['forall gpu.r0 == 0', 'exists stale-read'],
  },
  'with CR0.CD set lines that were cached still hit': {
    guest: ['mov [x], 1', 'mov cr0, 0x40000000', 'mov [x], 2', RING],
    device: READS,
    holds: ['exists unflushed-read', ...NO_BLAME],
  },
  'and what is written after WBINVD is in memory': {
    guest: ['mov [x], 1', 'mov cr0, 0x40000000', 'wbinvd', 'mov [x], 2', RING],
    device: READS,
    holds: ['exists stale-read'],
  },
  // --- lines, flushes, devices -----------------------------------------------------------------------------------
  'a device finds nothing old below a clean line': {
    guest: ['mov eax, [x]', RING],
    device: READS,
    holds: ['forall gpu.r0 == 0', '~exists unflushed-read', ...NO_BLAME],
  },
  'a snooped read finds the modified line': {
    guest: ['mov [x], 1', RING],
    device: ['wait bell == 1', 'r0 = MRd x'],
    holds: ['forall gpu.r0 == 1', '~exists unflushed-read', ...NO_BLAME],
  },
  'an IOMMU with snoop control makes No Snoop snooped': {
    snoopControl: 'on',
    guest: ['mov [x], 1', RING, 'wait [gpu.status] == 1', 'mov eax, [x]'],
    device: ['wait bell == 1', 'r0 = MRd x ns', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall gpu.r0 == 1 && vcpu0.eax == 7 && noncoherent(vm) == 0', ...NO_BLAME],
  },
  'a backdoor sets Enable No Snoop again': {
    deviceOptions: 'backdoor=on',
    guest: ['mov [x], 1', RING],
    device: ['wait bell == 1', 'CfgWr DevCtl, 0', 'r0 = MRd x ns'],
    holds: ['forall gpu.r0 == 0', ...NO_BLAME],
  },
  'CLFLUSH drops the copies of all CPUs, which none can supply then': {
    options: 'self-snoop=off clean-supply=on',
    guest: ['mov eax, [x]', RING, 'wait [gpu.status] == 1', 'clflush [x]', 'mov [gpu.bell], 2'],
    other: ['wait [gpu.bell] == 2', 'mov ebx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall vcpu1.ebx == 7', ...NO_BLAME],
  },
  'WBINVD drops its own only': {
    options: 'self-snoop=off clean-supply=on',
    guest: ['mov eax, [x]', 'wait [gpu.status] == 1', 'wbinvd', 'mov ebx, [x]'],
    other: ['mov eax, [x]', RING],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['exists vcpu0.ebx == 0', 'exists vcpu0.ebx == 7', ...NO_BLAME],
  },
  'CLWB keeps a line, which may be old after a device wrote past it': {
    guest: ['mov [x], 1', 'clwb [x]', RING, 'wait [gpu.status] == 1', 'mov eax, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['exists vcpu0.eax == 1', ...NO_BLAME],
  },
  'a neighbour that is modified destroys what a device writes past it': {
    memory: ['memory x y = 0 0', 'memory f = 0'],
    guest: ['mov [y], 1', RING, 'wait [gpu.status] == 1', 'clflush [y]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall [x] == 0', ...NO_BLAME],
  },
  'WBINVD before the write saves it': {
    memory: ['memory x y = 0 0', 'memory f = 0'],
    guest: ['mov [y], 1', 'wbinvd', RING, 'wait [gpu.status] == 1', 'clflush [y]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'mov status, 1'],
    holds: ['forall [x] == 7', ...NO_BLAME],
  },
  'a line may be fetched again after WBINVD, before the device writes': {
    allow: ['prefetch x'],
    micro: true,
    guest: ['wbinvd', 'mov eax, [x]'],
    device: ['MWr x, 7 ns'],
    holds: ['exists vcpu0.eax == 0 && [x] == 0 || vcpu0.eax == 7', ...NO_BLAME],
  },
  'a posted write is in memory when its MSI arrives, and an old copy is still the guest’s to flush': {
    deviceOptions: 'posted-writes=2',
    guest: ['mov eax, [x]', RING, 'wait [gpu.msi0] == 1', 'mov ebx, [x]', 'clflush [x]', 'mov ecx, [x]'],
    device: ['wait bell == 1', 'MWr x, 7 ns', 'msi 0'],
    holds: ['exists vcpu0.ebx == 0', 'forall vcpu0.ecx == 7', ...NO_BLAME],
  },
  'WBINVD reaches the CPU that the vCPU was on before': {
    guest: ['mov [x], 1', 'wbinvd', RING],
    device: READS,
    actors: ['host {', 'migrate vcpu0 cpu=1', '}'],
    holds: ['forall gpu.r0 == 1', ...NO_BLAME],
  },
  'a group that was taken from KVM while its device still runs': {
    guest: ['mov [x], 1', 'wait [f] == 1', 'wbinvd', RING],
    device: READS,
    actors: [
      'thread qemu {',
      'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[group]}) = 0',
      '}',
      'host {',
      'wait [gpu.bell] == 0',
      'mov [f], 1 cpu=0',
      '}',
    ],
    holds: ['exists gpu.r0 == 0 && stale-read', 'exists gpu.r0 == 1'],
  },
};

describe('over all interleavings', () => {
  test.each(Object.entries({ ...RULES, ...BUFFER_RULES }))('%s', (_, rule) => {
    for (const granularity of rule.micro ? (['statement', 'micro'] as const) : (['statement'] as const)) {
      const { diagnostics, kernels } = checkScenario(parse(scenarioOf(rule)), { explore: { granularity } });
      expect(diagnostics).toEqual([]);
      const [verdict] = kernels;
      expect(verdict?.exploration.complete).toBe(true);
      const failed = verdict?.conditions.filter(({ holds }) => holds !== true).map(({ text }) => text);
      expect(failed).toEqual([]);
      expect(verdict?.conditions.length).toBe(rule.holds.length);
    }
  });
});
