/** A scenario of so many statements, and the line of the first of them, counting from 0. */
export function manyStatements(count: number): { readonly text: string; readonly first: number } {
  const before = [
    'machine {',
    '  cpu intel count=1',
    '  memory w = 0',
    '}',
    'setup {',
    '  kvm = open("/dev/kvm", O_RDWR)',
    '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    '  v0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
    '}',
    'vcpu 0 cpu=0 {',
  ];
  const statements = Array.from({ length: count }, (_, i) => `  mov [w], ${i % 7}`);
  return { text: [...before, ...statements, '}', 'exists [w] == 3', ''].join('\n'), first: before.length };
}
