// Names: where they are defined and used, and what renaming them changes or refuses.

import { parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { definitionAt } from '../../server/src/features/definition.ts';
import { referencesAt, usesAt } from '../../server/src/features/references.ts';
import { renameable, renamed } from '../../server/src/features/rename.ts';
import { stretchesAt } from '../../server/src/features/selection.ts';
import type { Snapshot } from '../../server/src/snapshot.ts';
import { type Marked, marked, snapshotOf } from './marked.ts';

const SCENARIO = `machine {
  cpu intel
  device <|gpu|> 0000:01:00.0
  memory x = 0
}
proc attach(g) {
  ioctl(g, VFIO_GROUP_GET_STATUS, 0)
}
setup {
  group = open("/dev/vfio/26", O_RDWR)
  call attach(group)
}
vcpu 0 {
  mov [<|gpu|>.doorbell], 1
  mov eax, [x]
}
device <|gpu|> {
  r0 = MRd x
}
exists <|gpu|>.r0 == 0 && vcpu0.eax == 0`;

describe('the marked name', () => {
  const { text, ranges } = marked(SCENARIO);
  const snapshot = snapshotOf(text);
  const inside = (index: number) => ({ line: ranges[index]!.line, column: ranges[index]!.start + 1 });

  test('is defined where the machine declares it', () => {
    for (const index of ranges.keys()) expect(spans(definitionAt(snapshot, inside(index)))).toEqual([ranges[0]]);
  });

  test('is found everywhere, with and without its definition', () => {
    expect(spans(referencesAt(snapshot, inside(2), true))).toEqual(ranges);
    expect(spans(referencesAt(snapshot, inside(2), false))).toEqual(ranges.slice(1));
    expect(usesAt(snapshot, inside(0)).filter(({ definition }) => definition)).toHaveLength(1);
  });

  test('is renamed everywhere at once', () => {
    expect(renameable(snapshot, inside(1))?.name).toBe('gpu');
    expect(spans(renamed(snapshot, inside(1), 'nic'))).toEqual(ranges);
  });
});

describe('a rename is refused', () => {
  test.each([
    ['mov [<|>x], 1', '1x', /not a name/],
    ['mov [<|>x], 1', 'y', /already names/],
    ['mov [<|>x], 1', 'O_RDWR', /constant/],
    ['mov <|>eax, [x]', 'foo', /architecture/],
  ])('%s to %s', (line, name, reason) => {
    const { text, places } = marked(`machine {\n  memory x = 0\n  memory y = 0\n}\nvcpu 0 {\n  ${line}\n}`);
    expect(() => renamed(snapshotOf(text), places[0]!, name)).toThrow(reason);
  });

  test('for a vCPU, whose name is its number', () => {
    const { text, places } = marked('vcpu 0 {\n}\nexists <|>vcpu0.eax == 0');
    expect(() => renameable(snapshotOf(text), places[0]!)).toThrow(/number/);
  });

  test('for what nothing defines', () => {
    const { text, places } = marked('setup {\n  close(<|>nothing)\n}');
    expect(() => renameable(snapshotOf(text), places[0]!)).toThrow(
      /Nothing in this scenario, or in one that includes it, defines/,
    );
  });
});

test('a descriptor may have the name of a vCPU, and another', () => {
  const { text, places } = marked(
    'setup {\n  <|>vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)\n  close(vcpu0)\n}\nvcpu 0 {\n}\nexists vcpu0.eax == 0',
  );
  expect(renamed(snapshotOf(text), places[0]!, 'first').map(({ line }) => line)).toEqual([1, 2]);
});

test('a parameter is renamed inside its procedure only', () => {
  const { text, places } = marked('proc a(<|>g) {\n  close(g)\n}\nsetup {\n  g = open("/dev/kvm")\n  close(g)\n}');
  expect(renamed(snapshotOf(text), places[0]!, 'fd').map(({ line }) => line)).toEqual([0, 1]);
});

describe('included files', () => {
  const LIBRARY = 'proc attach(group) {\n  close(group)\n}';
  const { text, places } = marked('include "<|>lib.snoop"\nsetup {\n  call <|>attach(3)\n}');

  test('`include` leads to the file, `call` to the procedure in it', () => {
    const snapshot = including(snapshotOf(text), 'lib.snoop', LIBRARY);
    expect(definitionAt(snapshot, places[0]!)).toEqual([{ uri: 'file:///lib.snoop', line: 0, start: 0, end: 0 }]);
    expect(definitionAt(snapshot, places[1]!)).toEqual([{ uri: 'file:///lib.snoop', line: 0, start: 5, end: 11 }]);
  });

  test('a rename changes both files', () => {
    const snapshot = including(snapshotOf(text), 'lib.snoop', LIBRARY);
    const changed = renamed(snapshot, places[1]!, 'bind');
    expect(changed.map(({ uri, line }) => [uri, line])).toEqual([
      ['file:///scenario.snoop', 2],
      ['file:///lib.snoop', 0],
    ]);
  });
});

test('a selection grows from the word over the brackets, the line and the block to the file', () => {
  const { text, places } = marked(
    'machine {\n  memory x = 0\n}\nsetup {\n  repeat 2 {\n    ioctl(vm, KVM_CREATE_VCPU, [<|>x]) = 0\n  }\n}',
  );
  const lines = text.split('\n');
  const shown = stretchesAt(snapshotOf(text), places[0]!).map(({ line, start, endLine, end }) =>
    line === endLine ? lines[line]!.slice(start, end) : `${line}..${endLine}`,
  );
  expect(shown).toEqual([
    'x',
    '[x]',
    'vm, KVM_CREATE_VCPU, [x]',
    '(vm, KVM_CREATE_VCPU, [x])',
    'ioctl(vm, KVM_CREATE_VCPU, [x]) = 0',
    '    ioctl(vm, KVM_CREATE_VCPU, [x]) = 0',
    '4..6',
    '3..7',
    '0..7',
  ]);
});

function spans(locations: readonly { line: number; start: number; end: number }[]): Marked['ranges'] {
  return locations.map(({ line, start, end }) => ({ line, start, end }));
}

function including(snapshot: Snapshot, path: string, text: string): Snapshot {
  return { ...snapshot, included: new Map([[path, { uri: `file:///${path}`, scenario: parse(text) }]]) };
}
