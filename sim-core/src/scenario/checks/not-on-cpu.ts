import type { Op } from '../../ops/op.ts';
import { contentsOfKind } from '../blocks.ts';
import type { Check, PlacedObjection, ScenarioSubject } from './check.ts';
import { oneOf } from './check.ts';
import { calledRequest } from './expected-values.ts';

/** IOMMUs of machines that are not x86; those of x86 are not told apart by the CPU. */
const UNITS: Readonly<Record<string, readonly string[]>> = { arm64: ['smmu', 'none'], power: ['spapr', 'none'] };
/** Of x86 alone: what reads or writes registers of its CPUs, and legacy assignment. */
const X86_REQUESTS: ReadonlySet<string> = new Set([
  'KVM_SET_MSRS',
  'KVM_GET_MSRS',
  'KVM_SET_REGS',
  'KVM_GET_REGS',
  'KVM_SET_SREGS',
  'KVM_GET_SREGS',
  'KVM_SET_SREGS2',
  'KVM_GET_SREGS2',
  'KVM_SET_TSS_ADDR',
  'KVM_SET_IDENTITY_MAP_ADDR',
  'KVM_ASSIGN_PCI_DEVICE',
  'KVM_DEASSIGN_PCI_DEVICE',
]);
/** A load or a store is one on every CPU. */
const ANY_CPU = 'mov';

export const notOnCpu: Check = {
  code: 'not-on-cpu',
  severity: 'error',
  doc: 'An instruction, a request or an IOMMU that machines with these CPUs do not have, or DMA where it is not modelled (POWER).',
  sources: ['docs/language.md, machine'],
  examples: {
    bad: `machine {
  cpu arm64
  memory x = 0
}
vcpu 0 {
  wbinvd
}
`,
    good: `machine {
  cpu arm64
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
`,
  },
  *scenario(subject) {
    const vendor = vendorOf(subject);
    const units = UNITS[vendor ?? ''];
    yield* unitsOf(subject, vendor, units);
    if (units === undefined || vendor === undefined) return;
    const { scenario, vocabulary } = subject;
    for (const { line, content } of contentsOfKind(scenario, 'action')) {
      const { block } = scenario.lines[line]!;
      const { text, span } = content.op;
      if (block === 'vcpu' && text !== ANY_CPU && vocabulary.actions.has(text)) {
        yield {
          line,
          span,
          message: `\`${text}\` is an instruction of x86, and the CPUs of this machine are ${vendor}.`,
        };
      } else if (block === 'device' && vendor === 'power' && vocabulary.actions.has(text)) {
        yield { line, span, message: 'DMA is not modelled on POWER: only what system calls return is.' };
      }
    }
    for (const { line, content } of contentsOfKind(scenario, 'syscall')) {
      const op: Op | undefined = calledRequest(content, vocabulary);
      const request = content.args[1];
      if (op === undefined || request === undefined || !X86_REQUESTS.has(op.name)) continue;
      yield {
        line,
        span: request.span,
        message: `\`${op.name}\` as modelled is a request of x86, and the CPUs of this machine are ${vendor}.`,
      };
    }
  },
};

/** `intel`, `arm64` and so on, as the scenario or a file that it includes writes it. */
export function vendorOf({ scenario, included }: Pick<ScenarioSubject, 'scenario' | 'included'>): string | undefined {
  for (const file of [scenario, ...included]) {
    const [cpu] = contentsOfKind(file, 'cpu');
    if (cpu) return cpu.content.vendor.text;
  }
  return undefined;
}

function* unitsOf(
  { scenario }: ScenarioSubject,
  vendor: string | undefined,
  units: readonly string[] | undefined,
): Generator<PlacedObjection> {
  for (const { line, content } of contentsOfKind(scenario, 'iommu')) {
    const { text, span } = content.driver;
    if (units !== undefined && !units.includes(text)) {
      yield { line, span, message: `Machines with \`cpu ${vendor}\` have no \`${text}\`: ${oneOf(units)}.` };
    } else if (units === undefined && text === 'spapr') {
      yield { line, span, message: '`spapr` is the IOMMU of machines with `cpu power`.' };
    }
  }
}
