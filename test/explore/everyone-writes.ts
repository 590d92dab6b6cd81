/** A scenario in which all vCPUs write and read the same words: many states, and new places of programs in every level. */
export function everyoneWritesEverything(vcpus: number, words: number): string {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return [
    'machine {',
    `  cpu intel count=${vcpus}`,
    ...upTo(words).map((w) => `  memory w${w} = 0`),
    '}',
    'setup {',
    '  kvm = open("/dev/kvm", O_RDWR)',
    '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    ...upTo(vcpus).map((i) => `  v${i} = ioctl(vm, KVM_CREATE_VCPU, ${i})`),
    '}',
    ...upTo(vcpus).flatMap((i) => [
      `vcpu ${i} cpu=${i} {`,
      ...upTo(words).flatMap((w) => [`  mov [w${w}], ${i + 1}`, `  mov eax, [w${w}]`]),
      '}',
    ]),
    'exists [w0] == 3',
    '',
  ].join('\n');
}
