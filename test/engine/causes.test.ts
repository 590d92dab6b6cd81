/** The decisive step in the chains of stale reads and lost writes that no scenario of the gallery ends in. */
import { EVENT_WIDTH, elaborate, NOTE, parse, profileNamed, Run, typedSchedule, why } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { READS, RING, type Rule, scenarioOf, UNCACHED_BY_MTRR } from './cache-rule.ts';

const HOLE = ['wrmsr IA32_MTRR_PHYSBASE0, 0x300000', 'wrmsr IA32_MTRR_PHYSMASK0, 0xfffdff800'];

test.each<[string, Partial<Rule> & { readonly schedule?: string }, RegExp]>([
  [
    'a kernel that ignores MTRRs',
    { guest: [...UNCACHED_BY_MTRR, 'mov [x], 1', RING] },
    /^The guest's MTRRs make the page UC \(vcpu0, line \d+\); v6\.12 does not look at them/,
  ],
  [
    'a mask with a hole, which KVM reads otherwise',
    { kernel: 'v6.9', memory: ['memory x = 0 at=0x100000', 'memory f = 0'], guest: [...HOLE, 'mov [x], 1', RING] },
    /^The guest's MTRRs make the page UC .* KVM reads WB in them: it treats a variable range as contiguous/,
  ],
  [
    'a store to write-through memory',
    { untold: true, guest: ['pat x = WT', 'mov [x], 1', RING] },
    /^vcpu0 stores to memory that the guest makes write-through: from here on x must be in DRAM/,
  ],
  [
    'a group that was taken from KVM',
    {
      guest: ['mov [x], 1', 'wait [f] == 1', 'wbinvd', RING],
      actors: [
        'thread qemu {',
        'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[group]}) = 0',
        '}',
        'host {',
        'mov [f], 1 cpu=1',
        '}',
      ],
      schedule: 'vcpu0 qemu host vcpu0*3 gpu*2',
    },
    /^The count went back to 0 in .*\(qemu, line \d+\): gpu is open, and KVM no longer has it on its list\.$/,
  ],
  [
    'a host that stores beside what the device wrote',
    {
      memory: ['memory x y = 0 0', 'memory f = 0'],
      guest: ['mov eax, [x]', RING],
      device: ['wait bell == 1', 'MWr y, 7 ns'],
      actors: ['host {', 'wait [y] == 7', 'mov [x], 1 cpu=0', 'evict x cpu=0', '}'],
    },
    /^cpu0 writes its modified line, with the old y, back over it \(host, line \d+\)\.$/,
  ],
])('the chain names %s', (_, rule, expected) => {
  const text = scenarioOf({ guest: [], device: READS, holds: [], ...rule });
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(rule.kernel ?? 'v6.12')! });
  if (!model) throw new Error(`${diagnostics[0]?.message}\n${text}`);
  const { moves } = typedSchedule(model, rule.schedule ?? '');
  const run = new Run(model, { schedule: moves, granularity: 'statement' });
  run.runToEnd();
  const finding = Array.from({ length: run.events }, (__, event) => event).filter((event) => {
    const chain = run.log[event * EVENT_WIDTH] === NOTE.finding ? why(run, event) : undefined;
    return chain && ['stale-read', 'lost-write'].includes(chain.finding);
  });
  const links = finding.flatMap((event) => why(run, event).links.map((link) => link.text));
  expect(links).toContainEqual(expect.stringMatching(expected));
});
