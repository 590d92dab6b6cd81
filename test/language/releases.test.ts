// What people call a kernel, and which profile it gets.
import { readFileSync } from 'node:fs';
import {
  CHANGES,
  checkScenario,
  checkText,
  elaborate,
  kernelLike,
  kernelOf,
  noKernel,
  PROFILES,
  parse,
  print,
  profileLike,
  profileNamed,
  profilesNamed,
  readKernelsFile,
} from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';

describe('a release', () => {
  test.each([
    ['6.8.0-45-generic', 'v6.8', 'an Ubuntu kernel'],
    ['5.14.0-427.13.1.el9_4.x86_64', 'v5.14', 'a kernel of RHEL or a rebuild of it'],
    ['5.14.0-427.el9', 'v5.14', 'a kernel of RHEL or a rebuild of it'],
    ['5.15.0-209.161.7.2.el9uek.x86_64', 'v5.15', 'an Oracle UEK kernel'],
    ['6.8.12-4-pve', 'v6.8', 'a Proxmox VE kernel'],
    ['6.1.0-44-amd64', 'v6.1', 'a Debian kernel'],
    ['6.12.78', 'v6.12', 'a stable release'],
    ['6.12.0-mine', 'v6.12', 'a kernel with patches or a configuration of its own'],
    ['6.12.0-rc3', 'v6.12', 'a release candidate'],
    ['6.12.70+deb13-amd64', 'debian-6.12.43', 'a Debian kernel'],
    ['7.4.1-1-generic', 'v7.3', 'newer than every profile'],
    ['6.12.9+bpo-amd64', 'v6.12', 'a Debian kernel'],
    ['6.11+bpo-amd64', 'v6.11', 'a Debian kernel'],
    ['6.6.51+rpt-rpi-v8', 'v6.6', 'a Raspberry Pi kernel'],
    ['6.6.0+mybuild', 'v6.6', 'a kernel with patches or a configuration of its own'],
    ['v6.6.1+mybuild+twice', 'v6.6', 'a kernel with patches or a configuration of its own'],
    ['6.7.0-rc1+next', 'v6.7', 'a release candidate'],
    ['v6.7-rc2+next', 'v6.7', 'a release candidate'],
    ['6.17-rc4-dirty', 'v6.17', 'a release candidate'],
    ['v6.16.y', 'v6.16', 'a stable series'],
    ['6.12.0-dirty', 'v6.12', 'a kernel of a changed tree'],
    ['6.12.5-00012-gabcdef123456', 'v6.12', 'a kernel built after its tag'],
    ['6.1.90+', 'v6.1', 'a kernel built after its tag'],
    ['6.19.0-next-20260115', 'v6.19', 'a linux-next kernel'],
    ['next-20260115', 'v7.3', 'a linux-next tree'],
    ['5.15.0-1034-gke', 'v5.15', 'an Ubuntu kernel'],
    ['6.4.0-150600.8.5-azure', 'v6.4', 'a SUSE kernel'],
    ['5.15.123.1-microsoft-standard-WSL2', 'v5.15', 'a WSL kernel'],
    ['5.10.110-android12-9-00004', 'v5.10', 'an Android kernel'],
    ['7.4.0', 'v7.3', 'newer than every profile'],
    ['3.10.0-1160.el7.x86_64', 'v3.12', 'a kernel of RHEL or a rebuild of it, older than every profile'],
    ['2.6.32-754.el6.x86_64', 'v3.12', 'a kernel of RHEL or a rebuild of it, older than every profile'],
  ])('%s is near to %s', (text, profile, kind) => {
    const like = kernelLike(text);
    expect(like).toMatchObject({ exact: false, kind });
    expect(like?.profile.name).toBe(profile);
    expect(like?.unknown).toMatch(/not known\.$/);
  });

  test.each([
    ['v6.8', 'v6.8'],
    ['6.8', 'v6.8'],
    ['6.8.0', 'v6.8'],
    ['debian-5.10.223', 'debian-5.10.223'],
    ['6.12.43+deb13-amd64', 'debian-6.12.43'],
    ['6.11.0-rc1', 'v6.11-rc1'],
  ])('%s is %s exactly', (text, profile) => {
    expect(kernelLike(text)).toMatchObject({ exact: true, profile: { name: profile } });
  });

  test('a stable release of a recorded series names what was recorded', () => {
    expect(kernelLike('6.12.78')?.recorded.map(({ name }) => name)).toContain('debian-6.12.85');
  });

  test('a release before the first profile says that what it lacks is not modelled', () => {
    expect(kernelLike('3.10.0')).toMatchObject({
      kind: 'older than every profile',
      unknown: 'what v3.10 lacks of v3.12 is not modelled.',
    });
  });

  test.each(['v5.111', 'v7.4', 'v3.11', 'linux', '6.8generic', '', '+', '~'])('`%s` is none', (text) => {
    expect(kernelLike(text)).toBeUndefined();
  });
});

describe('single changes', () => {
  test('+ adds and ~ removes', () => {
    const profile = profileLike('v6.12 + flush-noncoherent-dma ~ kvm-vfio-device');
    expect(profile?.name).toBe('v6.12+flush-noncoherent-dma~kvm-vfio-device');
    const base = profileNamed('v6.12')!.changes;
    expect([...profile!.changes].filter((id) => !base.has(id))).toEqual(['flush-noncoherent-dma']);
    expect([...base].filter((id) => !profile!.changes.has(id))).toEqual(['kvm-vfio-device']);
  });

  test('the name of the result means the same kernel', () => {
    const profile = profileLike('6.8.0-45-generic+flush-noncoherent-dma')!;
    expect(profileLike(profile.name)?.changes).toEqual(profile.changes);
  });

  test('a local version and single changes can follow each other', () => {
    const profile = profileLike('6.12.9+bpo-amd64+flush-noncoherent-dma~kvm-vfio-device');
    expect(profile?.name).toBe('v6.12+flush-noncoherent-dma~kvm-vfio-device');
  });

  test.each([
    ['v6.12+flush-noncoherent-dmaa', 'did you mean `flush-noncoherent-dma`?'],
    ['6.12.9+flush-noncoherent-dmaa', 'did you mean `flush-noncoherent-dma`?'],
    ['v6.12+some-typo', 'there is no change `some-typo`'],
    ['v6.11-rc1+next', 'there is no change `next`'],
    ['6.12.9 + mybuild', 'there is no change `mybuild`'],
    ['v6.12+kvm-vfio-device', 'v6.12 already has `kvm-vfio-device`, so `+` cannot add it.'],
    ['v6.12~flush-noncoherent-dma', 'v6.12 does not have `flush-noncoherent-dma`, so `~` cannot remove it.'],
    ['v6.12~kvm-vfio-device+kvm-vfio-device', '`kvm-vfio-device` is named twice.'],
  ])('%s', (text, message) => {
    expect(profileLike(text)).toBeUndefined();
    expect(noKernel(text).message).toContain(message);
  });
});

describe('a kernel that the workspace names', () => {
  const { named, problems } = readKernelsFile(
    '{"kernels": {"rhel-9.4": "v5.14+enforce-cache-coherency", "ours": "6.8.0-45-generic"}}',
  );

  test('has its changes and its own name, and counts as no mainline release', () => {
    expect(problems).toEqual([]);
    const like = kernelLike('rhel-9.4', named)!;
    expect(like).toMatchObject({ exact: true, profile: { name: 'rhel-9.4', version: 'v5.14', mainline: false } });
    expect(like.profile.changes).toEqual(profileLike('v5.14+enforce-cache-coherency')!.changes);
    expect(kernelLike('ours', named)).toMatchObject({ exact: false, kind: 'an Ubuntu kernel' });
    expect(profileLike('rhel-9.4+flush-noncoherent-dma', named)?.name).toBe('rhel-9.4+flush-noncoherent-dma');
    expect(kernelLike('rhel-9.4')).toBeUndefined();
  });

  test.each([
    ['{', /^It is not JSON: /],
    ['[]', /must be an object/],
    ['{"kernel": {}}', /no key `kernel`/],
    ['{"kernels": []}', /`kernels` must be an object/],
    ['{"kernels": {"v6.1": "v6.2"}}', /`kernels.v6.1`: This name already means another kernel/],
    ['{"kernels": {"all": "v6.2"}}', /already means another kernel/],
    ['{"kernels": {"a b": "v6.2"}}', /A name has letters/],
    ['{"kernels": {"a..b": "v6.2"}}', /A name has letters/],
    ['{"kernels": {"a": 6.2}}', /Its value must be a string/],
    ['{"kernels": {"a": "v6.2+nonsense"}}', /there is no change `nonsense`/],
    ['{"kernels": {"a": "b", "b": "v6.2"}}', /`b` is a name of this file, and names do not stand for each other/],
  ])('%s is refused in words', (text, message) => {
    expect(
      readKernelsFile(text)
        .problems.map((problem) => problem.message)
        .join('\n'),
    ).toMatch(message);
  });
});

describe('in a scenario', () => {
  const { named } = readKernelsFile(
    '{"kernels": {"ours": "v6.7~zap-on-noncoherent-change", "near": "6.8.0-45-generic"}}',
  );
  const scenario = (kernel: string, on = ''): string =>
    `kernel ${kernel}\nmachine {\n  cpu intel\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\nforall kvm > 0${on}\n`;
  const codes = (text: string): string[] => {
    const parsed = parse(text, undefined, named);
    return [...parsed.diagnostics, ...checkText(parsed)].map(({ code }) => code);
  };

  test.each([
    '6.8.0-45-generic',
    '5.14.0-427.13.1.el9_4.x86_64',
    '6.12.43+deb13-amd64',
    '6.12.9+bpo-amd64',
    '6.6.51+rpt-rpi-v8',
    'v6.12+flush-noncoherent-dma~kvm-vfio-device',
    'v6.11-rc1',
    'near',
  ])('the kernel line takes %s', (name) => {
    const parsed = parse(scenario(name), undefined, named);
    expect(parsed.diagnostics).toEqual([]);
    expect(checkText(parsed).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(kernelOf(parsed)).toBe(profileLike(name, named));
    expect(elaborate(parsed, { profile: kernelOf(parsed)! }).diagnostics).toEqual([]);
    expect(print(parsed)).toBe(scenario(name));
  });

  test('a condition names kernels of any kind, each alone', () => {
    const parsed = parse(
      scenario('v6.1', ' on v6.1..v6.2, near, v6.12+flush-noncoherent-dma, v6.7..'),
      undefined,
      named,
    );
    expect(parsed.diagnostics).toEqual([]);
    const names = profilesNamed(parsed).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['v6.1', 'v6.2']);
    expect(names.slice(-2)).toEqual(['near', 'v6.12+flush-noncoherent-dma']);
    const { kernels } = checkScenario(parsed);
    expect(kernels.map(({ passed }) => passed)).toEqual(names.map(() => true));
  });

  test('a nearest profile is remarked, an exact one is not', () => {
    expect(codes(scenario('6.8.0-45-generic'))).toEqual(['nearest-kernel']);
    expect(codes(scenario('near'))).toEqual(['nearest-kernel']);
    expect(codes(scenario('v6.1', ' on 6.12.78'))).toEqual(['nearest-kernel']);
    expect(codes(scenario('6.12.43+deb13-amd64'))).toEqual([]);
    expect(codes(scenario('ours'))).toEqual([]);
  });

  test('ends of ranges are mainline releases', () => {
    expect(codes(scenario('v6.1', ' on ours..v6.9'))).toContain('empty-range');
    expect(codes(scenario('v6.1', ' on v6.1..6.8.0-45-generic'))).toContain('empty-range');
    expect(codes(scenario('v6.1', ' on 6.1..6.8'))).toEqual([]);
  });

  test('names that mean nothing are errors', () => {
    expect(codes(scenario('v6.12+flush'))).toEqual(['unknown-kernel']);
    expect(codes(scenario('v6.1', ' on thiers'))).toEqual(['unknown-kernel']);
  });
});

describe('what was posted and not merged', () => {
  const unmerged = CHANGES.filter(({ first }) => first === undefined);

  test.each(unmerged)('$id says so, is in a profile, and can be added to a kernel', ({ id, effect, subject }) => {
    expect(`${subject} ${effect}`).toMatch(/not merged|reverted|[Hh]ypothetical/);
    const profiles = PROFILES.filter(({ changes }) => changes.has(id));
    expect(profiles.map(({ doc }) => doc).join()).toMatch(/not merged|first posted|Reverted|[Hh]ypothetical/);
    expect(profileLike(`v6.12+${id}`)?.changes.has(id)).toBe(true);
  });

  test('the documentation lists all of them with their profiles', () => {
    const text = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');
    for (const { id } of unmerged) {
      const profile = PROFILES.find(({ changes }) => changes.has(id));
      const row = text.split('\n').find((line) => line.startsWith(`| \`${profile?.name}\` |`));
      expect(row).toContain(`\`${id}\``);
    }
  });

  test('a constant of such a change is refused by other kernels, and a warning says which has it', () => {
    const text = (kernel: string): string => `kernel ${kernel}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {flags=KVM_MEM_NON_COHERENT_DMA, memory_size=PAGE})
}
`;
    const messages = (kernel: string): string[] =>
      checkText(parse(text(kernel))).flatMap(({ code, message }) => (code === 'not-in-kernel' ? [message] : []));
    expect(messages('v6.8')).toEqual([
      '`KVM_MEM_NON_COHERENT_DMA` is in kernels with the change `noncoherent-memslots`, which was not merged, not in v6.8. There the call fails with EINVAL.',
    ]);
    expect(messages('v6.12+noncoherent-memslots')).toEqual([]);
  });
});
