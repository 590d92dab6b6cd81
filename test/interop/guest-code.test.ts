// Instructions of vcpu blocks as bytes. The bytes are those that GNU as makes of the text beside them (32 bits, Intel syntax).
import { expect, test } from 'vitest';
import { parse } from '../../sim-core/src/index.ts';
import { guestCode } from '../../sim-core/src/interop/c/guest-code.ts';
import type { Action, Wait } from '../../sim-core/src/scenario/ast.ts';

/** `mov [x], 1` as code, x being at 0x100000. */
function code(line: string): ReturnType<typeof guestCode> {
  const [statement] = parse(`vcpu 0 {\n  ${line}\n}\n`)
    .lines.map(({ content }) => content)
    .filter((content): content is Action | Wait => content.kind === 'action' || content.kind === 'wait');
  return guestCode(statement!, (word) => (word === 'x' ? 0x10_0000 : undefined), 36);
}

test.each([
  ['mov [x], 1', 'mov dword ptr ds:0x100000, 1', 'c7 05 00 00 10 00 01 00 00 00'],
  ['mov [x], ecx', 'mov ds:0x100000, ecx', '89 0d 00 00 10 00'],
  ['mov eax, [x]', 'mov eax, ds:0x100000 (8b form)', '8b 05 00 00 10 00'],
  ['mov ecx, eax', 'mov ecx, eax', '89 c1'],
  ['mov edi, -1', 'mov edi, 0xffffffff', 'bf ff ff ff ff'],
  ['movnti [x], 3', 'mov ebp, 3; movnti ds:0x100000, ebp', 'bd 03 00 00 00 0f c3 2d 00 00 10 00'],
  ['clflush [x]', 'clflush ds:0x100000', '0f ae 3d 00 00 10 00'],
  ['clflushopt [x]', 'clflushopt ds:0x100000', '66 0f ae 3d 00 00 10 00'],
  ['clwb [x]', 'clwb ds:0x100000', '66 0f ae 35 00 00 10 00'],
  ['mfence', 'mfence', '0f ae f0'],
  ['wbinvd', 'wbinvd', '0f 09'],
  ['wbnoinvd', 'wbnoinvd', 'f3 0f 09'],
  ['mov cr0, 0x40000000', 'mov ebp, 0x40000011; mov cr0, ebp', 'bd 11 00 00 40 0f 22 c5'],
  ['in eax, 0x60', 'in eax, 0x60', 'e5 60'],
  ['out 0x60, 7', 'mov eax, 7; out 0x60, eax', 'b8 07 00 00 00 e7 60'],
  [
    'wrmsr IA32_MTRR_DEF_TYPE, 0x806',
    'push eax, ecx, edx; mov ecx, 0x2ff; mov eax, 0x806; mov edx, 0; wrmsr; pop edx, ecx, eax',
    '50 51 52 b9 ff 02 00 00 b8 06 08 00 00 ba 00 00 00 00 0f 30 5a 59 58',
  ],
  [
    'wait [x] == 1',
    'cmp dword ptr ds:0x100000, 1; je .+6; pause; jmp .-14',
    '81 3d 00 00 10 00 01 00 00 00 74 04 f3 90 eb f0',
  ],
])('%s: %s', (line, _assembler, bytes) => {
  const made = code(line);
  expect('bytes' in made && made.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')).toBe(bytes);
});

test.each([
  ['mov [gpu.doorbell], 1', 'a register of a device'],
  ['mov [y], 1', 'no place'],
  ['in ebx, 0x60', 'no place'],
  ['out 0xf4, 1', 'no place'],
  ['pat x = WC', 'no page tables'],
  ['wrmsr IA32_MTRR_DEF_TYPE, 0x8', '#GP'],
  ['wait [gpu.status] == 1', 'only a device'],
])('%s is not made: %s', (line, why) => {
  const made = code(line);
  expect('skipped' in made && made.skipped).toContain(why);
});
