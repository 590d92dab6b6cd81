// What hover says: from the record of the word, for the kernel of the scenario.
import { NEWEST, rolesOf, VOCABULARY } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { hoverAt } from '../../server/src/features/hover.ts';
import { describe } from '../../server/src/features/record-markdown.ts';
import { around } from './features.ts';
import { marked, snapshotOf } from './marked.ts';

test('an ioctl: what it does, its errnos, its sources, its structure', () => {
  const text = hover(around('setup', 'ioctl(dev, <|KVM_SET_DEVICE_ATTR|>, {group=KVM_DEV_VFIO_GROUP})'));
  expect(text).toContain('Sets an attribute of a KVM device');
  expect(text).toMatch(/\*\*Errnos\*\* on v6\.6[\s\S]*`EEXIST`[\s\S]*\*\*Sources\*\*[\s\S]*linux: virt\/kvm\/vfio\.c/);
  expect(text).toContain('struct kvm_device_attr');
});

test('an attribute: errnos of this kernel apart from those of others', () => {
  const source = around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {attr=<|KVM_DEV_VFIO_GROUP_ADD|>, addr=[group]})');
  const old = hover(source, 'v5.11');
  const [here, elsewhere] = old.split('**Errnos** of other kernels');
  expect(here).toContain('The group is already listed');
  expect(elsewhere).toContain('The open file is already listed');
  expect(hover(source, 'v6.6').split('**Errnos** of other kernels')[0]).toContain('The open file is already listed');
});

test('a constant that the kernel does not have says so', () => {
  const source = around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {attr=<|KVM_DEV_VFIO_FILE_ADD|>, addr=[group]})');
  expect(hover(source, 'v5.11')).toContain('**v5.11 does not have `KVM_DEV_VFIO_FILE_ADD`.**');
  expect(hover(source, 'v6.6')).toContain('In kernels v6.6.');
});

test('an errno: its text, and when the call fails with it', () => {
  const text = hover(around('setup', 'close(kvm) = -<|EBADF|>'));
  expect(text).toContain('Bad file descriptor');
  expect(text).toContain('`close` fails with it');
});

test.each([
  ['vcpu', '<|wbinvd|>', /Writes back and invalidates[\s\S]*Intel SDM/],
  ['device', 'r1 = <|MRd|> x ns', /PCIe/],
  ['device', 'r1 = MRd x <|ns|>', /No Snoop/],
  ['host', '<|migrate|> vcpu0 cpu=1', /vCPU/],
  ['vcpu', 'pat x = <|WC|>', /write combining/],
  ['file', 'exists <|stale-read|>', /finding/],
  ['file', 'exists <|noncoherent|>(vm)', /noncoherent_dma_count/],
  ['file', 'exists exits(vcpu0, <|WBINVD|>) > 0', /VM exit/],
  ['file', 'exists gpu.r0 == 0 on <|v5.12|>', /Fix missing local pCPU/],
  ['file', 'source "<|c2162e13d6e2|>"', /From v5\.12 on/],
  ['machine', 'device nic 0000:02:00.0 <|no-snoop|>=on', /No Snoop/],
  ['setup', '<|wait|> vm == 1', /cannot move/],
] as const)('%s: %s', (block, line, expected) => {
  expect(hover(around(block, line))).toMatch(expected);
});

test('a bound name: what it is, where it is bound, and the comment above it', () => {
  const text = hover(around('setup', 'ioctl(<|kvm|>, KVM_CREATE_VM, 0)'));
  expect(text).toContain('a descriptor of /dev/kvm, bound on line');
  expect(text).toContain('The virtual machine.');
  expect(text).toContain('kvm = open("/dev/kvm", O_RDWR)');
  expect(hover(around('setup', 'ioctl(<|dev|>, KVM_SET_DEVICE_ATTR, {})'))).toContain('a kvm-vfio device');
});

test('a word says with which it shares a cache line', () => {
  expect(hover(around('vcpu', 'mov [<|x|>], 1'))).toContain('`x`, `flag` share a cache line');
  expect(hover(around('vcpu', 'mov [<|y|>], 1'))).toContain('a cache line of its own');
});

test('devices and registers are what they belong to', () => {
  expect(hover(around('file', 'exists <|gpu|>.r0 == 0'))).toContain('a PCI function');
  expect(hover(around('file', 'exists gpu.<|r0|> == 0'))).toContain('a register of `gpu`');
});

test('a rule that is our own reading is labelled', () => {
  const op = VOCABULARY.requests.get('KVM_CREATE_VM');
  if (op === undefined) throw new Error('KVM_CREATE_VM is not an op');
  expect(describe({ kind: 'op', op: { ...op, derived: true } }, NEWEST)).toContain('A model finding');
  expect(describe({ kind: 'op', op: { ...op, derived: false } }, NEWEST)).not.toContain('A model finding');
});

test('every word of a scenario that has a record has a hover, and none throws', () => {
  const snapshot = snapshotOf(around('file', 'forall cache(cpu0, x) == M on v3.13..'));
  snapshot.scenario.lines.forEach((line, index) => {
    for (const word of rolesOf(line, VOCABULARY)) {
      const found = hoverAt(snapshot, { line: index, column: word.span.start });
      if (word.op !== undefined && ['call', 'request', 'instruction', 'tlp'].includes(word.role)) {
        expect(found?.markdown, `${word.role} ${word.text}`).toMatch(/\*\*Sources?\*\*/);
      }
    }
  });
});

/** What hover says about the marked word. */
function hover(source: string, kernel = 'v6.6'): string {
  const { text, ranges } = marked(source);
  const [range] = ranges;
  if (range === undefined) throw new Error('no range is marked');
  const found = hoverAt(snapshotOf(text, { kernel }), { line: range.line, column: range.start });
  return found?.markdown ?? '';
}
