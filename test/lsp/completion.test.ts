// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stops of snippets are written like that.
// What is offered at a place: the actor's own notation, what fits first, and nothing where a name is invented.
import { describe, expect, test } from 'vitest';
import { offersAt } from '../../server/src/features/completion.ts';
import type { Offer } from '../../server/src/features/offers.ts';
import { plainText } from '../../server/src/features/snippets.ts';
import { around } from './features.ts';
import { marked, snapshotOf } from './marked.ts';

describe('statements', () => {
  test('a thread is offered system calls and whole ioctls, not instructions', () => {
    const { labels, offer } = complete(around('setup', '<|>'));
    expect(labels).toEqual(
      expect.arrayContaining(['open', 'close', 'KVM_CREATE_VM', 'VFIO_SET_IOMMU', 'choose', 'call']),
    );
    expect(labels).not.toContain('wbinvd');
    expect(labels).not.toContain('MRd');
    expect(offer('KVM_CREATE_VM').snippet).toBe('${1:vm} = ioctl(${2:kvm}, KVM_CREATE_VM, ${3:0})');
  });

  test('a vCPU is offered instructions, a device TLPs, the host its actions', () => {
    const vcpu = complete(around('vcpu', '<|>')).labels;
    expect(vcpu).toEqual(expect.arrayContaining(['mov', 'wbinvd', 'clflush', 'wait']));
    expect(vcpu).not.toContain('open');
    expect(complete(around('device', '<|>')).labels).toEqual(expect.arrayContaining(['MRd', 'MWr']));
    expect(complete(around('host', '<|>')).labels).toEqual(expect.arrayContaining(['migrate', 'evict', 'prefetch']));
  });

  test('after `name =` the binding is not written twice', () => {
    const { offer } = complete(around('setup', 'vm2 = <|>'));
    expect(offer('KVM_CREATE_VM').snippet).toMatch(/^ioctl\(/);
    expect(complete(around('device', 'r1 = <|>')).labels).not.toContain('MWr');
  });

  test('the top level and the machine have their own words', () => {
    expect(complete(around('file', '<|>')).labels).toEqual(
      expect.arrayContaining(['exists', '~exists', 'schedule', 'proc']),
    );
    const machine = complete(around('machine', '<|>'));
    expect(machine.labels).toEqual(expect.arrayContaining(['iommu', 'device', 'memory', 'allow']));
    // A machine has one kind of CPU.
    expect(machine.labels).not.toContain('cpu');
    expect(machine.labels).not.toContain('exists');
  });

  test('in an empty file everything starts', () => {
    expect(complete('<|>').labels).toEqual(expect.arrayContaining(['scenario', 'machine', 'setup']));
  });
});

describe('system calls', () => {
  test('requests: those that the descriptor answers come first', () => {
    const { offer, labels } = complete(around('setup', 'ioctl(vm, <|>'));
    expect(labels).toContain('VFIO_SET_IOMMU');
    expect(offer('KVM_CREATE_VCPU').rank).toBeLessThan(offer('VFIO_SET_IOMMU').rank);
    expect(offer('KVM_CREATE_VCPU').snippet).toContain('KVM_CREATE_VCPU, ');
  });

  test('a request followed by an argument is only replaced', () => {
    const { offer } = complete(around('setup', 'ioctl(vm, KVM_<|>CREATE_VM, 0)'));
    expect(offer('KVM_CREATE_VCPU').snippet).toBeUndefined();
  });

  test('the word that is typed is replaced, no more and no less', () => {
    const source = around('setup', 'ioctl(vm, KVM_CR<|>EATE_VM, 0)');
    const { replaced } = complete(source);
    expect(replaced).toBe('KVM_CREATE_VM');
  });

  test('fields of the structure that the request takes, without those present', () => {
    const { labels, offer } = complete(around('setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, <|>'));
    expect(labels).toEqual(['fd', 'flags']);
    expect(offer('fd').snippet).toBe('fd=>${1:dev}');
  });

  test('attributes of a group, and a note on those that the kernel does not have', () => {
    const source = around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=<|>');
    const old = complete(source, 'v5.11');
    expect(old.labels[0]).toBe('KVM_DEV_VFIO_GROUP_ADD');
    expect(old.offer('KVM_DEV_VFIO_FILE_ADD')).toMatchObject({ absent: true, description: 'v6.6.., not v5.11' });
    const recent = complete(source, 'v6.6').offer('KVM_DEV_VFIO_FILE_ADD');
    expect(recent.absent).toBe(false);
    expect(recent.rank).toBeLessThan(old.offer('KVM_DEV_VFIO_FILE_ADD').rank);
  });

  test('the descriptor that a pointer points to: a group, and not the VM, comes first', () => {
    const { offer } = complete(around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {addr=[<|>'));
    expect(offer('group').rank).toBeLessThan(offer('vm').rank);
  });

  test('results: success and the errnos of the call, which replace a minus too', () => {
    const { labels, replaced, offer } = complete(around('setup', 'close(kvm) = -E<|>BADF'));
    expect(labels.slice(0, 2)).toEqual(['0', '-EBADF']);
    expect(replaced).toBe('-EBADF');
    expect(offer('-EBADF').description).toBe('Bad file descriptor');
    expect(labels).not.toContain('-EEXIST');
  });

  test('paths inside the quotes, groups of the machine among them', () => {
    const { labels, replaced } = complete(around('setup', 'fd = open("<|>")'));
    expect(labels).toEqual(expect.arrayContaining(['/dev/kvm', '/dev/vfio/vfio', '/dev/vfio/26']));
    expect(replaced).toBe('');
  });

  test('addresses are words; the mark is not doubled', () => {
    const at = (typed: string) =>
      complete(around('setup', `ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=${typed}<|>`)).labels;
    expect(at('')).toContain('&x');
    expect(at('&')).toEqual(expect.arrayContaining(['x', 'y']));
  });
});

describe('operands', () => {
  test('memory, registers and device registers of an instruction', () => {
    expect(complete(around('vcpu', 'mov <|>')).labels).toEqual(
      expect.arrayContaining(['[x]', '[y]', 'eax', '[gpu.…]']),
    );
    expect(complete(around('vcpu', 'mov [<|>')).labels).toEqual(expect.arrayContaining(['x', 'flag', 'gpu']));
    expect(complete(around('vcpu', 'pat x = <|>')).labels).toEqual(expect.arrayContaining(['WC', 'UC', 'WB']));
  });

  test('words and attributes of a TLP', () => {
    expect(complete(around('device', 'r1 = MRd <|>')).labels).toEqual(['x', 'flag', 'y']);
    expect(complete(around('device', 'r1 = MRd x <|>')).labels).toContain('ns');
  });

  test('vCPUs, options and physical CPUs of a host action', () => {
    expect(complete(around('host', 'migrate <|>')).labels).toContain('vcpu0');
    expect(complete(around('host', 'migrate vcpu0 <|>')).labels).toContain('cpu');
    expect(complete(around('host', 'migrate vcpu0 cpu=<|>')).labels).toEqual(['0', '1']);
  });
});

describe('machine and conditions', () => {
  test('options and their values', () => {
    expect(complete(around('machine', 'iommu dmar1 vt-d <|>')).labels).toContain('snoop-control');
    expect(complete(around('machine', 'iommu dmar1 vt-d snoop-control=<|>')).labels).toEqual(['on', 'off']);
    expect(complete(around('machine', 'device nic 0000:02:00.0 iommu=<|>')).labels).toEqual(['dmar0']);
    expect(complete(around('machine', 'iommu dmar1 <|>')).labels).toContain('vt-d');
  });

  test('facts, findings, registers and words', () => {
    const { labels, offer } = complete(around('file', 'exists <|>'));
    expect(labels).toEqual(expect.arrayContaining(['noncoherent', 'cache', 'stale-read', '[x]', 'gpu']));
    expect(offer('cache').snippet).toBe('cache(${1:cpu}, ${2:word})');
    expect(complete(around('file', 'exists gpu.<|>')).labels).toEqual(['r0', 'doorbell']);
    expect(complete(around('file', 'exists cache(<|>')).labels).toEqual(['cpu0', 'cpu1']);
    expect(complete(around('file', 'exists noncoherent(<|>')).labels).toEqual(['vm']);
    expect(complete(around('file', 'exists exits(vcpu0, <|>')).labels).toContain('WBINVD');
  });

  test('versions, the newest first', () => {
    const { labels } = complete(around('file', 'exists gpu.r0 == 0 on <|>'));
    expect(labels.indexOf('v6.6')).toBeLessThan(labels.indexOf('v5.11'));
    expect(labels).toContain('series-v1');
  });

  test('moves of the hardware in a schedule, where an option brings them', () => {
    const machine = 'cpu intel count=2 clean-supply=on\n  device gpu 0000:01:00.0 posted-writes=2';
    const source = (option: string): string => `machine {\n  ${option}\n}\nschedule <|>\n`;
    expect(complete(source(machine)).labels).toEqual(expect.arrayContaining(['supply', 'post']));
    expect(complete(source(machine)).offer('post').snippet).toBe('post($0)');
    expect(complete(source(machine.replace('writes=2', 'writes=0'))).labels).not.toContain('post');
  });

  test('actors of a schedule, procedures of a call', () => {
    expect(complete(around('file', 'schedule <|>')).labels).toEqual(expect.arrayContaining(['vcpu0', 'gpu']));
    const source = `proc attach(group, dev) {\n}\n${around('setup', 'call <|>')}`;
    expect(complete(source).offer('attach').snippet).toBe('attach(${1:group}, ${2:dev})');
  });
});

test('nothing is offered in comments, in free text and where a name is invented', () => {
  for (const line of ['// <|>', 'doc "<|>"', 'thread <|>']) expect(complete(around('file', line)).labels).toEqual([]);
});

test('every place of a scenario has an answer, however the line is cut', () => {
  const { text } = marked(
    around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = -EEXIST'),
  );
  const lines = text.split('\n');
  for (const [line, whole] of lines.entries()) {
    for (let column = 0; column <= whole.length; column++) {
      const cut = [...lines.slice(0, line), whole.slice(0, column), ...lines.slice(line + 1)].join('\n');
      const { replace } = offersAt(snapshotOf(cut), { line, column });
      expect(replace.start).toBeLessThanOrEqual(column);
      expect(replace.end).toBeGreaterThanOrEqual(column);
    }
  }
});

test('a client without snippets gets the plain text of one', () => {
  expect(plainText('${1:vm} = ioctl(${2:kvm}, KVM_CREATE_VM, ${3:0})')).toBe('vm = ioctl(kvm, KVM_CREATE_VM, 0)');
  expect(plainText('{type=${1|A,B|}, fd=>${2:dev}\\}')).toBe('{type=A, fd=>dev}');
  expect(plainText('machine {\n  $0\n\\}')).toBe('machine {\n  \n}');
});

interface Completed {
  /** In the order that a client shows them. */
  readonly labels: readonly string[];
  readonly replaced: string;
  offer(label: string): Offer;
}

function complete(source: string, kernel = 'v6.6'): Completed {
  const { text, places } = marked(source);
  const [place] = places;
  if (place === undefined) throw new Error('no place is marked');
  const { offers, replace } = offersAt(snapshotOf(text, { kernel }), place);
  const sorted = offers.toSorted((left, right) => left.rank - right.rank);
  return {
    labels: sorted.map(({ label }) => label),
    replaced: text.split('\n')[place.line]!.slice(replace.start, replace.end),
    offer: (label) => {
      const found = offers.find((one) => one.label === label);
      if (found === undefined) throw new Error(`${label} is not among ${offers.map((one) => one.label)}`);
      return found;
    },
  };
}
