import { leftOutRequest, leftOutRequestNumber } from '../../ops/not-modelled.ts';
import { namesOfNumber } from '../../ops/request-numbers.ts';
import type { Span } from '../ast.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, type Objection, replacing, type Wording } from './check.ts';

export function noRequest(name: string, known: Iterable<string>): Wording {
  const meant = nearest(name, known);
  return { message: `\`${name}\` is not an ioctl request that is modelled${didYouMean(meant)}`, meant };
}

export const NO_REQUEST_NAME = 'Expected the name of a request, such as `KVM_CREATE_VM`.';

export const unknownRequest: Check = {
  code: 'unknown-request',
  severity: 'error',
  doc: 'The second argument of ioctl must be a request that is modelled: its number alone says what the kernel does with the third.',
  sources: ['linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h'],
  examples: {
    bad: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREAT_VM, 0)
}
`,
    good: `setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
}
`,
  },
  of: ['syscall'],
  *line({ line, vocabulary, params }) {
    const content = line.content;
    if (content.kind !== 'syscall' || content.call.text !== 'ioctl') return;
    const request = content.args[1];
    if (request === undefined) {
      yield {
        span: content.call.span,
        message: 'ioctl takes a descriptor and a request, such as `ioctl(kvm, KVM_CREATE_VM, 0)`.',
      };
      return;
    }
    if (request.kind === 'number' && leftOutRequestNumber(request.value)) return;
    if (request.kind !== 'name') {
      yield { span: request.span, ...byNumber(request.span, request.kind === 'number' ? request.value : undefined) };
      return;
    }
    if (vocabulary.requests.has(request.name) || params.has(request.name) || leftOutRequest(request.name)) return;
    const { message, meant } = noRequest(request.name, vocabulary.requests.keys());
    yield { span: request.span, message, ...replacing(request.span, meant) };
  },
};

/** strace -X raw, and programs without the headers, have the number. */
function byNumber(span: Span, number: bigint | undefined): Pick<Objection, 'message' | 'fixes'> {
  const names = number === undefined ? [] : namesOfNumber(number);
  if (names.length === 0) return { message: NO_REQUEST_NAME };
  const message = `This number is ${names.map((name) => `\`${name}\``).join(' or ')}: a request is written by its name.`;
  return { message, ...(names.length === 1 ? replacing(span, names[0]) : {}) };
}
