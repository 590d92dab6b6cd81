// The texts that mutations start from: every scenario of the gallery, and one that uses every notation.
import { globSync, readFileSync } from 'node:fs';

const everyNotation = `scenario "every notation"
doc "words of \\"every\\" kind"
tags a b-c
kernel v6.1
include "attach.snoop"

machine {
  cpu intel count=2 self-snoop=off
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  mdev vgpu parent=gpu group=40
  memory x = 0
  memory y z = 1 0x2 page=frame // one line
  allow evict
  allow migrate vcpu0 max=2
}

// Attaches a group.
proc attach(group) {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
}

setup {
  container = open("/dev/vfio/vfio", O_RDWR|O_CLOEXEC)
  ioctl(11</dev/kvm>, KVM_CREATE_DEVICE, {type=4, fd=>dev, flags=0}) = -1 EEXIST (File exists)
  call attach(group)
}

thread qemu of other cpu=1 {
  choose {
    close(7) = 0
  } or {
    wait err == 1
  }
}

vcpu 0 cpu=0 {
  repeat 3 {
    mov [x], 1
    mov eax, [gpu.status]
    pat x = WC
  }
}

device gpu {
  loop {
    wait doorbell == 1
    r0 = MRd x ns
  }
}

host {
  migrate vcpu0 cpu=1
  bind 0000:01:00.1 driver=snd_hda_intel
}

exists (gpu.r0 == 0 || !stale-read) && [x] != 2 on v3.13..v5.11, v6.1
~exists exits(vcpu0, WBINVD) >= 3 on v5.12..
schedule qemu*4 vcpu0/1 evict(x,cpu0)*2
`;

export const gallery: readonly string[] = [
  everyNotation,
  ...globSync('scenarios/**/*.snoop', { cwd: new URL('../..', import.meta.url) }).map((path) =>
    readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'),
  ),
];
