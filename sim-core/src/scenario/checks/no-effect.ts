import { OTHER_CAPABILITIES } from '../../kernel/capabilities.ts';
import { OPS } from '../../ops/table.ts';
import type { LineContent } from '../ast.ts';
import { MACHINE_OPTIONS } from '../machine-options.ts';
import { type Check, type Objection, oneOf } from './check.ts';
import { namesIn } from './constant-names.ts';
import { expectedValues, requestOf } from './expected-values.ts';

const capabilities: ReadonlySet<string> = new Set(OTHER_CAPABILITIES.map(([name]) => name));
const loadsVcpu = (name: string): boolean => OPS.some((op) => op.name === name && op.files?.includes('vcpu'));

export const noEffect: Check = {
  code: 'no-effect',
  severity: 'hint',
  doc: 'The call is known and changes nothing that is modelled. It occurs in the logs of real VMMs, and its declared result is taken as the kernel’s.',
  sources: ['docs/fidelity.md, "What is left out"'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_IRQCHIP)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
}
`,
  },
  of: ['syscall', 'cpu', 'iommu', 'mdev'],
  *line({ line, vocabulary }) {
    if (line.content.kind === 'cpu' || line.content.kind === 'iommu') yield* options(line.content);
    if (line.content.kind === 'mdev') yield* labels(line.content);
    const call = line.content;
    if (call.kind !== 'syscall') return;
    const op = requestOf(call, vocabulary);
    const request = call.args[1];
    if (op?.inert && request) {
      const beside = loadsVcpu(op.name) ? ', beside loading the vCPU,' : '';
      yield {
        span: request.span,
        message: `\`${op.name}\` has no effect here${beside} and answers what the line declares.`,
      };
    }
    for (const { expr } of expectedValues(call, vocabulary)) {
      for (const { name, span } of namesIn(expr)) {
        if (capabilities.has(name))
          yield { span, message: `\`${name}\` is not modelled: the answer is what the line declares, else 0.` };
      }
    }
  },
};

/** Options of hardware of another kind. */
function* options(item: Extract<LineContent, { kind: 'cpu' | 'iommu' }>): Generator<Objection> {
  const kind = item.kind === 'cpu' ? item.vendor.text : item.driver.text;
  for (const { key } of item.options) {
    const { actsOn } = MACHINE_OPTIONS[item.kind].find((option) => option.key === key.text) ?? {};
    if (actsOn === undefined || actsOn.includes(kind)) continue;
    yield {
      span: key.span,
      message: `\`${key.text}\` has no effect on \`${kind}\`: it is an option of ${oneOf(actsOn)}.`,
    };
  }
}

/** Options that only tell readers something. */
function* labels({ options }: Extract<LineContent, { kind: 'mdev' }>): Generator<Objection> {
  for (const { key } of options) {
    if (!MACHINE_OPTIONS.mdev.some((option) => option.key === key.text && option.label)) continue;
    yield { span: key.span, message: `\`${key.text}\` has no effect here: it only says whose device this is.` };
  }
}
