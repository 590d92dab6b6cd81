/**
 * Store buffers against the published outcome sets of x86-TSO.
 *
 * Each row is a litmus test of the literature with the verdict on the one outcome that it asks about, and the number of
 * outcomes that are allowed in all. Sources: Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, "x86-TSO: A Rigorous and
 * Usable Programmer's Model for x86 Multiprocessors" (CACM 2010), and the names of Alglave, Maranget, Tautschnig,
 * "Herding Cats" (TOPLAS 2014); the allowed outcomes of the whole tests follow from the axioms given there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explore } from '../../sim-core/src/explore/explore.ts';
import { inVm } from './bare-metal.ts';

interface Litmus {
  readonly name: string;
  /** One program a vCPU. */
  readonly programs: readonly (readonly string[])[];
  /** Registers and words whose final values make an outcome. */
  readonly observed: readonly string[];
  /** Every allowed outcome, in the order of `observed`. */
  readonly allowed: readonly string[];
}

const SB = [
  ['mov [x], 1', 'mov eax, [y]'],
  ['mov [y], 1', 'mov eax, [x]'],
] as const;
const between = (fence: string, programs: readonly (readonly string[])[]): string[][] =>
  programs.map(([first, ...rest]) => [first!, fence, ...rest]);
const two = ['vcpu0.eax', 'vcpu1.eax'];
const MP = [
  ['mov [x], 1', 'mov [y], 1'],
  ['mov eax, [y]', 'mov ebx, [x]'],
] as const;
const LB = [
  ['mov eax, [x]', 'mov [y], 1'],
  ['mov eax, [y]', 'mov [x], 1'],
] as const;
const R = [
  ['mov [x], 1', 'mov [y], 1'],
  ['mov [y], 2', 'mov eax, [x]'],
] as const;
const S = [
  ['mov [x], 2', 'mov [y], 1'],
  ['mov eax, [y]', 'mov [x], 1'],
] as const;
const TWO_PLUS_TWO_W = [
  ['mov [x], 1', 'mov [y], 2'],
  ['mov [y], 1', 'mov [x], 2'],
] as const;
const IRIW = [
  ['mov [x], 1'],
  ['mov [y], 1'],
  ['mov eax, [x]', 'mov ebx, [y]'],
  ['mov eax, [y]', 'mov ebx, [x]'],
] as const;

/** All strings of 0 and 1, less some. */
function allBut(width: number, forbidden: readonly string[]): string[] {
  return Array.from({ length: 2 ** width }, (_, i) => [...i.toString(2).padStart(width, '0')].join(' ')).filter(
    (outcome) => !forbidden.includes(outcome),
  );
}

const TESTS: readonly Litmus[] = [
  { name: 'SB', programs: SB, observed: two, allowed: allBut(2, []) },
  { name: 'SB with mfence', programs: between('mfence', SB), observed: two, allowed: allBut(2, ['0 0']) },
  { name: 'SB with sfence', programs: between('sfence', SB), observed: two, allowed: allBut(2, []) },
  {
    name: 'SB with mfence in one',
    programs: [between('mfence', SB)[0]!, SB[1]],
    observed: two,
    allowed: allBut(2, []),
  },
  { name: 'MP', programs: MP, observed: ['vcpu1.eax', 'vcpu1.ebx'], allowed: allBut(2, ['1 0']) },
  {
    name: 'MP with fences',
    programs: between('mfence', MP),
    observed: ['vcpu1.eax', 'vcpu1.ebx'],
    allowed: allBut(2, ['1 0']),
  },
  { name: 'LB', programs: LB, observed: two, allowed: allBut(2, ['1 1']) },
  { name: 'LB with fences', programs: between('mfence', LB), observed: two, allowed: allBut(2, ['1 1']) },
  // The question of R: y = 2 at the end and eax = 0. TSO allows it without a fence.
  { name: 'R', programs: R, observed: ['[y]', 'vcpu1.eax'], allowed: ['1 0', '1 1', '2 0', '2 1'] },
  {
    name: 'R with mfence',
    programs: between('mfence', R),
    observed: ['[y]', 'vcpu1.eax'],
    allowed: ['1 0', '1 1', '2 1'],
  },
  // The question of S: x = 2 at the end and eax = 1.
  { name: 'S', programs: S, observed: ['[x]', 'vcpu1.eax'], allowed: ['1 0', '1 1', '2 0'] },
  {
    name: 'S with fences',
    programs: between('mfence', S),
    observed: ['[x]', 'vcpu1.eax'],
    allowed: ['1 0', '1 1', '2 0'],
  },
  // The question of 2+2W: x = 1 and y = 1 at the end.
  { name: '2+2W', programs: TWO_PLUS_TWO_W, observed: ['[x]', '[y]'], allowed: ['1 2', '2 1', '2 2'] },
  {
    name: '2+2W with fences',
    programs: between('mfence', TWO_PLUS_TWO_W),
    observed: ['[x]', '[y]'],
    allowed: ['1 2', '2 1', '2 2'],
  },
  {
    name: 'IRIW',
    programs: IRIW,
    observed: ['vcpu2.eax', 'vcpu2.ebx', 'vcpu3.eax', 'vcpu3.ebx'],
    allowed: allBut(4, ['1 0 1 0']),
  },
  {
    name: 'IRIW with fences',
    programs: [IRIW[0], IRIW[1], ...between('mfence', IRIW.slice(2))],
    observed: ['vcpu2.eax', 'vcpu2.ebx', 'vcpu3.eax', 'vcpu3.ebx'],
    allowed: allBut(4, ['1 0 1 0']),
  },
];

function outcomes({ programs, observed }: Litmus, storeBuffer: 'on' | 'off'): string[] {
  const text = [
    'machine {',
    `cpu intel count=${programs.length} store-buffer=${storeBuffer}`,
    'memory x = 0',
    'memory y = 0',
    '}',
    'setup {',
    'kvm = open("/dev/kvm", O_RDWR)',
    'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    ...programs.map((_, vcpu) => `ioctl(vm, KVM_CREATE_VCPU, ${vcpu})`),
    '}',
    ...programs.flatMap((body, vcpu) => [`vcpu ${vcpu} cpu=${vcpu} {`, ...body, '}']),
    `exists ${observed.map((term) => `${term} == 0`).join(' && ')}`,
    '',
  ].join('\n');
  const found = explore(inVm(text, 'v6.12'), { granularity: 'statement', maxStates: 400_000 });
  expect(found.limit, 'the search must be complete').toBeUndefined();
  const order = observed.map((term) => found.terms.indexOf(term));
  return [...new Set(found.outcomes.map(({ values }) => order.map((at) => values[at]).join(' ')))].sort();
}

const page = readFileSync(join(import.meta.dirname, '../../docs/hardware.md'), 'utf8');

/** Without store buffers the machine is sequentially consistent: these outcomes of the ones above go. */
const SEQUENTIAL: Readonly<Record<string, readonly string[]>> = {
  SB: allBut(2, ['0 0']),
  'SB with sfence': allBut(2, ['0 0']),
  'SB with mfence in one': allBut(2, ['0 0']),
  R: ['1 0', '1 1', '2 1'],
};

describe('litmus tests', () => {
  it.each(TESTS)('$name with store buffers', (test) => {
    expect(outcomes(test, 'on')).toEqual([...test.allowed].sort());
  });

  it.each(TESTS)('$name without', (test) => {
    expect(outcomes(test, 'off')).toEqual([...(SEQUENTIAL[test.name] ?? test.allowed)].sort());
  });

  it.each(TESTS)('$name is on the page of hardware rules with the sizes of these sets', ({ name, allowed }) => {
    const sizes = [allowed.length, allowed.length, (SEQUENTIAL[name] ?? allowed).length];
    const rows = page.split('\n').filter((line) => line.startsWith(`| ${name} |`));
    expect(rows).toEqual([expect.stringMatching(new RegExp(` \\| ${sizes.join(' \\| ')} \\|$`))]);
  });
});
