import { OTHER_CAPABILITIES } from '../../kernel/capabilities.ts';
import { MSR_NUMBERS } from '../../kvm/msr.ts';
import { CONSTANTS } from '../../ops/constants.ts';
import { leftOutCapability } from '../../ops/not-modelled.ts';
import type { Op } from '../../ops/op.ts';
import { OPS } from '../../ops/table.ts';
import type { Expr, LineContent, Operand } from '../ast.ts';
import { MACHINE_OPTIONS } from '../machine-options.ts';
import { type Check, type Objection, oneOf } from './check.ts';
import { namesIn } from './constant-names.ts';
import { calledRequest, expectedValues, opOfCall } from './expected-values.ts';
import { idleOptions } from './idle-options.ts';

/** With the answer on x86, where that is known. */
const capabilities: ReadonlyMap<string, number | undefined> = new Map(
  OTHER_CAPABILITIES.map(([name, , x86]) => [name, x86]),
);
const capabilityNames: ReadonlyMap<bigint, string> = new Map(
  CONSTANTS.filter(({ set, unmerged }) => set === 'kvm-cap' && unmerged === undefined).map(({ name, value }) => [
    value,
    name,
  ]),
);
const MSR_INDEX = 'kvm_msr_entry.index';
const MODELLED_MSRS: ReadonlySet<bigint> = new Set([...MSR_NUMBERS.values()].map(BigInt));
const loadsVcpu = (name: string): boolean => OPS.some((op) => op.name === name && op.files?.includes('vcpu'));

export const noEffect: Check = {
  code: 'no-effect',
  severity: 'hint',
  doc: 'The call is known and changes nothing that is modelled. It occurs in the logs of real VMMs, and its declared result is taken as the kernel’s. Or the option does nothing on this hardware, or on the kernels that the scenario names.',
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
  of: ['syscall', 'action', 'cpu', 'iommu', 'mdev'],
  *line({ line, vocabulary }) {
    if (line.content.kind === 'cpu' || line.content.kind === 'iommu') yield* options(line.content);
    if (line.content.kind === 'mdev') yield* labels(line.content);
    const call = line.content;
    if (call.kind === 'action') {
      const [op] = vocabulary.actions.get(call.op.text) ?? [];
      if (op) yield* ignored(op, call.operands);
    }
    if (call.kind !== 'syscall') return;
    const op = calledRequest(call, vocabulary);
    const called = opOfCall(call, vocabulary);
    if (called && !called.inert) yield* ignored(called, op ? call.args.slice(2) : call.args);
    const request = call.args[1];
    if (op?.inert && request) {
      const beside = loadsVcpu(op.name) ? ', beside loading the vCPU,' : '';
      yield {
        span: request.span,
        message: `\`${op.name}\` has no effect here${beside} and answers what the line declares.`,
      };
    }
    for (const { expr, shapes, place } of expectedValues(call, vocabulary)) {
      if (expr.kind === 'number' && place === MSR_INDEX && !MODELLED_MSRS.has(expr.value))
        yield {
          span: expr.span,
          message: `No MSR with the number ${expr.text} is modelled: writing it has no effect here, and it reads as 0.`,
        };
      for (const { name, span } of namesIn(expr)) {
        if (capabilities.has(name)) yield { span, message: `\`${name}\` ${notModelled(name)}: ${answerOf(op, name)}` };
      }
      if (expr.kind !== 'number' || !shapes.some((shape) => 'constants' in shape && shape.constants === 'kvm-cap'))
        continue;
      const name = capabilityNames.get(BigInt.asUintN(64, expr.value));
      if (name === undefined)
        yield {
          span: expr.span,
          message: `No capability with the number ${expr.text} is known here: ${answerOf(op, name)}`,
        };
      else if (capabilities.has(name))
        yield {
          span: expr.span,
          message: `${expr.text} is \`${name}\`, which ${notModelled(name)}: ${answerOf(op, name)}`,
        };
    }
  },
  *scenario(subject) {
    for (const place of subject.selfIncludes)
      yield { ...place, message: 'The file includes itself, which has no effect: each file counts once.' };
    yield* idleOptions(subject);
  },
};

/** Some capabilities announce a part that is left out. */
function notModelled(name: string): string {
  const part = leftOutCapability(name)?.part;
  return part === undefined ? 'is not modelled' : `belongs to ${part} and is not modelled`;
}

/** What a request answers for a capability that is not modelled. */
function answerOf(op: Op | undefined, name: string | undefined): string {
  const x86 = name === undefined ? undefined : capabilities.get(name);
  if (op?.name === 'KVM_ENABLE_CAP' && (name === undefined || x86 !== undefined)) return 'enabling it is EINVAL.';
  return `the answer is what the line declares, else ${x86 === undefined ? '0' : `${x86}, as every x86 kernel answers`}.`;
}

/** Operands on which nothing depends. */
function* ignored({ name, operands }: Op, written: readonly (Expr | Operand)[]): Generator<Objection> {
  for (const [index, value] of written.entries()) {
    const operand = operands[index];
    if (!operand?.ignored || (value.kind === 'number' && value.value === 0n)) continue;
    yield { span: value.span, message: `The ${operand.name} of \`${name}\` has no effect here.` };
  }
}

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
