import type { Syscall } from '../ast.ts';
import { type Piece, type PlacedPiece, piecesOf } from '../pieces.ts';
import { remembered } from '../remembered.ts';
import type { Check } from './check.ts';
import { namesIn } from './constant-names.ts';

export const testCreatesNothing: Check = {
  code: 'test-creates-nothing',
  severity: 'warning',
  doc: 'KVM_CREATE_DEVICE with KVM_CREATE_DEVICE_TEST only asks whether the type exists: no device is made, and the name of its descriptor, which other lines use, stays -1.',
  sources: ['linux: virt/kvm/kvm_main.c kvm_ioctl_create_device()'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=KVM_CREATE_DEVICE_TEST})
  close(dev)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  close(dev)
}
`,
  },
  *scenario({ scenario, symbols }) {
    for (const { line, ...found } of piecesOf(scenario).flatMap(testsOf)) {
      const symbol = symbols.all.get(`name:${found.name}`);
      const used = symbol?.references[0];
      if (symbol === undefined || used === undefined || symbol.definitionCount > 1) continue;
      yield {
        line,
        span: found.flag,
        message: `This makes no device: \`${found.name}\` stays -1, and line ${used.line + 1} uses it.`,
        fixes: [{ title: 'Create the device', meaning: 'changed', edits: [{ line, span: found.flags, newText: '0' }] }],
        related: [{ ...used, message: `\`${found.name}\` is used here.` }],
      };
    }
  },
};

function testsOf({ start, piece }: PlacedPiece) {
  return testsOfPiece(piece).map(({ index, ...found }) => ({ line: start + index, ...found }));
}

const testsOfPiece = remembered(({ lines }: Piece) =>
  lines.flatMap(({ content }, index) => {
    const found = content.kind === 'syscall' ? testOf(content) : undefined;
    return found === undefined ? [] : [{ index, ...found }];
  }),
);

function testOf({ args }: Syscall) {
  const [, request, struct] = args;
  if (request?.kind !== 'name' || request.name !== 'KVM_CREATE_DEVICE' || struct?.kind !== 'struct') return undefined;
  const flags = struct.fields.find(({ name }) => name.text === 'flags')?.value;
  const fd = struct.fields.find(({ name }) => name.text === 'fd')?.value;
  if (flags?.kind !== 'in' || fd?.kind !== 'out' || fd.bind.text === 'NULL') return undefined;
  const flag =
    flags.expr.kind === 'number' && flags.expr.value === 1n
      ? flags.expr
      : [...namesIn(flags.expr)].find(({ name }) => name === 'KVM_CREATE_DEVICE_TEST');
  return flag && { name: fd.bind.text, flag: flag.span, flags: flags.expr.span };
}
