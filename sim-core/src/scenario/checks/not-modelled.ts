import { leftOutConstant, leftOutRequest, leftOutText, leftOutWord, PEER_TO_PEER } from '../../ops/not-modelled.ts';
import type { Line, Word } from '../ast.ts';
import type { Check, Objection } from './check.ts';
import { namesIn } from './constant-names.ts';
import { expectedValues } from './expected-values.ts';
import { LINES_WITH_OPTIONS } from './lines-with-options.ts';

export const notModelled: Check = {
  code: 'not-modelled',
  severity: 'error',
  doc: 'A request or constant of the kernel, an option or an instruction that belongs to a part which Snoopscope leaves out. A run could only pretend that it had been made.',
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
    yield* inWords(line);
    const call = line.content;
    if (call.kind !== 'syscall') return;
    const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
    if (request?.kind === 'name' && !vocabulary.requests.has(request.name)) {
      const part = leftOutRequest(request.name);
      if (part) yield { span: request.span, message: leftOutText(request.name, part) };
    }
    for (const { expr } of expectedValues(call, vocabulary)) {
      for (const { name, span } of namesIn(expr)) {
        const part = leftOutConstant(name);
        if (part) yield { span, message: leftOutText(name, part) };
      }
    }
  },
};

/** Options, attributes, instructions, and registers of devices as the target of a TLP. */
function* inWords({ block, content }: Line): Generator<Objection> {
  const written = [
    ...('options' in content ? content.options.map(({ key }) => key) : []),
    ...(content.kind === 'action' ? [content.op, ...content.attributes] : []),
  ];
  for (const { text, span } of written) {
    const part = leftOutWord(text);
    if (part) yield { span, message: leftOutText(text, part) };
  }
  const register = registerAsTarget({ block, content });
  if (register) yield { span: register.span, message: leftOutText(register.text, PEER_TO_PEER) };
}

/** The register of a device to which a TLP is sent: `MWr nic.doorbell, 1`. */
export function registerAsTarget({ block, content }: Pick<Line, 'block' | 'content'>): Word | undefined {
  if (block !== 'device' || content.kind !== 'action' || !/^M(?:Wr|Rd)$/.test(content.op.text)) return undefined;
  const [target] = content.operands;
  if (!target || !('member' in target) || !target.member) return undefined;
  const device = typeof target.name === 'string' ? target.name : target.name.text;
  return { text: `${device}.${target.member.text}`, span: target.span };
}
