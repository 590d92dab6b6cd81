// Which page table entries override No Snoop: by kernel, by IOMMU, by the order in which groups join and memory is mapped.
import { describe, expect, it } from 'vitest';
import { type DeviceId, EVENT_WIDTH, FINDINGS, MEMTYPE, NOTE, type PageId, Run } from '../../sim-core/src/index.ts';
import { ADD, KVM, machine, modelOf, READY, runSetup } from '../vfio/machine.ts';

const MAP = '\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})';
const MAP_Y = '\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&y, iova=&y, size=PAGE})';
const NIC = '\n  other = open("/dev/vfio/27", O_RDWR)\n  ioctl(other, VFIO_GROUP_SET_CONTAINER, [container])';
const CC = '\n  cc = ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)';

/** A general unit with snoop control, and the one of the graphics engine without. */
const MIXED = `machine {
  cpu intel count=2
  iommu general vt-d snoop-control=on
  iommu graphics vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=general group=26 no-snoop=on
  device nic 0000:02:00.0 iommu=graphics group=27 no-snoop=on
  memory x = 0
  memory y = 0
}
`;
/** The same, with the group that cannot be coherent first. */
const MIXED_REVERSED = MIXED.replace('iommu=general', 'iommu=swap')
  .replace('iommu=graphics', 'iommu=general')
  .replace('iommu=swap', 'iommu=graphics');

describe('one unit', () => {
  const rows: readonly [unit: string, entries: Readonly<Record<string, string>>][] = [
    [
      'vt-d snoop-control=on',
      {
        'v3.13': 'rw',
        'v3.14': 'rw',
        'v3.15': 'rw+snp',
        'v3.17': 'rw+snp',
        'v5.18': 'rw+snp',
        'v5.19': 'rw+snp',
        'v6.7': 'rw+snp',
        'v7.1': 'rw+snp',
      },
    ],
    [
      'vt-d snoop-control=off',
      { 'v3.13': 'rw', 'v3.15': 'rw', 'v3.17': 'rw', 'v5.18': 'rw', 'v5.19': 'rw', 'v6.7': 'rw', 'v7.1': 'rw' },
    ],
    [
      'vt-d snoop-control=on first-stage=on',
      { 'v5.11': 'rw', 'v5.18': 'rw+snp', 'v5.19': 'rw+snp', 'v6.12': 'rw+snp' },
    ],
    ['amd-vi', { 'v3.13': 'rw+snp', 'v3.15': 'rw+snp', 'v5.18': 'rw+snp', 'v5.19': 'rw+snp', 'v7.1': 'rw+snp' }],
    ['smmu', { 'v3.15': 'rw', 'v5.18': 'rw', 'v5.19': 'rw', 'v6.12': 'rw', 'v6.13': 'rw' }],
    ['smmu write-back-snoop=on', { 'v5.18': 'rw', 'v6.12': 'rw', 'v6.13': 'rw' }],
  ];
  for (const [unit, entries] of rows) {
    for (const [kernel, expected] of Object.entries(entries)) {
      it(`${unit} on ${kernel}: ${expected}`, () => {
        expect(runSetup(machine(unit), READY + MAP, kernel).entry('gpu', 0)).toBe(expected);
      });
    }
  }
});

describe('units with and without snoop control', () => {
  it('v3.15: the groups of both IOMMUs have domains of their own, and their own entries', () => {
    const run = runSetup(MIXED, READY + MAP + NIC + CC, 'v3.15');
    expect(run.entry('gpu', 0)).toBe('rw+snp');
    expect(run.entry('nic', 0)).toBe('rw');
    expect(run.value('cc')).toBe(0);
  });

  it('v3.17 to v5.18: one unit without it makes every device non-coherent', () => {
    for (const kernel of ['v3.17', 'v4.14', 'v5.18']) {
      const run = runSetup(MIXED, READY + MAP + CC, kernel);
      expect(run.entry('gpu', 0)).toBe('rw');
      expect(run.value('cc')).toBe(0);
    }
  });

  it('v5.19 and later: a group that joins late takes the answer of the container with it', () => {
    for (const kernel of ['v5.19', 'v6.1', 'v6.12']) {
      const run = runSetup(
        MIXED,
        `${READY + CC + NIC}\n  late = ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)${MAP}`,
        kernel,
      );
      expect([run.value('cc'), run.value('late')]).toEqual([1, 0]);
      expect([run.entry('gpu', 0), run.entry('nic', 0)]).toEqual(['rw+snp', 'rw']);
    }
  });

  it('groups of one kind share a domain, of two kinds they do not', () => {
    const domains = (text: string, kernel: string): number[] => {
      const run = runSetup(text, READY + NIC, kernel);
      return [run.slot('deviceDomain', 0), run.slot('deviceDomain', 1)];
    };
    for (const kernel of ['v3.15', 'v5.11', 'v5.19', 'v6.12']) {
      expect(new Set(domains(machine(), kernel)).size).toBe(1);
      if (kernel !== 'v5.11') expect(new Set(domains(MIXED, kernel)).size).toBe(2);
    }
    expect(new Set(domains(MIXED, 'v3.13')).size).toBe(1);
  });

  it('mappings reach a group that joins after them', () => {
    for (const kernel of ['v3.13', 'v3.15', 'v5.11', 'v5.19', 'v6.12']) {
      expect(runSetup(machine(), READY + MAP + NIC + MAP_Y, kernel).entry('nic', 0)).toBe('rw');
      expect(runSetup(machine(), READY + MAP + NIC + MAP_Y, kernel).entry('nic', 1)).toBe('rw');
    }
  });
});

describe('mappings', () => {
  it('vanish when the last group leaves, and with the unmap', () => {
    for (const kernel of ['v3.13', 'v5.11', 'v6.12']) {
      const gone = runSetup(machine(), `${READY}${MAP}\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`, kernel);
      expect([gone.entry('gpu', 0), gone.slot('mappingCount'), gone.slot('domainOwner')]).toEqual(['', 0, 0]);
      const unmapped = runSetup(
        machine(),
        `${READY}${MAP}\n  ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE})`,
        kernel,
      );
      expect([unmapped.entry('gpu', 0), unmapped.slot('mappingCount')]).toEqual(['', 0]);
    }
  });

  it('have the access that was asked for, and translate', () => {
    const read = `${READY}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {flags=VFIO_DMA_MAP_FLAG_READ, vaddr=&y, iova=&x, size=PAGE})`;
    const run = runSetup(machine(), read, 'v6.12');
    expect(run.entry('gpu', 0)).toBe('r');
    expect(run.model.world.iommu.lookup(run.executor.machine, 0 as DeviceId, 0 as PageId) >> 3).toBe(2);
    expect(run.entry('gpu', 1)).toBe('');
  });

  it('of memory without a name exist, and lead nowhere', () => {
    const run = runSetup(
      machine(),
      `${READY}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=0x7f0000000000, iova=&x, size=PAGE})`,
      'v6.12',
    );
    expect(run.results.at(-1)).toBe(0);
    expect(run.model.world.iommu.lookup(run.executor.machine, 0 as DeviceId, 0 as PageId) >> 3).toBe(0);
  });
});

describe('everything closed', () => {
  for (const kernel of ['v3.13', 'v4.14', 'v5.11', 'v5.19', 'v6.1', 'v6.2', 'v6.6', 'v7.1']) {
    it(`leaves VFIO and the IOMMU as they were on ${kernel}`, () => {
      const opened = `${READY}${MAP}${NIC}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`;
      for (const order of [
        ['gpufd', 'container', 'group', 'other'],
        ['other', 'group', 'container', 'gpufd'],
        ['container', 'gpufd', 'other', 'group'],
      ]) {
        const run = runSetup(machine(), opened + order.map((fd) => `\n  close(${fd})`).join(''), kernel);
        const { initial, fields } = run.model.layout;
        const changed = fields
          .filter((f) => !f.name.startsWith('name.') && !f.internal)
          .filter((f) =>
            initial.slice(f.base, f.base + f.size).some((v, i) => v !== run.executor.machine.state[f.base + i]),
          );
        expect(changed.map((f) => f.name)).toEqual([]);
      }
    });
  }
});

describe('the machine in reverse', () => {
  it('v5.19: a coherent group that joins a non-coherent container keeps its own entries', () => {
    const run = runSetup(MIXED_REVERSED, READY + MAP + NIC, 'v5.19');
    expect([run.entry('gpu', 0), run.entry('nic', 0)]).toEqual(['rw', 'rw+snp']);
  });
});

describe('the proposal to flush pages of non-coherent domains', () => {
  const text = (unit: string): string => `${machine(unit)}setup {${READY}${MAP}
}
`;
  /** What DRAM holds after a host CPU wrote the word into its cache and the page was mapped. */
  function dram(unit: string, kernel: string): number {
    const model = modelOf(text(unit), kernel);
    const run = new Run(model, { schedule: [] });
    const move = (name: string): boolean =>
      run.executor.move(
        model.moves.findIndex((m) => m.name === name),
        'statement',
      );
    const { memory } = model.world;
    memory.store(run.executor.machine, 1, 0, MEMTYPE.WB, 5);
    while (move('setup'));
    return run.executor.machine.state[memory.dram.base]!;
  }

  it('writes a dirty line back when its page is mapped, and only then', () => {
    expect(dram('vt-d snoop-control=off', 'v6.10')).toBe(0);
    expect(dram('vt-d snoop-control=off', 'v6.10-flush-proposal')).toBe(5);
    expect(dram('vt-d snoop-control=on', 'v6.10-flush-proposal')).toBe(0);
  });
});

describe('what hardware does with No Snoop', () => {
  const KERNELS = ['v3.15', 'v5.18', 'v5.19', 'v6.6', 'v6.12', 'v6.13', 'v7.1'];
  const FIRST_STAGE = 'vt-d first-stage=on';
  const units = ['vt-d', FIRST_STAGE, 'amd-vi', 'smmu', 'smmu write-back-snoop=on'];

  it('depends on the entry, PGSNP and the machine, and on nothing that a kernel answers', () => {
    for (const unit of units) {
      for (const kernel of KERNELS) {
        const { model, executor, entry } = runSetup(machine(unit), READY + MAP, kernel);
        const { iommu, pcie } = model.world;
        const bypasses = pcie.bypasses(
          executor.machine,
          0 as DeviceId,
          true,
          iommu.lookup(executor.machine, 0 as DeviceId, 0 as PageId),
        );
        const overridden = entry('gpu', 0).endsWith('+snp') || unit.includes('write-back-snoop');
        expect(bypasses, `${unit} on ${kernel}`).toBe(!overridden);
      }
    }
  });

  /** A guest on arm64 stores, and a device of an SMMU reads and asks for No Snoop. */
  const arm64 = (
    unit: string,
  ): string => `${machine(unit).replace('cpu intel count=2', 'cpu arm64')}setup {${READY}${MAP}${KVM}${ADD}
  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [x], 1
  mov [gpu.doorbell], 1
}
device gpu {
  wait doorbell == 1
  r0 = MRd x ns
}
`;
  const outcome = (unit: string, kernel: string): { value: number; findings: string[] } => {
    const run = new Run(modelOf(arm64(unit), kernel));
    run.runToEnd();
    const { log, length, state } = run.executor.machine;
    const findings: string[] = [];
    for (let at = 0; at < length; at += EVENT_WIDTH)
      if (log[at] === NOTE.finding) findings.push(FINDINGS[log[at + 1]!]!);
    const gpu = run.model.world.topology.actors.findIndex(({ name }) => name === 'gpu');
    return { value: state[run.model.registers[gpu]!.get('r0')!]!, findings };
  };

  it('is the same with an SMMU before and after VFIO asked another question; what the kernel believed is not', () => {
    expect(outcome('smmu', 'v5.18')).toEqual({ value: 0, findings: ['belief', 'unflushed-read'] });
    expect(outcome('smmu', 'v6.6')).toEqual({ value: 0, findings: ['unflushed-read'] });
    expect(outcome('smmu write-back-snoop=on', 'v5.18')).toEqual({ value: 1, findings: [] });
    expect(outcome('smmu write-back-snoop=on', 'v6.6')).toEqual({ value: 1, findings: [] });
  });
});
