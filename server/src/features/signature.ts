import {
  completionAt,
  type Op,
  opOfLine,
  type Position,
  type Profile,
  type StructSpec,
  VOCABULARY,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { describe, describeShape, signatureOf } from './describe.ts';

/** The call around a place and the argument that the place is in. */
export interface Signature {
  readonly label: string;
  readonly markdown: string;
  readonly parameters: readonly { readonly start: number; readonly end: number; readonly markdown: string }[];
  /** Index into `parameters`; undefined when the place is in none of them. */
  readonly active: number | undefined;
}

/** The signature of the call, instruction, TLP or host action that is being written. */
export function signatureAt(snapshot: Snapshot, at: Position): Signature | undefined {
  const { call, place } = completionAt(snapshot.scenario, VOCABULARY, at);
  const line = snapshot.scenario.lines[at.line];
  if (call?.op !== undefined && line !== undefined) {
    // Of an ioctl the request counts, even one that stands behind the place.
    const op = call.name === 'ioctl' ? (opOfLine(line, VOCABULARY) ?? call.op) : call.op;
    if (op.kind !== 'ioctl') return ofOp(op, call.argument, snapshot.profile);
    const struct = structOf(op);
    return struct !== undefined && place.kind === 'field' && call.argument === 2
      ? structSignature(struct)
      : ioctlSignature(op, call.argument, call.path, snapshot.profile);
  }
  if (place.kind === 'operand') return ofOp(place.op, place.index, snapshot.profile);
  return undefined;
}

function ofOp(op: Op, active: number, profile: Profile): Signature {
  const { label, operands } = signatureOf(op);
  return {
    label,
    markdown: describe({ kind: 'op', op }, profile),
    parameters: operands.map((span, index) => ({ ...span, markdown: operandText(op, index) })),
    active: active < operands.length ? active : undefined,
  };
}

/** The first argument and the request are parameters too, so that the highlight moves through the whole call. */
function ioctlSignature(op: Op, argument: number, path: readonly string[], profile: Profile): Signature {
  const { label, operands } = signatureOf(op);
  const open = label.indexOf('(') + 1;
  const comma = label.indexOf(',');
  const fd = { start: open, end: comma, markdown: 'The descriptor that the request is for.' };
  const request = { start: comma + 2, end: comma + 2 + op.name.length, markdown: op.summary };
  const struct = structOf(op);
  const field = struct?.fields.find(({ name }) => name === path[0]);
  const parameters = [
    fd,
    request,
    ...operands.map((span, index) => ({
      ...span,
      markdown: field ? `\`${field.name}\`: ${field.doc}` : operandText(op, index),
    })),
  ];
  return {
    label,
    markdown: describe({ kind: 'op', op }, profile),
    parameters,
    active: argument < parameters.length ? argument : undefined,
  };
}

/** Between the braces: the fields that there are. */
function structSignature(struct: StructSpec): Signature {
  let label = `struct ${struct.name} {`;
  const parameters = struct.fields.map((field, index) => {
    label += index === 0 ? '' : ', ';
    const start = label.length;
    label += field.output ? `${field.name}=>…` : `${field.name}=…`;
    return { start, end: label.length, markdown: field.doc };
  });
  return { label: `${label}}`, markdown: struct.doc, parameters, active: undefined };
}

function structOf(op: Op): StructSpec | undefined {
  const shape = op.operands[0]?.shapes.find(({ kind }) => kind === 'struct');
  return shape?.kind === 'struct' ? VOCABULARY.structs.get(shape.struct) : undefined;
}

function operandText(op: Op, index: number): string {
  const operand = op.operands[index];
  return operand === undefined
    ? ''
    : `${operand.doc} ${capital([...new Set(operand.shapes.map(describeShape))].join(' or '))}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
