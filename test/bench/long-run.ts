// The run of a million events that benches of traces and of views share: two vCPUs in loops, in turn.
import { elaborate, NEWEST, parse, Run } from '@snoopscope/sim-core';

const SCENARIO = `machine {
  cpu intel count=2 self-snoop=off
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
  memory y = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  loop {
    mov [x], 1
    wbinvd
    mov [y], 2
  }
}
vcpu 1 cpu=1 {
  loop {
    mov eax, [x]
    mov [y], 3
  }
}
`;

/** A run that has at least so many events. */
export function longRun(least: number): Run {
  const { model, diagnostics } = elaborate(parse(SCENARIO), { profile: NEWEST });
  if (!model) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  const made = new Run(model);
  // Both in turn: a run stays with one actor otherwise.
  const actors = model.world.topology.actors.map((_, actor) => actor).filter((actor) => actor !== model.setup);
  while (made.events < least) {
    const moved = actors.some((actor, i) => i === made.steps % actors.length && made.advanceActor(actor));
    if (!moved && !made.advance()) throw new Error('the run ends early');
  }
  return made;
}
