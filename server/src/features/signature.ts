import {
  completionAt,
  documentationAbove,
  type FactSpec,
  type Op,
  opOfLine,
  type Profile,
  type StructSpec,
  type TextPosition,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { familyOf, type Snapshot } from '../snapshot.ts';
import { describe, shapeMarkdown, signatureOf } from './record-markdown.ts';

/** The call around a place and the argument that the place is in. */
export interface Signature {
  readonly label: string;
  readonly markdown: string;
  readonly parameters: readonly { readonly start: number; readonly end: number; readonly markdown: string }[];
  /** Index into `parameters`; undefined when the place is in none of them. */
  readonly active: number | undefined;
}

/** The signature of the call, instruction, TLP or host action that is being written. */
export function signatureAt(snapshot: Snapshot, at: TextPosition): Signature | undefined {
  const { call, place } = completionAt(snapshot.scenario, VOCABULARY, at);
  const line = snapshot.scenario.lines[at.line];
  if (call?.op !== undefined && line !== undefined) {
    // Of an ioctl the request counts, even one after the place.
    const op = call.name === 'ioctl' ? (opOfLine(line, VOCABULARY) ?? call.op) : call.op;
    if (op.kind !== 'ioctl') return ofOp(op, call.argument, snapshot.profile);
    const struct = structOf(op);
    // Between the braces the fields count, on either side of their `=`.
    const inStruct = call.argument === 2 && (place.kind === 'field' || call.path.length > 0);
    return struct !== undefined && inStruct
      ? structSignature(struct, call.path[0])
      : ioctlSignature(op, call.argument, snapshot.profile);
  }
  if (place.kind === 'operand') return ofOp(place.op, place.index, snapshot.profile);
  if (place.kind === 'memory' || place.kind === 'member') {
    // In `mov [x` it is that of what the bracket is an operand of.
    const open = line?.text.lastIndexOf('[', at.column - 1) ?? -1;
    return open < 1 ? undefined : signatureAt(snapshot, { line: at.line, column: open });
  }
  if (place.kind === 'proc-argument') return ofProcedure(snapshot, place.proc, place.index);
  if (place.kind === 'fact-argument') return ofFact(place.fact, place.fact.params.indexOf(place.param));
  return undefined;
}

function ofProcedure(snapshot: Snapshot, name: string, active: number): Signature | undefined {
  for (const { scenario } of familyOf(snapshot)) {
    const block = scenario.blocks.find(({ proc }) => proc?.name.text === name);
    if (block?.proc === undefined) continue;
    const names = block.proc.params.map(({ text }) => text);
    return ofNames(`call ${name}`, names, active, documentationAbove(scenario, block.line), () => '');
  }
  return undefined;
}

function ofFact({ name, params, doc }: FactSpec, active: number): Signature {
  const kinds = params.map(({ kind }) => kind);
  return ofNames(
    name,
    params.map((param) => param.name),
    active,
    doc,
    (index) => `A ${kinds[index] ?? 'value'}.`,
  );
}

function ofNames(
  name: string,
  names: readonly string[],
  active: number,
  markdown: string,
  text: (index: number) => string,
): Signature {
  let label = `${name}(`;
  const parameters = names.map((param, index) => {
    label += index === 0 ? '' : ', ';
    const start = label.length;
    label += param;
    return { start, end: label.length, markdown: text(index) };
  });
  return { label: `${label})`, markdown, parameters, active: active < names.length ? active : undefined };
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
function ioctlSignature(op: Op, argument: number, profile: Profile): Signature {
  const { label, operands } = signatureOf(op);
  const open = label.indexOf('(') + 1;
  const comma = label.indexOf(',');
  const fd = { start: open, end: comma, markdown: 'The descriptor that the request is for.' };
  const request = { start: comma + 2, end: comma + 2 + op.name.length, markdown: op.summary };
  const parameters = [fd, request, ...operands.map((span, index) => ({ ...span, markdown: operandText(op, index) }))];
  return {
    label,
    markdown: describe({ kind: 'op', op }, profile),
    parameters,
    active: argument < parameters.length ? argument : undefined,
  };
}

/** Between the braces: the fields that there are, and the one whose value is being written. */
function structSignature(struct: StructSpec, field: string | undefined): Signature {
  let label = `struct ${struct.name} {`;
  const parameters = struct.fields.map((field, index) => {
    label += index === 0 ? '' : ', ';
    const start = label.length;
    label += field.output ? `${field.name}=>…` : `${field.name}=…`;
    return { start, end: label.length, markdown: field.doc };
  });
  const active = struct.fields.findIndex(({ name }) => name === field);
  return { label: `${label}}`, markdown: struct.doc, parameters, active: active === -1 ? undefined : active };
}

function structOf(op: Op): StructSpec | undefined {
  const shape = op.operands[0]?.shapes.find(({ kind }) => kind === 'struct');
  return shape?.kind === 'struct' ? VOCABULARY.structs.get(shape.struct) : undefined;
}

function operandText(op: Op, index: number): string {
  const operand = op.operands[index];
  return operand === undefined
    ? ''
    : `${operand.doc} ${capital([...new Set(operand.shapes.map(shapeMarkdown))].join(' or '))}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
