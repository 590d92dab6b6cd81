/**
 * Instructions of a vcpu block as bytes: 32-bit code with flat segments and without paging, so that the address of a
 * word is its guest-physical address. Source: Intel SDM volume 2, and the appendix with the opcode map.
 */
import { MSR_NUMBERS, msrProblem } from '../../kvm/msr.ts';
import type { Action, Operand, Relation, Wait } from '../../scenario/ast.ts';

/** What cannot be executed is named, with the reason. */
export type GuestCode = { readonly bytes: readonly number[] } | { readonly skipped: string };

/** Where words are; undefined when there is no such word below 4 GiB. */
export type AddressOf = (word: string) => number | undefined;

/** An `out` to this port ends a piece of guest code. */
export const END_PORT = 0xf4;
export const END: readonly number[] = [0xe6, END_PORT];

const REGISTERS = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
const EAX = REGISTERS.indexOf('eax');
/** Used in between for immediates. */
const SCRATCH = REGISTERS.indexOf('ebp');
const CR0_CD_NW = 0x6000_0000;
/** Protection and the FPU's extension type stay on whatever the guest writes: without them this code would not run. */
const CR0_ALWAYS = 0x11;

/** How a register is called in conditions, if this code has it. */
export function guestRegister(name: string): number | undefined {
  const index = REGISTERS.indexOf(name as (typeof REGISTERS)[number]);
  return index < 0 || index === SCRATCH ? undefined : index;
}

export function guestCode(statement: Action | Wait, addressOf: AddressOf, bits: number): GuestCode {
  if (statement.kind === 'wait') return waitCode(statement, addressOf);
  const make = Object.hasOwn(ENCODERS, statement.op.text) ? ENCODERS[statement.op.text] : undefined;
  if (!make) return skipped(`no code is made for ${statement.op.text}`);
  if (statement.operands.some((operand) => operand.kind === 'memory' && operand.member))
    return skipped('a register of a device has no address here');
  return make(new Operands(statement, addressOf, bits)) ?? skipped('its operands have no place in this program');
}

function skipped(why: string): GuestCode {
  return { skipped: why };
}

class Operands {
  readonly #statement: Action;
  readonly #addressOf: AddressOf;
  readonly bits: number;

  constructor(statement: Action, addressOf: AddressOf, bits: number) {
    this.#statement = statement;
    this.#addressOf = addressOf;
    this.bits = bits;
  }

  #operand(i: number): Operand | undefined {
    return this.#statement.operands[i];
  }

  memory(i: number): number | undefined {
    const operand = this.#operand(i);
    if (operand?.kind !== 'memory' || operand.member) return undefined;
    return this.#addressOf(operand.name.text);
  }

  register(i: number): number | undefined {
    const name = this.name(i);
    return name === undefined ? undefined : guestRegister(name);
  }

  name(i: number): string | undefined {
    const operand = this.#operand(i);
    return operand?.kind === 'name' && !operand.member ? operand.name : undefined;
  }

  number(i: number): bigint | undefined {
    const operand = this.#operand(i);
    return operand?.kind === 'number' ? operand.value : undefined;
  }
}

type Encoder = (o: Operands) => GuestCode | undefined;

const ENCODERS: Readonly<Record<string, Encoder>> = {
  mov,
  movnti(o) {
    const to = o.memory(0);
    if (to === undefined) return undefined;
    const from = o.register(1);
    if (from !== undefined) return { bytes: [0x0f, 0xc3, direct(from), ...dword(to)] };
    const value = o.number(1);
    if (value === undefined) return undefined;
    return { bytes: [...load(SCRATCH, value), 0x0f, 0xc3, direct(SCRATCH), ...dword(to)] };
  },
  clflush: flush([0x0f, 0xae], 7),
  clflushopt: flush([0x66, 0x0f, 0xae], 7),
  clwb: flush([0x66, 0x0f, 0xae], 6),
  mfence: fixed(0x0f, 0xae, 0xf0),
  lfence: fixed(0x0f, 0xae, 0xe8),
  sfence: fixed(0x0f, 0xae, 0xf8),
  wbinvd: fixed(0x0f, 0x09),
  wbnoinvd: fixed(0xf3, 0x0f, 0x09),
  invd: fixed(0x0f, 0x08),
  hlt: fixed(0xf4),
  wrmsr(o) {
    const msr = MSR_NUMBERS.get(o.name(0) ?? '');
    const value = o.number(1);
    if (msr === undefined || value === undefined) return undefined;
    if (msrProblem(msr, value, o.bits) !== undefined)
      return skipped('the value is #GP, which this guest cannot handle');
    const [eax, ecx, edx] = [0, 1, 2];
    const saved = [eax, ecx, edx];
    return {
      bytes: [
        ...saved.map((register) => 0x50 + register),
        ...load(ecx, BigInt(msr)),
        ...load(eax, value),
        ...load(edx, value >> 32n),
        ...[0x0f, 0x30],
        ...saved.toReversed().map((register) => 0x58 + register),
      ],
    };
  },
  in(o) {
    const port = shortPort(o.number(1));
    return port === undefined || o.register(0) !== EAX ? undefined : { bytes: [0xe5, port] };
  },
  out(o) {
    const port = shortPort(o.number(0));
    const value = o.number(1);
    if (port === undefined || (value === undefined && o.register(1) !== EAX)) return undefined;
    return { bytes: [...(value === undefined ? [] : load(EAX, value)), 0xe7, port] };
  },
  pat: () => skipped('this guest has no page tables'),
};

function mov(o: Operands): GuestCode | undefined {
  if (o.name(0) === 'cr0') {
    const value = o.number(1);
    if (value === undefined) return undefined;
    const kept = (value & BigInt(CR0_CD_NW)) | BigInt(CR0_ALWAYS);
    return { bytes: [...load(SCRATCH, kept), 0x0f, 0x22, 0xc0 | SCRATCH] };
  }
  const [to, from] = [o.memory(0), o.memory(1)];
  const [register, source] = [o.register(0), o.register(1)];
  const value = o.number(1);
  if (to !== undefined && value !== undefined) return { bytes: [0xc7, direct(0), ...dword(to), ...dword(low(value))] };
  if (to !== undefined && source !== undefined) return { bytes: [0x89, direct(source), ...dword(to)] };
  if (register === undefined) return undefined;
  if (from !== undefined) return { bytes: [0x8b, direct(register), ...dword(from)] };
  if (value !== undefined) return { bytes: load(register, value) };
  return source === undefined ? undefined : { bytes: [0x89, 0xc0 | (source << 3) | register] };
}

function flush(opcode: readonly number[], extension: number): Encoder {
  return (o) => {
    const address = o.memory(0);
    return address === undefined ? undefined : { bytes: [...opcode, direct(extension), ...dword(address)] };
  };
}

function fixed(...bytes: number[]): Encoder {
  return () => ({ bytes });
}

/** A port of one byte, other than the one that ends guest code: the short forms have no others, and eax alone. */
function shortPort(port: bigint | undefined): number | undefined {
  return port === undefined || port > 0xffn || port === BigInt(END_PORT) ? undefined : Number(port);
}

/** Jump over the two instructions that try again, when the relation holds. */
const JUMPS: Readonly<Record<Relation, number>> = {
  '==': 0x74,
  '!=': 0x75,
  '<': 0x7c,
  '>=': 0x7d,
  '<=': 0x7e,
  '>': 0x7f,
};

function waitCode({ left, relation, right }: Wait, addressOf: AddressOf): GuestCode {
  const address = left.kind === 'memory' && !left.member ? addressOf(left.name.text) : undefined;
  if (address === undefined) return skipped('it waits for what only a device or the model knows');
  const compare = [0x81, direct(7), ...dword(address), ...dword(low(right.value))];
  const back = -(compare.length + 2 + 2 + 2);
  return { bytes: [...compare, JUMPS[relation], 4, 0xf3, 0x90, 0xeb, back & 0xff] };
}

/** ModRM of a register, or an extension of the opcode, and an address of 32 bits. */
function direct(register: number): number {
  return (register << 3) | 5;
}

function load(register: number, value: bigint): number[] {
  return [0xb8 + register, ...dword(low(value))];
}

function low(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

function dword(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}
