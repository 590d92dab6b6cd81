// The formatter: what it puts in columns, and what it leaves as its author aligned it.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { format, parse, print } from '../../sim-core/src/index.ts';

const root = new URL('../../', import.meta.url);

describe('what we write ourselves is formatted', () => {
  const files = globSync('scenarios/**/*.snoop', { cwd: root });
  test('the gallery was found', () => expect(files.length).toBeGreaterThan(20));
  test.each(files)('%s', (file) => {
    const text = readFileSync(new URL(file, root), 'utf8');
    expect(print(parse(text))).toBe(text);
    expect(format(parse(text))).toEqual([]);
  });
  test('docs/language.md', () => {
    const page = readFileSync(new URL('docs/language.md', root), 'utf8');
    // One example shows a line of a strace log, which the formatter makes shorter.
    const examples = [...page.matchAll(/```snoop\n([\s\S]*?)```/g)].filter(([, text]) => !text!.includes('= -1 E'));
    for (const [, text] of examples) expect(print(parse(text!))).toBe(text);
  });
});

/** Each case: what the author wrote, and what the formatter makes of it; nothing when it stays. */
const CASES: Readonly<Record<string, readonly [written: string, formatted?: string]>> = {
  'bindings and results get the leftmost columns': [
    'setup {\n  a = open("/dev/kvm", O_RDWR)\n  long = open("/dev/kvm", O_RDWR)\n  close(a) = 0\n  close(long) = 0\n}',
    'setup {\n  a    = open("/dev/kvm", O_RDWR)\n  long = open("/dev/kvm", O_RDWR)\n  close(a)    = 0\n  close(long) = 0\n}',
  ],
  'bindings that were lined up across other lines stay': [
    'setup {\n  container = open("/dev/vfio/vfio", O_RDWR)\n  close(7)\n  kvm       = open("/dev/kvm", O_RDWR)\n}',
  ],
  'results that were lined up further right stay, and a new line joins them': [
    'setup {\n  close(3)           = 0\n  close(4)           = 0\n  close(50) = 0\n}',
    'setup {\n  close(3)           = 0\n  close(4)           = 0\n  close(50)          = 0\n}',
  ],
  'a column in which a line does not fit moves': [
    'setup {\n  close(3)  = 0\n  close(4)  = 0\n  close(50000) = 0\n}',
    'setup {\n  close(3)     = 0\n  close(4)     = 0\n  close(50000) = 0\n}',
  ],
  'comments that were lined up across blocks stay': [
    'vcpu 0 {\n  mov [x], 1        // first\n  wbinvd\n  choose {\n    clflush [x]     // second\n  } or {\n  }\n}',
  ],
  'a comment alone is two blanks after its code': [
    'vcpu 0 {\n  mov [x], 1        // alone\n}',
    'vcpu 0 {\n  mov [x], 1  // alone\n}',
  ],
  'comments that only happen to be aligned stay too': ['vcpu 0 {\n  wbinvd  // a\n  clflush [x]\n  wbinvd  // b\n}'],
  'conditions that were lined up across comments stay': [
    'exists  gpu.r0 == 0               on v5.11\n// Why.\n~exists gpu.r0 == 0 && stale-read on v5.12..',
  ],
  'ragged conditions get columns': [
    'exists gpu.r0 == 0 on v5.11\n~exists stale-read on v5.12..',
    'exists  gpu.r0 == 0 on v5.11\n~exists stale-read  on v5.12..',
  ],
  'columns move with the indentation': [
    'vcpu 0 {\n    mov [x], 1     // first\n    wbinvd\n    mov [y], 1     // second\n}',
    'vcpu 0 {\n  mov [x], 1     // first\n  wbinvd\n  mov [y], 1     // second\n}',
  ],
  'columns made with tabs do not count as columns': [
    'vcpu 0 {\n\tmov [x], 1\t\t// first\n\tmov [yy], 1\t// second\n}',
    'vcpu 0 {\n  mov [x], 1   // first\n  mov [yy], 1  // second\n}',
  ],
};

test.each(Object.entries(CASES))('%s', (_, [written, formatted = written]) => {
  expect(print(parse(written))).toBe(formatted);
  expect(print(parse(formatted))).toBe(formatted);
});
