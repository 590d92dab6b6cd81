/** Posted writes and MSIs: in order, later, bounded by credits, pushed by reads; and none of it without the option. */
import { describe, expect, it } from 'vitest';
import { explore, type Model, parse, Run, traceText } from '../../sim-core/src/index.ts';
import { modelOf } from '../engine/models.ts';

function device(body: string, options: string, rest = ''): Model {
  return modelOf(
    `machine {
  cpu intel
  device gpu 0000:01:00.0 no-snoop=on ${options}
  memory x = 0
  memory y = 0
}
device gpu {
${body}
}
${rest}`,
    'v6.1',
  );
}

/** Every final outcome of the terms that the conditions mention. */
function outcomes(model: Model): string[] {
  const result = explore(model);
  expect(result.complete).toBe(true);
  return result.outcomes.map((o) => o.values.join(' ')).sort();
}

/** The lines of a plain run's trace that speak of TLPs. */
function tlps(model: Model): string[] {
  const run = new Run(model);
  expect(run.runToEnd().kind).toBe('completed');
  return traceText(run, { lineText: () => '' })
    .map((line) => line.trim().replace(/^- /, ''))
    .filter((line) => /^(gpu: M|MSI|environment)/.test(line));
}

describe('posted requests', () => {
  it('arrive in the step that sends them when the device keeps none', () => {
    expect(tlps(device('  MWr x, 1\n  msi 0', ''))).toEqual(['gpu: MWr x = 1 (snooped)', 'MSI 0 of gpu arrives']);
  });

  it('arrive later, first in first out, MSIs among them', () => {
    expect(tlps(device('  MWr x, 1\n  msi 3\n  MWr y, 2 ns', 'posted-writes=4'))).toEqual([
      'gpu: MWr x = 1 is on its way',
      'gpu: MSI 3 is on its way',
      'gpu: MWr y = 2 (asks for no snoop) is on its way',
      'environment: post(gpu)',
      'gpu: MWr x = 1 (snooped)',
      'environment: post(gpu)',
      'MSI 3 of gpu arrives',
      'environment: post(gpu)',
      'gpu: MWr y = 2 (no snoop, the caches are bypassed)',
    ]);
  });

  it('make the device wait when no credit is left', () => {
    expect(tlps(device('  MWr x, 1\n  MWr y, 2', 'posted-writes=1'))).toEqual([
      'gpu: MWr x = 1 is on its way',
      'environment: post(gpu)',
      'gpu: MWr x = 1 (snooped)',
      'gpu: MWr y = 2 is on its way',
      'environment: post(gpu)',
      'gpu: MWr y = 2 (snooped)',
    ]);
  });

  it('are pushed by a read of the same device', () => {
    expect(tlps(device('  MWr x, 1\n  MWr y, 2\n  r0 = MRd x', 'posted-writes=4')).slice(2)).toEqual([
      'gpu: MWr x = 1 (snooped)',
      'gpu: MWr y = 2 (snooped)',
      'gpu: MRd x → 1 (snooped)',
    ]);
  });

  it('carry the attribute that Device Control let them have when they were sent', () => {
    const lines = tlps(
      device('  MWr x, 1 ns\n  CfgWr DevCtl, 0\n  MWr y, 2 ns\n  CfgWr DevCtl, 0x800', 'posted-writes=4'),
    );
    expect(lines.filter((line) => line.includes('snoop') && !line.includes('on its way'))).toEqual([
      'gpu: MWr x = 1 (no snoop, the caches are bypassed)',
      'gpu: MWr y = 2 (asks for no snoop, but is snooped)',
    ]);
  });

  it('have all arrived when an execution is over', () => {
    const model = device('  MWr x, 1\n  MWr y, 2', 'posted-writes=2', 'exists [x] == 0 || [y] == 0\n');
    expect(explore(model).conditions[0]?.holds).toBe(false);
  });

  it('are seen in order by every reader', () => {
    const watched = (options: string): string[] =>
      outcomes(
        device(
          '  MWr x, 1\n  MWr y, 2\n  mov pin, 1',
          options,
          `host {
  choose {
    mov eax, [y]
    mov ebx, [x]
  } or {
  }
}
exists host.eax == 2 && host.ebx == 0
`,
        ),
      );
    expect(watched('posted-writes=2')).toEqual(watched(''));
    expect(watched('posted-writes=2').length).toBeGreaterThan(2);
  });

  it('can be placed by a schedule, which names only devices that have them', () => {
    const text = (schedule: string) => `machine {
  cpu intel
  device gpu 0000:01:00.0 posted-writes=2
  device nic 0000:02:00.0
  memory x = 0
}
device gpu {
  MWr x, 1
  wait go == 1
}
device nic {
  r0 = MRd x
}
${schedule}
`;
    const read = (schedule: string): number => {
      const model = modelOf(text(schedule), 'v6.1');
      const run = new Run(model);
      run.runToEnd();
      expect(run.scheduleProblem).toBeUndefined();
      return run.executor.machine.state[model.registers[1]!.get('r0')!]!;
    };
    expect(read('schedule gpu nic post(gpu)')).toBe(0);
    expect(read('schedule gpu post(gpu) nic')).toBe(1);
    expect(() => modelOf(text('schedule post(nic)'), 'v6.1')).toThrow(/post\(nic\)/);
    expect(parse(text('schedule post(gpu)')).diagnostics).toEqual([]);
  });
});

describe('an MSI', () => {
  it('sets a register of the device that a guest waits for and takes back', () => {
    const model = modelOf(
      `machine {
  cpu intel
  device gpu 0000:01:00.0 posted-writes=2
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
device gpu {
  MWr x, 1
  msi 1
  wait seen == 1
  MWr x, 2
  msi 1
}
vcpu 0 {
  wait [gpu.msi1] == 1
  mov eax, [x]
  mov [gpu.msi1], 0
  mov [gpu.seen], 1
  wait [gpu.msi1] == 1
  mov ebx, [x]
}
forall vcpu0.eax == 1 && vcpu0.ebx == 2 && gpu.msi1 == 1
`,
      'v6.1',
    );
    const result = explore(model);
    expect(result.conditions[0]?.holds).toBe(true);
    expect(result.finals).toBeGreaterThan(0);
  });
});
