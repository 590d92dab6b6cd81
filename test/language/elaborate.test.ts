// A scenario that nobody has checked is elaborated all the same: what no machine can have is a diagnostic, never a throw.
import { expect, test } from 'vitest';
import { elaborate, parse, profileNamed } from '../../sim-core/src/index.ts';

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

test('what an included file has is told at its line', () => {
  const library = parse('machine {\n  cpu intel count=1000000\n}\n');
  const text = 'include "machine.snoop"\nvcpu 0 {\n  hlt\n}\n';
  const { diagnostics } = elaborate(parse(text), { profile, includes: () => library });
  expect(diagnostics).toMatchObject([
    { line: 0, code: 'bad-option-value', message: expect.stringContaining('line 2') },
  ]);
});
