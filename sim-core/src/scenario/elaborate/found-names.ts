/** What a first look over all lines finds: names that calls bind, and MMIO registers of devices. */
import { msiRegister } from '../../pcie/pcie.ts';
import type { Expr, Line, Operand } from '../ast.ts';
import { type Piece, piecesOf } from '../pieces.ts';
import { remembered } from '../remembered.ts';
import type { ScenarioSource } from './scenario-sources.ts';

export interface FoundNames {
  /** In the order in which they first appear. */
  readonly names: readonly string[];
  /** By device name. */
  readonly deviceRegisters: ReadonlyMap<string, readonly string[]>;
}

export function namesAndRegisters(sources: readonly ScenarioSource[]): FoundNames {
  const names = new Set<string>();
  const registers = new Map<string, Set<string>>();
  const addRegister = (device: string, name: string): void => {
    const known = registers.get(device) ?? new Set<string>();
    registers.set(device, known.add(name));
  };
  for (const { parsed } of sources) {
    for (const { piece } of piecesOf(parsed)) {
      const found = mentionedIn(piece);
      for (const name of found.names) names.add(name);
      for (const [device, name] of found.registers) addRegister(device, name);
    }
    for (const block of parsed.blocks) {
      if (block.actor?.kind !== 'device' || !block.actor.name) continue;
      const own = ownRegisters(parsed.lines.slice(block.line, block.endLine + 1));
      for (const name of own.waited) if (!own.bound.has(name)) addRegister(block.actor.name.text, name);
      for (const name of own.signalled) addRegister(block.actor.name.text, name);
    }
  }
  return { names: [...names], deviceRegisters: new Map([...registers].map(([device, set]) => [device, [...set]])) };
}

const mentionedIn = remembered(({ lines }: Piece) => {
  const names = new Set<string>();
  const registers: [device: string, name: string][] = [];
  for (const { content } of lines) visitLine(content, names, (device, name) => registers.push([device, name]));
  return { names, registers };
});

/** Names that output fields bind, those in structures that a structure points to among them. */
function visitValue(value: Expr, names: Set<string>): void {
  if (value.kind === 'pointer') for (const item of [value.item, ...value.more]) visitValue(item, names);
  if (value.kind !== 'struct') return;
  for (const field of value.fields) {
    if (field.value.kind === 'in') visitValue(field.value.expr, names);
    else if (field.value.bind.text !== 'NULL') names.add(field.value.bind.text);
  }
}

function visitLine(
  content: Line['content'],
  names: Set<string>,
  addRegister: (device: string, name: string) => void,
): void {
  if (content.kind === 'syscall') {
    if (content.bind) names.add(content.bind.text);
    for (const arg of content.args) visitValue(arg, names);
  } else if (content.kind === 'action') {
    for (const operand of content.operands) memberOf(operand, addRegister);
  } else if (content.kind === 'wait') memberOf(content.left, addRegister);
}

function memberOf(operand: Operand, addRegister: (device: string, name: string) => void): void {
  if (operand.kind === 'memory' && operand.member) addRegister(operand.name.text, operand.member.text);
  if (operand.kind === 'name' && operand.member) addRegister(operand.name, operand.member.text);
}

/** What a device's own lines name. A bare name that it waits for is a register that others write, unless the block binds it. */
function ownRegisters(lines: readonly Line[]): {
  waited: Set<string>;
  bound: Set<string>;
  signalled: Set<string>;
} {
  const waited = new Set<string>();
  const bound = new Set<string>();
  const signalled = new Set<string>();
  for (const { content } of lines) {
    if (content.kind === 'wait' && content.left.kind === 'name' && !content.left.member) waited.add(content.left.name);
    if (content.kind === 'action' && content.bind) bound.add(content.bind.text);
    const vector = content.kind === 'action' && content.op.text === 'msi' ? content.operands[0] : undefined;
    if (vector?.kind === 'number') signalled.add(msiRegister(Number(vector.value)));
  }
  return { waited, bound, signalled };
}
