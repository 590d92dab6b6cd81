// iommufd: binding, attaching, which page tables enforce coherency, and the container that it plays for groups.
import { describe, expect, it } from 'vitest';
import { KVM, machine, runSetup } from '../vfio/machine.ts';

const CDEV = `
  iommufd = open("/dev/iommu", O_RDWR)
  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)`;
const BIND = '\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>devid})';
const IOAS = '\n  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas})';
const MAP = '\n  ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=ioas, user_va=&x, iova=&x, length=PAGE})';
const ATTACH = '\n  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas})';
const NIC =
  '\n  nicfd = open("/dev/vfio/devices/vfio1", O_RDWR)\n  ioctl(nicfd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})\n  ioctl(nicfd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas})';
const COMPAT = `
  iommufd = open("/dev/iommu", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [iommufd])`;

/** The nic is behind a unit without snoop control, the gpu behind a unit with it. */
const MIXED = `machine {
  cpu intel count=2
  iommu general vt-d snoop-control=on
  iommu graphics vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=general group=26 no-snoop=on
  device nic 0000:02:00.0 iommu=graphics group=27 no-snoop=on
  memory x = 0
}
`;
const REVERSED = MIXED.replace('snoop-control=on', 'snoop-control=swap')
  .replace('=off', '=on')
  .replace('=swap', '=off');

describe('errnos', () => {
  const rows: readonly [name: string, script: string, answer: number | string, kernel?: string, machine?: string][] = [
    ['bind', CDEV + BIND, 0],
    ['bind twice', CDEV + BIND + BIND, 'EINVAL'],
    ['bind to something else', `${CDEV}\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=gpufd})`, 'EBADFD'],
    ['bind to nothing', `${CDEV}\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=99})`, 'EBADF'],
    ['bind to -1', `${CDEV}\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=-1})`, 'EINVAL'],
    // As a number the flag is refused, because it belongs to a part that is left out: here it is the value of a name.
    [
      'bind with a flag',
      `${CDEV}${IOAS}\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {flags=ioas, iommufd=iommufd})`,
      'EINVAL',
    ],
    [
      'bind with a token',
      `${CDEV}${IOAS}\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {flags=ioas, iommufd=iommufd})`,
      'EFAULT',
      'v7.2',
    ],
    ['bind without interrupt remapping', CDEV + BIND, 'EPERM', 'v6.6', machine('vt-d interrupt-remapping=off')],
    [
      'a device without an IOMMU',
      '\n  gpufd = open("/dev/vfio/devices/vfio0", O_RDWR)',
      'ENOENT',
      'v6.12',
      machine().replace('iommu=dmar0 group=26', 'group=26'),
    ],
    [
      'an interrupt address on AMD',
      `${CDEV}${BIND}${IOAS}${ATTACH}\n  ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=ioas, user_va=&x, iova=0xfd00000000, length=PAGE})`,
      'EINVAL',
      'v6.12',
      machine('amd-vi').replace('cpu intel', 'cpu amd'),
    ],
    ['bind while the group is open', `${CDEV}\n  group = open("/dev/vfio/26", O_RDWR)${BIND}`, 'EBUSY'],
    ['the group while bound', `${CDEV}${BIND}\n  group = open("/dev/vfio/26", O_RDWR)`, 'EBUSY'],
    [
      'the group after the device is closed',
      `${CDEV}${BIND}\n  close(gpufd)\n  group = open("/dev/vfio/26", O_RDWR)`,
      4,
    ],
    [
      'bind next to a host driver',
      '\n  iommufd = open("/dev/iommu", O_RDWR)\n  gpufd = open("/dev/vfio/devices/vfio2", O_RDWR)\n  ioctl(gpufd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})',
      'EPERM',
    ],
    ['anything before bind', `${CDEV}\n  ioctl(gpufd, VFIO_DEVICE_GET_INFO, {argsz=24})`, 'EINVAL'],
    ['attach before bind', CDEV + IOAS + ATTACH, 'EINVAL'],
    ['attach to nothing', `${CDEV}${BIND}\n  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=9})`, 'ENOENT'],
    ['attach to a device', `${CDEV}${BIND}\n  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=devid})`, 'EINVAL'],
    ['attach', CDEV + BIND + IOAS + ATTACH, 0],
    ['detach without attaching', `${CDEV}${BIND}\n  ioctl(gpufd, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0})`, 0],
    [
      'a second open of a bound device',
      `${CDEV}${BIND}\n  again = open("/dev/vfio/devices/vfio0", O_RDWR)\n  ioctl(again, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})`,
      'EINVAL',
    ],
    ['map', CDEV + IOAS + MAP, 0],
    ['map twice', CDEV + IOAS + MAP + MAP, 'EEXIST'],
    [
      'map into nothing',
      `${CDEV}\n  ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=7, user_va=&x, iova=&x, length=PAGE})`,
      'ENOENT',
    ],
    [
      'unmap what is not mapped',
      `${CDEV}${IOAS}\n  ioctl(iommufd, IOMMU_IOAS_UNMAP, {ioas_id=ioas, iova=&x, length=PAGE})`,
      'ENOENT',
    ],
    ['unmap', `${CDEV}${IOAS}${MAP}\n  ioctl(iommufd, IOMMU_IOAS_UNMAP, {ioas_id=ioas, iova=&x, length=PAGE})`, 0],
    [
      'destroy an address space in use',
      `${CDEV}${BIND}${IOAS}${ATTACH}\n  ioctl(iommufd, IOMMU_DESTROY, {id=ioas})`,
      'EBUSY',
    ],
    ['destroy an address space', `${CDEV}${IOAS}\n  ioctl(iommufd, IOMMU_DESTROY, {id=ioas})`, 0],
    [
      'cdev calls on a device from a group',
      `${COMPAT}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")${BIND}`,
      'EINVAL',
    ],
    [
      'SET_IOMMU of an iommufd without a group',
      `${CDEV}\n  ioctl(iommufd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)`,
      'ENODEV',
    ],
    ['SET_IOMMU of an iommufd', `${COMPAT}\n  ioctl(iommufd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)`, 0],
    ['SET_IOMMU of another type', `${COMPAT}\n  ioctl(iommufd, VFIO_SET_IOMMU, VFIO_SPAPR_TCE_IOMMU)`, 'EINVAL'],
    ['DMA_CC without a group', `${CDEV}\n  ioctl(iommufd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`, 'ENODEV'],
    ['DMA_CC without a device', `${COMPAT}\n  ioctl(iommufd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)`, 1],
    ['a device through an iommufd', `${COMPAT}\n  ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")`, 5],
    [
      'UNSET_CONTAINER with a device open',
      `${COMPAT}\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)`,
      0,
    ],
  ];
  for (const [name, script, answer, kernel = 'v6.12', text = machine()] of rows) {
    it(`${name}: ${answer} on ${kernel}`, () => {
      expect(runSetup(text, script, kernel).results.at(-1)).toBe(answer);
    });
  }
});

describe('coherency of page tables', () => {
  it('a device that can be coherent gets SNP, one that cannot does not', () => {
    expect(runSetup(MIXED, CDEV + BIND + IOAS + MAP + ATTACH, 'v6.12').entry('gpu', 0)).toBe('rw+snp');
    expect(runSetup(REVERSED, CDEV + BIND + IOAS + MAP + ATTACH, 'v6.12').entry('gpu', 0)).toBe('rw');
  });

  it('page tables that enforce refuse a device that cannot: it gets its own', () => {
    const run = runSetup(MIXED, CDEV + BIND + IOAS + MAP + ATTACH + NIC, 'v6.12');
    expect([run.entry('gpu', 0), run.entry('nic', 0)]).toEqual(['rw+snp', 'rw']);
  });

  it('v6.7 and later: page tables that do not enforce take a device that could be coherent', () => {
    const run = runSetup(REVERSED, CDEV + BIND + IOAS + MAP + ATTACH + NIC, 'v6.12');
    expect([run.entry('gpu', 0), run.entry('nic', 0)]).toEqual(['rw', 'rw']);
    expect(run.slot('deviceDomain', 1)).toBe(run.slot('deviceDomain', 0));
  });

  it('v6.6: the same device gets page tables of its own', () => {
    const run = runSetup(REVERSED, CDEV + BIND + IOAS + MAP + ATTACH + NIC, 'v6.6');
    expect([run.entry('gpu', 0), run.entry('nic', 0)]).toEqual(['rw', 'rw+snp']);
  });

  it('v6.2: a group on an iommufd is attached when its device is opened', () => {
    const script = `${COMPAT}\n  ioctl(iommufd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)\n  ioctl(iommufd, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})`;
    const open =
      '\n  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n  cc = ioctl(iommufd, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)';
    for (const kernel of ['v6.2', 'v6.6', 'v6.12']) {
      expect(runSetup(MIXED, script, kernel).entry('gpu', 0)).toBe('');
      expect(runSetup(MIXED, script + open, kernel).entry('gpu', 0)).toBe('rw+snp');
      expect(runSetup(REVERSED, script + open, kernel).value('cc')).toBe(0);
    }
  });
});

describe('page tables that user space allocates', () => {
  const devices = `${CDEV}${BIND}${IOAS}
  nicfd = open("/dev/vfio/devices/vfio1", O_RDWR)
  ioctl(nicfd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>nicid})`;
  // The gpu cannot be coherent in REVERSED, the nic can. The page table is made for the gpu, filled, and given to the nic.
  const handedOn = `${devices}
  ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=devid, pt_id=ioas, out_hwpt_id=>hwpt})${MAP}
  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=hwpt})
  ioctl(gpufd, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0})
  ioctl(nicfd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=hwpt})
  ioctl(iommufd, IOMMU_IOAS_MAP, {ioas_id=ioas, user_va=&x, iova=0x200000, length=PAGE})`;

  it('v6.6: claim coherency while older entries lack SNP', () => {
    const run = runSetup(REVERSED, handedOn, 'v6.6');
    expect(run.results.at(-1)).toBe(0);
    expect([run.entry('nic', 0), run.slot('domainCoherent')]).toEqual(['rw', 1]);
  });

  it('v6.7: stay what they were', () => {
    const run = runSetup(REVERSED, handedOn, 'v6.7');
    expect([run.entry('nic', 0), run.slot('domainCoherent')]).toEqual(['rw', 0]);
  });

  it('stay without devices, are not picked by attaching, and are destroyed by name', () => {
    const alloc = `${devices}\n  ioctl(iommufd, IOMMU_HWPT_ALLOC, {dev_id=devid, pt_id=ioas, out_hwpt_id=>hwpt})`;
    const picked = runSetup(machine(), `${alloc}${ATTACH}`, 'v6.12');
    expect(picked.slot('deviceDomain', 0)).toBe(2);
    const use = `${alloc}\n  ioctl(gpufd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=hwpt})`;
    const destroy = '\n  ioctl(iommufd, IOMMU_DESTROY, {id=hwpt})';
    expect(runSetup(machine(), use + destroy, 'v6.12').results.at(-1)).toBe('EBUSY');
    const detach = '\n  ioctl(gpufd, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0})';
    expect(runSetup(machine(), use + detach + destroy, 'v6.12').results.at(-1)).toBe(0);
    expect(
      runSetup(machine(), `${alloc}\n  close(gpufd)\n  close(nicfd)\n  close(iommufd)`, 'v6.12').slot('domainOwner'),
    ).toBe(0);
  });

  it('are refused for what is not a device, and for what is not an address space', () => {
    const last = (fields: string, kernel = 'v6.12'): number | string | undefined =>
      runSetup(machine(), `${devices}\n  ioctl(iommufd, IOMMU_HWPT_ALLOC, {${fields}})`, kernel).results.at(-1);
    expect(last('dev_id=ioas, pt_id=ioas')).toBe('ENOENT');
    expect(last('dev_id=devid, pt_id=devid')).toBe('EINVAL');
    expect(last('dev_id=devid, pt_id=99')).toBe('EINVAL');
    expect(last('flags=devid, dev_id=devid, pt_id=ioas')).toBe('EOPNOTSUPP');
    expect(last('size=8, dev_id=devid, pt_id=ioas')).toBe('EINVAL');
  });
});

describe('devices of one group', () => {
  // The last two of the machine are in group 28; here VFIO has both.
  const both = machine().replace(' driver=snd_hda_intel', '');
  const start = `
  iommufd = open("/dev/iommu", O_RDWR)
  one = open("/dev/vfio/devices/vfio2", O_RDWR)
  two = open("/dev/vfio/devices/vfio3", O_RDWR)
  ioctl(one, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})
  ioctl(two, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})${IOAS}
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>other})${MAP}`;
  const attach = (device: string, to: string): string =>
    `\n  ioctl(${device}, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=${to}})`;
  const detach = (device: string): string => `\n  ioctl(${device}, VFIO_DEVICE_DETACH_IOMMUFD_PT, {})`;
  const entries = (script: string): readonly string[] => {
    const run = runSetup(both, start + script, 'v6.12');
    return [run.entry('audio', 0), run.entry('modem', 0)];
  };

  it('share a page table from the first that is attached', () => {
    expect(entries(attach('one', 'ioas'))).toEqual(['rw', 'rw']);
    expect(runSetup(both, start + attach('one', 'ioas') + attach('two', 'other'), 'v6.12').results.at(-1)).toBe(
      'EINVAL',
    );
    expect(runSetup(both, start + attach('one', 'ioas') + attach('two', 'ioas'), 'v6.12').results.at(-1)).toBe(0);
  });

  it('move together, and leave with the last', () => {
    const attached = attach('one', 'other') + attach('two', 'other');
    expect(entries(attached)).toEqual(['', '']);
    expect(entries(attached + attach('one', 'ioas'))).toEqual(['rw', 'rw']);
    expect(entries(attached + attach('one', 'ioas') + detach('one'))).toEqual(['rw', 'rw']);
    expect(entries(attached + attach('one', 'ioas') + detach('one') + detach('two'))).toEqual(['', '']);
  });
});

describe('the VM that a device file holds', () => {
  const add = (fd: string): string =>
    `\n  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[${fd}]})`;
  const closeVm = '\n  close(dev)\n  close(vm)';

  it('is there from BIND to the last close', () => {
    expect(runSetup(machine(), CDEV + KVM + add('gpufd') + BIND + closeVm, 'v6.12').slot('vmReferences')).toBe(1);
    expect(
      runSetup(machine(), `${CDEV}${KVM}${add('gpufd')}${BIND}${closeVm}\n  close(gpufd)`, 'v6.12').slot(
        'vmReferences',
      ),
    ).toBe(0);
  });

  it('is not taken when ADD comes after BIND', () => {
    expect(runSetup(machine(), CDEV + BIND + KVM + add('gpufd') + closeVm, 'v6.12').slot('vmReferences')).toBe(0);
  });

  const second = '\n  again = open("/dev/vfio/devices/vfio0", O_RDWR)';
  const rebind = '\n  ioctl(again, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd})';

  it('leaks when a second file of the device, added too, is bound', () => {
    const script = `${CDEV}${KVM}${second}${add('gpufd')}${add('again')}${BIND}${rebind}${closeVm}\n  close(gpufd)\n  close(again)`;
    const run = runSetup(machine(), script, 'v6.12');
    expect(run.results).toContain('EINVAL');
    expect(run.slot('vmReferences')).toBe(1);
  });

  it('is dropped early when the second file was not added', () => {
    const script = CDEV + KVM + second + add('gpufd') + BIND + rebind + closeVm;
    expect(runSetup(machine(), script, 'v6.12').slot('vmReferences')).toBe(0);
  });
});
