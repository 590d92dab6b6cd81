// Groups that are not plain: mediated devices, no IOMMU at all, host drivers that come and go; and the locks between
// groups and VMs, with all their deadlocks.
import { describe, expect, it } from 'vitest';
import { EVENT_WIDTH, FINDINGS, type Machine, type Model, NOTE, Run } from '../../sim-core/src/index.ts';
import { ADD, ATTACHED, CONTAINER, KVM, machine, modelOf, READY, runSetup } from './machine.ts';

const MDEV = 'mdev vgpu group=30';
const MDEV_READY = `
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/30", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`;
const OPEN_MDEV = '\n  vgpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "vgpu")';
const CC = '\n  cc = ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)';

describe('mediated devices', () => {
  it('have no domain, so their container is vacuously coherent', () => {
    for (const kernel of ['v4.10', 'v5.11', 'v6.1', 'v6.12']) {
      const run = runSetup(machine('vt-d snoop-control=off', MDEV), MDEV_READY + CC + OPEN_MDEV, kernel);
      expect([run.value('cc'), run.slot('domainOwner')]).toEqual([1, 0]);
      expect(run.results.at(-1)).toBe(5);
    }
  });

  it('are non-coherent to KVM since v6.2, coherent before', () => {
    const count = (kernel: string): number =>
      runSetup(machine('vt-d', MDEV), MDEV_READY + KVM + ADD, kernel).slot('noncoherentDmaCount');
    expect([count('v5.11'), count('v6.1'), count('v6.2'), count('v6.12')]).toEqual([0, 0, 1, 1]);
  });

  it('whose driver needs a VM do not open without one, and hold it while they are open', () => {
    const text = machine('vt-d', `${MDEV} kvm=reference`);
    for (const kernel of ['v4.10', 'v5.11', 'v5.19', 'v6.2', 'v6.3', 'v6.12']) {
      expect(runSetup(text, MDEV_READY + OPEN_MDEV, kernel).results.at(-1)).toBe('ESRCH');
      // The VM's descriptor, the device's, and the open mediated device; VFIO itself holds one more since v6.3.
      const references = runSetup(text, MDEV_READY + KVM + ADD + OPEN_MDEV, kernel).slot('vmReferences');
      expect(references).toBe(['v6.3', 'v6.12'].includes(kernel) ? 4 : 3);
      expect(
        runSetup(text, `${MDEV_READY}${KVM}${ADD}${OPEN_MDEV}\n  close(vgpufd)`, kernel).slot('vmReferences'),
      ).toBe(2);
    }
  });
});

describe('devices without an IOMMU', () => {
  const text = `machine {
  cpu intel count=1
  device gpu 0000:01:00.0 group=0 no-snoop=on
  memory x = 0
}
`;
  const script = `
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/noiommu-0", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])`;
  const ready = `${script}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU)`;

  it('have groups of their own name since v4.5', () => {
    expect(runSetup(text, '\n  open("/dev/vfio/noiommu-0", O_RDWR)', 'v4.9').results).toEqual([3]);
    expect(runSetup(text, '\n  open("/dev/vfio/0", O_RDWR)', 'v4.9').results).toEqual(['ENOENT']);
  });

  it('only get the driver that maps nothing', () => {
    for (const kernel of ['v4.9', 'v5.11', 'v5.19', 'v6.12']) {
      expect(
        runSetup(text, `${script}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)`, kernel).results.at(-1),
      ).toBe('ENODEV');
      expect(runSetup(text, ready, kernel).results.at(-1)).toBe(0);
      expect(
        runSetup(
          text,
          `${ready}\n  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})`,
          kernel,
        ).results.at(-1),
      ).toBe('ENOTTY');
      expect(
        runSetup(text, `${ready}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`, kernel).results.at(-1),
      ).toBe(5);
    }
  });

  it('are refused by KVM up to v5.18 and non-coherent from then on', () => {
    expect(runSetup(text, ready + KVM + ADD, 'v5.18').results.at(-1)).toBe('EPERM');
    for (const kernel of ['v5.19', 'v6.1', 'v6.2', 'v6.12']) {
      const run = runSetup(text, ready + KVM + ADD, kernel);
      expect([run.results.at(-1), run.slot('noncoherentDmaCount')]).toEqual([0, 1]);
    }
  });

  it('do not share a container with others', () => {
    const both = machine('vt-d', 'device old 0000:09:00.0 group=99');
    const mixed = `${ATTACHED}\n  other = open("/dev/vfio/noiommu-99", O_RDWR)\n  ioctl(other, VFIO_GROUP_SET_CONTAINER, [container])`;
    for (const kernel of ['v4.9', 'v5.11', 'v6.12']) expect(runSetup(both, mixed, kernel).results.at(-1)).toBe('EPERM');
  });
});

describe('host drivers', () => {
  /** Setup, then the host: how it ends, the driver of the other function, and how many findings. */
  function withHost(setup: string, host: string, kernel: string): { end: string; driver: string; findings: number } {
    const text = machine().replace('driver=snd_hda_intel', 'driver=none');
    const model = modelOf(`${text}setup {${setup}\n}\nhost {\n  ${host}\n}\n`, kernel);
    const run = new Run(model);
    const end = run.runToEnd();
    const { state } = run.executor.machine;
    const { vfio } = model.world;
    const modem = model.world.topology.devices.findIndex((d) => d.name === 'modem');
    let findings = 0;
    for (let at = 0; at < run.executor.machine.length; at += EVENT_WIDTH) if (run.log[at] === NOTE.finding) findings++;
    return { end: end.kind, driver: vfio.drivers[state[vfio.deviceDriver.base + modem]!] ?? '', findings };
  }
  const mine =
    '\n  container = open("/dev/vfio/vfio", O_RDWR)\n  group = open("/dev/vfio/28", O_RDWR)\n  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])';
  const bind = 'bind 0000:03:00.1 driver=snd_hda_intel';

  it('bind to a device of a group that nobody uses', () => {
    for (const kernel of ['v3.13', 'v6.12'])
      expect(withHost('', bind, kernel)).toEqual({ end: 'completed', driver: 'snd_hda_intel', findings: 0 });
  });

  it('crash the machine when user space owns the group, up to v5.18', () => {
    for (const kernel of ['v3.13', 'v5.18'])
      expect(withHost(mine, bind, kernel)).toEqual({ end: 'completed', driver: 'snd_hda_intel', findings: 1 });
  });

  it('are refused since v5.19', () => {
    for (const kernel of ['v5.19', 'v6.12'])
      expect(withHost(mine, bind, kernel)).toEqual({ end: 'completed', driver: 'none', findings: 0 });
  });

  it('of VFIO only leave when the device is not open', () => {
    const open = `${mine}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)\n  fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:03:00.0")`;
    expect(withHost(open, 'unbind 0000:03:00.0', 'v6.12').end).toBe('stuck');
    expect(withHost(`${open}\n  close(fd)`, 'unbind 0000:03:00.0', 'v6.12').end).toBe('completed');
  });

  it('make DEL impossible up to v4.12: the group must be viable', () => {
    const script = `${mine}\n  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)${KVM}${ADD}`;
    const text = machine().replace('driver=snd_hda_intel', 'driver=none');
    const del = ADD.replace('GROUP_ADD', 'GROUP_DEL').trim();
    const answer = (kernel: string): number => {
      const body = `${text}setup {${script}\n}\nhost {\n  ${bind}\n}\nthread vmm of setup {\n  err = ${del}\n}\n`;
      const model = modelOf(body, kernel);
      const run = new Run(model, { schedule: [] });
      const { moves } = model;
      const index = (name: string): number => moves.findIndex((m) => m.name === name);
      while (run.executor.move(index('setup'), 'statement'));
      while (run.executor.move(index('host'), 'statement'));
      while (run.executor.move(index('vmm'), 'statement'));
      return run.executor.machine.state[model.names.get('err')!]!;
    };
    expect(answer('v4.12')).toBe(-1);
    expect(answer('v4.13')).toBe(0);
  });
});

describe('locks between groups and VMs', () => {
  /** What the monitors find, over all interleavings. */
  function findings(text: string, kernel: string): string[] {
    const found = new Set<string>();
    explore(text, kernel, (m) => {
      for (let at = 0; at < m.length; at += EVENT_WIDTH) {
        if (m.log[at] === NOTE.finding) found.add(FINDINGS[m.log[at + 1]!]!);
      }
    });
    return [...found].sort();
  }

  /** How runs can end, over all interleavings of the threads after setup. */
  function ends(text: string, kernel: string): string[] {
    const found = new Set<string>();
    explore(text, kernel, (m, model) => {
      const done = model.world.topology.actors.every((_, actor) => m.state[model.tasks.depth.base + actor] === 0);
      found.add(done ? 'completed' : 'deadlock');
    });
    return [...found].sort();
  }

  /** Every interleaving of micro-steps to its end. States that are equal and have been left are not entered again. */
  function explore(text: string, kernel: string, atEnd: (machine: Machine, model: Model) => void): void {
    const model = modelOf(text, kernel);
    const { executor } = new Run(model);
    const { machine: m } = executor;
    const seen = new Set<string>();
    const visit = (): void => {
      const key = m.state.join();
      if (seen.has(key)) return;
      seen.add(key);
      let moved = false;
      for (const [index] of model.moves.entries()) {
        const mark = m.length;
        if (!executor.move(index, 'micro')) continue;
        moved = true;
        visit();
        m.rewind(mark);
      }
      if (!moved) atEnd(m, model);
    };
    visit();
  }

  it('v5.19 to v6.1: the last reference to the VM, dropped by a driver under the group lock, waits for that lock', () => {
    const script = `${MDEV_READY}${KVM}${ADD}${OPEN_MDEV}\n  close(dev)\n  close(vm)\n  close(vgpufd)`;
    const text = `${machine('vt-d', `${MDEV} kvm=reference`)}setup {${script}\n}\n`;
    for (const kernel of ['v5.19', 'v6.0', 'v6.1']) expect(ends(text, kernel)).toEqual(['deadlock']);
    for (const kernel of ['v5.18', 'v6.2', 'v6.3', 'v6.12']) expect(ends(text, kernel)).toEqual(['completed']);
  });

  it('v6.2: closing kvm-vfio and opening a device take the locks of VM and group in opposite order', () => {
    const setup = MDEV_READY + KVM + ADD;
    const text = `${machine('vt-d', `${MDEV} kvm=lock`)}setup {${setup}\n}
thread closer of setup {
  close(dev)
}
thread opener of setup {
  fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "vgpu")
}
`;
    expect(ends(text, 'v6.2')).toEqual(['completed', 'deadlock']);
    for (const kernel of ['v6.1', 'v6.3', 'v6.12']) expect(ends(text, kernel)).toEqual(['completed']);
  });

  it('MAP_DMA against the last group leaving: the lock kept them apart up to v4.13 (model finding)', () => {
    const text = `${machine()}setup {${READY}
}
thread mapper of setup {
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})
}
thread leaver of setup {
  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)
}
exists use-after-free
`;
    for (const kernel of ['v3.15', 'v4.13']) expect(findings(text, kernel)).toEqual([]);
    for (const kernel of ['v4.14', 'v6.12']) expect(findings(text, kernel)).toEqual(['kernel-oops', 'use-after-free']);
  });

  it('two threads with one group: nobody waits for ever, whatever they do', () => {
    const text = `${machine()}setup {${CONTAINER}\n}
thread one of setup {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)
}
thread two of setup {
  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)
}
`;
    for (const kernel of ['v5.11', 'v6.1', 'v6.12']) expect(ends(text, kernel)).toEqual(['completed']);
  });
});

describe('config space', () => {
  const device = `${READY}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`;
  const write = (value: string, at = 'VFIO_PCI_CONFIG|PCI_EXP_DEVCTL', count = 2): string =>
    `\n  pwrite64(gpufd, ${value}, ${count}, ${at})`;
  const read = '\n  pread64(gpufd, {value=>control}, 2, VFIO_PCI_CONFIG|PCI_EXP_DEVCTL)';

  it('lets Enable No Snoop through, both ways', () => {
    for (const kernel of ['v3.13', 'v6.12']) {
      const off = runSetup(machine(), device + write('[0]') + read, kernel);
      expect([off.results.at(-2), off.slot('enableNoSnoop', 0), off.value('control')]).toEqual([2, 0, 0]);
      const on = runSetup(machine(), device + write('[0]') + write('[0x0810]') + read, kernel);
      expect([on.slot('enableNoSnoop', 0), on.value('control')]).toEqual([1, 0x800]);
    }
  });

  it('takes the upper byte alone, and strings', () => {
    expect(runSetup(machine(), device + write('[0]', '0x70000000049', 1), 'v6.12').slot('enableNoSnoop', 0)).toBe(0);
    expect(runSetup(machine(), device + write('"\\x10\\x00"'), 'v6.12').slot('enableNoSnoop', 0)).toBe(0);
  });

  it('is hard-wired to 0 in a function that never asks', () => {
    const text = machine().replace('group=26 no-snoop=on', 'group=26 no-snoop=off');
    expect(runSetup(text, device + write('[0x0800]') + read, 'v6.12').value('control')).toBe(0);
  });

  it('ends after 4096 bytes', () => {
    expect(runSetup(machine(), device + write('[0]', '0x70000000fff'), 'v6.12').results.at(-1)).toBe('EFAULT');
    expect(
      runSetup(machine(), '\n  pwrite64(99, [0], 2, VFIO_PCI_CONFIG|PCI_EXP_DEVCTL)', 'v6.12').results.at(-1),
    ).toBe('EBADF');
  });
});
