// What KVM_CHECK_EXTENSION answers about capabilities that change nothing that is modelled.
import { expect, it } from 'vitest';
import { outcome } from './run.ts';

const answers = (machine: string, ...asked: readonly string[]): readonly (number | string)[] =>
  outcome(
    `machine {
  ${machine}
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
${asked.map((line) => `  ioctl(${line.replace(', ', ', KVM_CHECK_EXTENSION, KVM_CAP_')}\n`).join('')}}
`,
    'v6.8',
  ).results.slice(2);

it('x86 answers what every x86 kernel does, unless the line says something else', () => {
  expect(
    answers('cpu amd', 'vm, IRQCHIP)', 'kvm, IRQCHIP)', 'vm, READONLY_MEM) = 0', 'vm, MCE)', 'vm, MCE) = 32'),
  ).toEqual([1, 1, 0, 0, 32]);
});

it('takes a number for its name, all 64 bits of it', () => {
  const plain = (number: string) => `vm, KVM_CHECK_EXTENSION, ${number})`;
  const results = outcome(
    `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
${['0', '1', '11', '22', '0x100000000', '0x100000001', '500', '-1'].map((number) => `  ioctl(${plain(number)}\n`).join('')}}
`,
    'v6.8',
  ).results.slice(2);
  expect(results).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
});

it('a capability that every x86 kernel just has cannot be enabled', () => {
  const { results } = outcome(
    `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_ENABLE_CAP, {cap=KVM_CAP_HLT})
  ioctl(vm, KVM_ENABLE_CAP, {cap=KVM_CAP_EXCEPTION_PAYLOAD, args=1})
}
`,
    'v6.8',
  );
  expect(results.slice(2)).toEqual(['EINVAL', 0]);
});

it('elsewhere nothing is known', () => {
  expect(answers('cpu power', 'vm, IRQCHIP)', 'vm, IRQCHIP) = 1')).toEqual([0, 1]);
});
