// What people call a kernel, and which profile it gets.
import { kernelLike, noKernel, profileLike, profileNamed } from '@snoopscope/sim-core';
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

  test.each(['v5.111', '7.4.1-1-generic', '2.6.32-754.el6', 'linux', '6.8generic', '', '+', '~'])(
    '`%s` is none',
    (text) => {
      expect(kernelLike(text)).toBeUndefined();
    },
  );
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

  test.each([
    ['v6.12+flush-noncoherent-dmaa', 'did you mean `flush-noncoherent-dma`?'],
    ['v6.12+kvm-vfio-device', 'v6.12 already has `kvm-vfio-device`, so `+` cannot add it.'],
    ['v6.12~flush-noncoherent-dma', 'v6.12 does not have `flush-noncoherent-dma`, so `~` cannot remove it.'],
    ['v6.12~kvm-vfio-device+kvm-vfio-device', '`kvm-vfio-device` is named twice.'],
  ])('%s', (text, message) => {
    expect(profileLike(text)).toBeUndefined();
    expect(noKernel(text).message).toContain(message);
  });
});
