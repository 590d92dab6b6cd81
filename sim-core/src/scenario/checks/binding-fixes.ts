/** Calls that give a descriptor of the kind that a place wants: the fix for a name that nothing binds. */
import type { FileKind } from '../../files/kinds.ts';
import type { Fix, ParsedScenario, Span } from '../ast.ts';
import { blockOfLines, contentsOfKind } from '../blocks.ts';
import type { ScenarioSubject } from './check.ts';
import { expectedValues } from './expected-values.ts';

/** A line before the one that uses the name, where it is known what the name has to be. */
export function bindingFixes(subject: ScenarioSubject, name: string, line: number, span: Span): Fix[] {
  const { scenario, vocabulary } = subject;
  const { content, text } = scenario.lines[line]!;
  const kind = blockOfLines(scenario)[line]?.kind;
  if (content.kind !== 'syscall' || (kind !== 'setup' && kind !== 'thread')) return [];
  const place = expectedValues(content, vocabulary).find(
    ({ expr }) => expr.kind === 'name' && expr.span.start === span.start,
  );
  const [only, more] = place?.shapes.flatMap((shape) => (shape.kind === 'fd' ? (shape.of ?? []) : [])) ?? [];
  const ofRequest = content.args[0]?.span.start === span.start ? filesOf(subject, line) : undefined;
  const wanted = ofRequest ?? (more === undefined ? only : undefined);
  const call = wanted && CALLS[wanted]?.(scenario, name);
  if (call === undefined) return [];
  const indent = text.slice(0, text.length - text.trimStart().length);
  const edits = [{ line, span: { start: 0, end: 0 }, newText: `${indent}${call}\n` }];
  return [{ title: `${call.includes('open(') ? 'Open' : 'Create'} \`${name}\``, edits }];
}

/** The kind of file that the request of a line is for, when it is one. */
function filesOf({ scenario, vocabulary }: ScenarioSubject, line: number): FileKind | undefined {
  const { content } = scenario.lines[line]!;
  const request = content.kind === 'syscall' ? content.args[1] : undefined;
  const files = request?.kind === 'name' ? vocabulary.requests.get(request.name)?.files : undefined;
  return files?.[0];
}

/** By the kind of file; undefined where what it is made from is missing. */
const CALLS: Readonly<Partial<Record<FileKind, (scenario: ParsedScenario, name: string) => string | undefined>>> = {
  kvm: (_, name) => `${name} = open("/dev/kvm", O_RDWR)`,
  container: (_, name) => `${name} = open("/dev/vfio/vfio", O_RDWR)`,
  iommufd: (_, name) => `${name} = open("/dev/iommu", O_RDWR)`,
  group(scenario, name) {
    const number = contentsOfKind(scenario, 'device')
      .flatMap(({ content }) => content.options)
      .find(({ key }) => key.text === 'group');
    return number && `${name} = open("/dev/vfio/${number.value.text}", O_RDWR)`;
  },
  vm: (scenario, name) => madeFrom(scenario, '/dev/kvm', (kvm) => `${name} = ioctl(${kvm}, KVM_CREATE_VM, 0)`),
  vcpu: (scenario, name) => ofVm(scenario, (vm) => `${name} = ioctl(${vm}, KVM_CREATE_VCPU, 0)`),
  'kvm-vfio': (scenario, name) =>
    ofVm(scenario, (vm) => `ioctl(${vm}, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>${name}, flags=0}) = 0`),
};

function madeFrom(scenario: ParsedScenario, path: string, call: (name: string) => string): string | undefined {
  const opened = contentsOfKind(scenario, 'syscall').find(({ content: { args } }) =>
    args.some((arg) => arg.kind === 'string' && arg.value === path),
  );
  return opened?.content.bind && call(opened.content.bind.text);
}

function ofVm(scenario: ParsedScenario, call: (vm: string) => string): string | undefined {
  const made = contentsOfKind(scenario, 'syscall').find(
    ({ content: { args } }) => args[1]?.kind === 'name' && args[1].name === 'KVM_CREATE_VM',
  );
  return made?.content.bind && call(made.content.bind.text);
}
