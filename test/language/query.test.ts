// What editors ask about a place in a scenario: what is there, what is allowed there, and what is named where.
// `<|>` marks the place.
import { expect, test } from 'vitest';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import {
  type CompletionPlace,
  completionAt,
  definitionsAt,
  documentationAbove,
  foldingRanges,
  outline,
  semanticTokens,
  symbolsOf,
  type TextPosition,
  wordAt,
} from '../../sim-core/src/scenario/query.ts';
import { VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';

const machine =
  'machine {\n  cpu intel count=2\n  iommu dmar0 vt-d\n  device gpu 0000:01:00.0 iommu=dmar0\n  memory x y = 0 0\n}\n';

function marked(text: string): { text: string; at: TextPosition } {
  const before = text.slice(0, text.indexOf('<|>'));
  const lines = before.split('\n');
  return { text: text.replace('<|>', ''), at: { line: lines.length - 1, column: lines.at(-1)!.length } };
}

function completion(block: string, line: string): { place: CompletionPlace; replaced: string; call: string } {
  const { text, at } = marked(block === '' ? line : `${block} {\n  ${line}\n}`);
  const { place, replace, call } = completionAt(parse(text), VOCABULARY, at);
  const shown =
    call === undefined ? '' : `${call.op?.name ?? call.name} ${call.argument} ${call.path.join('.')}`.trim();
  return { place, replaced: text.split('\n')[at.line]!.slice(replace.start, replace.end), call: shown };
}

/** One line for each place: the block, the line, what is allowed there, and what would be replaced. */
const places: readonly [block: string, line: string, place: string, replaced: string][] = [
  ['', '<|>', 'statement file', ''],
  ['', 'mach<|>', 'statement file', 'mach'],
  ['machine', '<|>', 'statement machine', ''],
  ['machine', 'cpu <|>', 'machine-word cpu-vendor', ''],
  ['machine', 'cpu intel <|>', 'option cpu', ''],
  ['machine', 'cpu intel count=2 <|>', 'option cpu without count', ''],
  ['machine', 'cpu intel self-snoop=<|>', 'option-value self-snoop', ''],
  ['machine', 'iommu dmar0 <|>', 'machine-word iommu-driver', ''],
  ['machine', 'iommu dmar0 vt-d snoop-<|>', 'option iommu', 'snoop-'],
  ['machine', 'device <|>', 'nothing', ''],
  ['machine', 'allow <|>', 'machine-word allowed', ''],
  ['machine', 'allow migrate <|>', 'machine-word subject', ''],
  ['setup', '<|>', 'statement setup', ''],
  ['setup', 'vm = <|>', 'bound-statement setup', ''],
  ['setup', 'open(<|>', 'value path', ''],
  ['setup', 'open("/dev/<|>', 'nothing', ''],
  ['setup', 'open("/dev/kvm", O_<|>', 'value flags', 'O_'],
  ['setup', 'ioctl(<|>', 'value fd', ''],
  ['setup', 'ioctl(vm, KVM_<|>', 'request', 'KVM_'],
  ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {<|>', 'field kvm_create_device', ''],
  ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=4, fl<|>', 'field kvm_create_device type', 'fl'],
  ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV<|>, fd=>dev})', 'value int kvm_create_device.type', 'KVM_DEV'],
  ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {fd=><|>', 'output', ''],
  ['setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {addr=[<|>', 'value fd kvm_device_attr.addr', ''],
  [
    'setup',
    'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=<|>',
    'value int kvm_device_attr.attr',
    '',
  ],
  ['setup', 'close(7) = <|>', 'result close', ''],
  ['setup', 'close(7) = -EB<|>', 'result close', 'EB'],
  ['setup', 'close(7) // <|>', 'nothing', ''],
  ['setup', 'call <|>', 'proc', ''],
  ['setup', 'call attach(a, <|>', 'proc-argument attach 1', ''],
  ['vcpu 0', 'mo<|>', 'statement vcpu', 'mo'],
  ['vcpu 0', 'mov <|>', 'operand mov 0', ''],
  ['vcpu 0', 'mov [<|>', 'memory', ''],
  ['vcpu 0', 'mov [gpu.<|>', 'member gpu', ''],
  ['vcpu 0', 'mov [x], <|>', 'operand mov 1', ''],
  ['vcpu 0', 'pat x = <|>', 'operand pat 1', ''],
  ['vcpu 0', 'wait <|>', 'term', ''],
  ['device gpu', 'r0 = <|>', 'bound-statement device', ''],
  ['device gpu', 'r0 = MRd <|>', 'operand MRd 0', ''],
  ['device gpu', 'r0 = MRd x <|>', 'tail MRd x', ''],
  ['host', 'migrate vcpu0 cpu=<|>', 'op-option-value migrate cpu', ''],
  ['', 'vcpu 0 <|>', 'option vcpu', ''],
  ['', 'vcpu 0 of <|>', 'actor vm', ''],
  ['', 'device <|>', 'actor device', ''],
  ['', 'kernel v<|>', 'version', 'v'],
  ['', 'exists <|>', 'term', ''],
  ['', 'exists gpu.<|>', 'member gpu', ''],
  ['', 'exists [<|>', 'memory', ''],
  ['', 'exists cache(cpu0, <|>', 'fact-argument cache word', ''],
  ['', 'exists stale-read on <|>', 'version', ''],
  ['', '~exists gpu.r0 == 0 && <|>', 'term', ''],
  ['', '~exists gpu.r0 == 0 <|>', 'condition-tail', ''],
  ['', 'exists cache(cpu0, x) == <|>', 'fact-value', ''],
  ['', '~<|>', 'statement file', ''],
  ['', 'schedule <|>', 'schedule', ''],
  ['', 'schedule vcpu0*2 <|>', 'schedule', ''],
  ['', 'schedule vcpu0*<|>', 'nothing', ''],
  ['', 'schedule evict(x,<|>', 'move-argument', ''],
  ['', 'host <|>', 'option host', ''],
  ['', 'thread a of <|>', 'actor process', ''],
  ['vcpu 0', '} <|>', 'alternative', ''],
  ['', 'scenario "<|>', 'nothing', ''],
];

function describePlace(place: CompletionPlace): string {
  switch (place.kind) {
    case 'statement':
    case 'bound-statement':
      return `${place.kind} ${place.block}`;
    case 'value':
      return `value ${place.shapes.map((shape) => shape.kind).join('|')} ${place.struct ? `${place.struct.name}.${place.field?.name}` : ''}`.trim();
    case 'field':
      return `field ${place.struct.name} ${place.present.filter((name) => name !== 'fl').join(' ')}`.trim();
    case 'result':
      return `result ${place.op?.name}`;
    case 'operand':
      return `operand ${place.op.name} ${place.index}`;
    case 'tail':
      return `tail ${place.op.name} ${place.present.join(' ')}`;
    case 'op-option-value':
      return `op-option-value ${place.op.name} ${place.option.name}`;
    case 'option':
      return `option ${place.owner}${place.present.map((key) => ` without ${key}`).join('')}`;
    case 'option-value':
      return `option-value ${place.option.key}`;
    case 'machine-word':
    case 'actor':
      return `${place.kind} ${place.of}`;
    case 'member':
      return `member ${place.owner}`;
    case 'fact-argument':
      return `fact-argument ${place.fact.name} ${place.param.kind}`;
    case 'proc-argument':
      return `proc-argument ${place.proc} ${place.index}`;
    default:
      return place.kind;
  }
}

test.each(places)('%s { %s } may be completed by %s', (block, line, expected, replaced) => {
  const found = completion(block, line);
  expect(describePlace(found.place)).toBe(expected);
  expect(found.replaced).toBe(replaced);
});

test('the call around a place names the request, the argument and the field', () => {
  expect(completion('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=1, attr=<|>').call).toBe(
    'KVM_SET_DEVICE_ATTR 2 attr',
  );
  expect(completion('setup', 'open("/dev/kvm", <|>').call).toBe('open 1');
});

test('a place in the middle of any line has an answer', () => {
  for (const [block, line] of places) {
    const { text } = marked(block === '' ? line : `${block} {\n  ${line}\n}`);
    const scenario = parse(text);
    for (let column = 0; column <= 80; column++)
      for (let row = 0; row < 4; row++)
        expect(completionAt(scenario, VOCABULARY, { line: row, column }).place.kind).toBeTypeOf('string');
  }
});

function word(text: string) {
  const found = marked(text);
  return wordAt(parse(found.text), VOCABULARY, found.at);
}

test('the word at a place has its record', () => {
  const kinds: readonly [string, string][] = [
    ['setup {\n  kvm = op<|>en("/dev/kvm", O_RDWR)\n}', 'op open'],
    ['setup {\n  ioctl(vm, KVM_CREATE_<|>DEVICE, {type=4})\n}', 'op KVM_CREATE_DEVICE'],
    ['setup {\n  ioctl(vm, KVM_CREATE_DEVICE, {ty<|>pe=4})\n}', 'field type'],
    ['setup {\n  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_<|>VFIO})\n}', 'constant KVM_DEV_TYPE_VFIO'],
    ['setup {\n  close(7) = -EB<|>ADF\n}', 'errno EBADF'],
    ['vcpu 0 {\n  wbin<|>vd\n}', 'op wbinvd'],
    ['device gpu {\n  r0 = MRd x n<|>s\n}', 'attribute ns'],
    ['machine {\n  cpu intel co<|>unt=2\n}', 'option count'],
    ['host {\n  migrate vcpu0 cp<|>u=1\n}', 'op-option cpu'],
    ['exists stale-<|>read', 'finding stale-read'],
    ['exists ca<|>che(cpu0, x) == M', 'fact cache'],
    ['mach<|>ine {\n}', 'keyword machine'],
    ['vcpu 0 {\n  mov [<|>x], 1\n}', 'nothing'],
  ];
  for (const [text, expected] of kinds) {
    const means = word(text)?.means;
    const name =
      means === undefined
        ? ''
        : 'op' in means && means.kind === 'op'
          ? means.op.name
          : 'name' in means
            ? means.name
            : 'constant' in means
              ? means.constant.name
              : 'field' in means
                ? means.field.name
                : 'option' in means
                  ? means.option.key
                  : 'monitor' in means
                    ? means.monitor.finding
                    : 'fact' in means
                      ? means.fact.name
                      : 'keyword' in means
                        ? means.keyword.word
                        : '';
    expect(means === undefined ? 'nothing' : `${means.kind} ${name}`, text).toBe(expected);
  }
});

test('names have one definition and all their uses, in every notation', () => {
  const scenario = parse(
    `${machine}proc attach(group) {\n  close(group)\n}\nsetup {\n  vm = ioctl(3, KVM_CREATE_VM, 0)\n  call attach(vm)\n  ioctl(vm, KVM_SET_USER_MEMORY_REGION, {guest_phys_addr=&x})\n}\nvcpu 0 {\n  mov eax, [x]\n  mov [gpu.doorbell], eax\n}\ndevice gpu {\n  wait doorbell == 1\n  r0 = MRd x\n}\nexists gpu.r0 == 0 && [x] == 1 && noncoherent(vm) && vcpu0.eax == 0`,
  );
  const symbols = symbolsOf(scenario, VOCABULARY);
  const counts = [...symbols.all.values()]
    .map((symbol) => `${symbol.id} ${symbol.definitions.length}+${symbol.references.length}`)
    .sort();
  expect(counts).toEqual([
    'actor:gpu 1+3',
    'actor:vcpu0 1+1',
    'iommu:dmar0 1+1',
    'name:vm 1+3',
    'parameter:attach(group) 1+1',
    'proc:attach 1+1',
    'register:gpu.doorbell 0+2',
    'register:gpu.r0 1+1',
    'register:vcpu0.eax 1+2',
    'word:x 1+4',
    'word:y 1+0',
  ]);
});

test('a use leads to its definition', () => {
  const { text, at } = marked(`${machine}vcpu 0 {\n  mov [<|>x], 1\n}`);
  expect(definitionsAt(parse(text), VOCABULARY, at)).toEqual([{ line: 4, span: { start: 9, end: 10 } }]);
});

test('semantic tokens are within their line, in order, and do not overlap', () => {
  const scenario = parse(
    `${machine}setup {\n  vm = ioctl(3, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev}) = -EEXIST // note\n}\nvcpu 0 of vm cpu=1 {\n  mov [gpu.doorbell], 1\n}\nexists gpu.r0 == 0 on v3.13..v5.11, v6.1\nschedule micro vcpu0*2`,
  );
  for (const line of scenario.lines) {
    let end = 0;
    for (const { span } of semanticTokens(line, VOCABULARY)) {
      expect(span.start, line.text).toBeGreaterThanOrEqual(end);
      expect(span.end, line.text).toBeLessThanOrEqual(line.text.length);
      expect(span.end, line.text).toBeGreaterThan(span.start);
      end = span.end;
    }
  }
  const colours = semanticTokens(scenario.lines[7]!, VOCABULARY).map(
    ({ span, type }) => `${scenario.lines[7]!.text.slice(span.start, span.end)}:${type}`,
  );
  expect(colours).toEqual([
    'vm:variable',
    'ioctl:function',
    '3:number',
    'KVM_CREATE_DEVICE:macro',
    'type:property',
    'KVM_DEV_TYPE_VFIO:enumMember',
    'fd:property',
    'dev:variable',
    'EEXIST:enumMember',
    '// note:comment',
  ]);
});

test('outline, folding and documentation follow the blocks', () => {
  const scenario = parse(
    `${machine}\n// Rings.\n// Twice.\nvcpu 0 cpu=1 {\n  loop {\n    mov [x], 1\n  }\n}\nexists [x] == 1 // why`,
  );
  expect(
    outline(scenario).map(({ name, kind, line, endLine, children }) => [
      name,
      kind,
      line,
      endLine,
      children.map((child) => child.name).join(' '),
    ]),
  ).toEqual([
    ['machine', 'machine', 0, 5, 'cpu dmar0 gpu x y'],
    ['vcpu 0', 'actor', 9, 13, ''],
    ['exists [x] == 1', 'condition', 14, 14, ''],
  ]);
  expect(foldingRanges(scenario)).toEqual([
    { line: 0, endLine: 4, kind: 'block' },
    { line: 7, endLine: 8, kind: 'comment' },
    { line: 9, endLine: 12, kind: 'block' },
    { line: 10, endLine: 11, kind: 'block' },
  ]);
  expect(documentationAbove(scenario, 9)).toBe('Rings.\nTwice.');
});
