// A scenario that nobody has checked is elaborated all the same: what no machine can have is a diagnostic, never a throw.
import { expect, test } from 'vitest';
import { elaborate, parse, profileNamed } from '../../sim-core/src/index.ts';
import type { Statement } from '../../sim-core/src/scenario/ast.ts';
import { substitute } from '../../sim-core/src/scenario/elaborate/substitute.ts';

const profile = profileNamed('v6.6')!;
const ABSURD = ['0', '17', '1000000', '99999999999', '18446744073709551615', '-1', '0x10', 'many'];

function diagnosticsOf(text: string): string[] {
  const { model, diagnostics } = elaborate(parse(text), { profile });
  expect(model === undefined).toBe(diagnostics.length > 0);
  return diagnostics.map(({ line, code }) => `${line + 1}: ${code}`);
}

test.each(ABSURD)('count=%s', (count) => {
  expect(diagnosticsOf(`machine {\n  cpu intel count=${count}\n}\nvcpu 0 {\n  hlt\n}\n`)).toEqual([
    '2: bad-option-value',
  ]);
});

test.each(ABSURD.filter((cpu) => cpu !== '0'))('a vCPU on cpu=%s', (cpu) => {
  const [found] = diagnosticsOf(`machine {\n  cpu intel count=2\n}\nvcpu 0 cpu=${cpu} {\n  hlt\n}\n`);
  expect(found).toMatch(/^4: (bad-option-value|unknown-cpu)$/);
});

test.each([
  'iommu dmar0 vt-d address-width=9999',
  'device gpu 0000:01:00.0 group=99999999999',
  'device gpu 0000:01:00.0 posted-writes=1000000',
  'mdev vgpu group=-3',
  'allow evict max=99999999999',
])('%s', (item) => {
  expect(diagnosticsOf(`machine {\n  cpu intel\n  ${item}\n}\nvcpu 0 {\n  hlt\n}\n`)).toEqual(['3: bad-option-value']);
});

test('the sixteenth CPU is the last', () => {
  expect(diagnosticsOf('machine {\n  cpu intel count=16\n}\nvcpu 0 cpu=15 {\n  hlt\n}\n')).toEqual([]);
});

test('what is wrong in an included file is reported at its line', () => {
  const library = parse('machine {\n  cpu intel count=1000000\n}\n');
  const text = 'include "machine.snoop"\nvcpu 0 {\n  hlt\n}\n';
  const { diagnostics } = elaborate(parse(text), { profile, includes: () => library });
  expect(diagnostics).toMatchObject([
    { line: 0, code: 'bad-option-value', message: expect.stringContaining('line 2') },
  ]);
});

/** A scenario of so many statements of a kind. */
function repeated(count: number, statement: (index: number) => string): string {
  const lines = Array.from({ length: count }, (_, i) => `  ${statement(i)}`);
  return ['machine {', '  cpu intel', '}', 'setup {', ...lines, '}', ''].join('\n');
}

/** Calls that triple at every level. */
function tripling(levels: number): string {
  const procedures = Array.from({ length: levels }, (_, i) => {
    const calls = Array<string>(3).fill(`  call p${i}(x)`);
    return [`proc p${i + 1}(x) {`, ...calls, '}'];
  });
  return [
    'machine {',
    '  cpu intel',
    '}',
    'proc p0(x) {',
    '  close(x)',
    '}',
    ...procedures.flat(),
    'thread a {',
    '  close(7)',
    `  call p${levels}(3)`,
    '}',
    '',
  ].join('\n');
}

test('the state grows with the number of descriptors, not with its square', () => {
  const sizeOf = (count: number): number => {
    const text = repeated(count, (i) => `fd${i} = open("/dev/kvm", O_RDWR)`);
    const { model, diagnostics } = elaborate(parse(text), { profile });
    expect(diagnostics).toEqual([]);
    return model?.layout.size ?? 0;
  };
  const [some, twice] = [sizeOf(1000), sizeOf(2000)];
  expect(twice / some).toBeLessThan(2.01);
});

test('a state that would be too large is refused, with the limit and the way out', () => {
  const text = repeated(3000, (i) => `fd${i} = open("/dev/iommu", O_RDWR)`);
  const { model, diagnostics } = elaborate(parse(text), { profile });
  expect(model).toBeUndefined();
  expect(diagnostics.map(({ code }) => code)).toEqual(['model-limit']);
  expect(diagnostics[0]?.message).toMatch(
    /more than 1048576 numbers.*use fewer statements that open or create something/,
  );
});

test('procedures are counted before they are expanded', () => {
  const text = tripling(15);
  const { model, diagnostics } = elaborate(parse(text), { profile });
  expect(model).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code: 'too-many-statements', line: text.split('\n').indexOf('  call p15(3)') }]);
  expect(diagnostics[0]?.message).toMatch(/expands to 14348907 statements.*: repeat with `repeat`/);
});

test('a statement of a procedure is compiled once, however often it is called', () => {
  const { model } = elaborate(parse(tripling(6)), { profile });
  const statements = model?.nodes.filter((node) => node.kind === 'statement') ?? [];
  expect(statements).toHaveLength(3 ** 6 + 1);
  expect(new Set(statements.map(({ args }) => args)).size).toBe(2);
});

test('a parameter takes the place of names only, not of fields, options and calls that are called the same', () => {
  const parsed = parse(`proc tell(group, close, cpu) {
  ioctl(cpu, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[group]})
  close(close)
}
proc move(cpu, group) {
  migrate cpu cpu=1
  call group(cpu)
}
`);
  const words = new Map([
    ['group', 'g1'],
    ['close', 'fd'],
    ['cpu', 'dev'],
  ]);
  const [set, close, migrate, call] = [1, 2, 5, 6].map((line) =>
    substitute(parsed.lines[line]!.content as Statement, words),
  );
  expect(set).toMatchObject({
    args: [
      { name: 'dev' },
      {},
      {
        fields: [
          { name: { text: 'group' } },
          { name: { text: 'attr' } },
          { value: { expr: { item: { name: 'g1' } } } },
        ],
      },
    ],
  });
  expect(close).toMatchObject({ call: { text: 'close' }, args: [{ name: 'fd' }] });
  expect(migrate).toMatchObject({ operands: [{ name: 'dev' }], options: [{ key: { text: 'cpu' } }] });
  expect(call).toMatchObject({ name: { text: 'group' }, args: [{ text: 'dev' }] });
});
