import { contentsOfKind } from '../blocks.ts';
import { type Piece, piecesOf, rememberedByWords } from '../pieces.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Check, Objection } from './check.ts';
import { leftOutNames, leftOutTargets, leftOutValues, type MachineKnown, machineKnown } from './left-out.ts';
import { LINES_WITH_OPTIONS } from './lines-with-options.ts';

export const notModelled: Check = {
  code: 'not-modelled',
  severity: 'error',
  doc: 'A request, constant or field of the kernel, a number that stands for one, an option or an instruction that belongs to a part which Snoopscope leaves out. A run could only pretend that it had been made.',
  sources: ['docs/fidelity.md, "What is left out"'],
  examples: {
    bad: `kernel v6.8
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_GUEST_MEMFD, 0)
}
`,
    good: `kernel v6.8
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
}
`,
  },
  of: ['syscall', ...LINES_WITH_OPTIONS],
  *line({ line, vocabulary }) {
    yield* leftOutNames(line, vocabulary);
  },
  *scenario(subject) {
    const { scenario, vocabulary } = subject;
    const machine = machineKnown(subject);
    const valuesOfPiece = machine.x86 ? valuesOnX86 : valuesElsewhere;
    for (const { start, piece } of piecesOf(scenario))
      for (const { index, ...objection } of valuesOfPiece(piece, vocabulary))
        yield { line: start + index, ...objection };
    if (machine.mmio.size === 0) return;
    for (const { line } of contentsOfKind(scenario, 'action'))
      for (const { span, message } of leftOutTargets(scenario.lines[line]!, machine)) yield { line, span, message };
  },
};

const valuesOnX86 = rememberedByWords((piece, vocabulary) => valuesIn(piece, vocabulary, { x86: true }));
const valuesElsewhere = rememberedByWords((piece, vocabulary) => valuesIn(piece, vocabulary, { x86: false }));

/** What values say in the lines of a piece, counted from its top. */
function valuesIn(
  { lines }: Piece,
  vocabulary: Vocabulary,
  machine: Pick<MachineKnown, 'x86'>,
): readonly (Pick<Objection, 'span' | 'message'> & { readonly index: number })[] {
  return lines.flatMap(({ content }, index) =>
    content.kind === 'syscall'
      ? [...leftOutValues(content, vocabulary, machine)].map(({ span, message }) => ({ index, span, message }))
      : [],
  );
}
