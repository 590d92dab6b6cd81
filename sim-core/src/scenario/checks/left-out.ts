/**
 * Where a line touches a part that is left out: by a name, or by a number that stands for one. The check `not-modelled`
 * makes diagnostics of it, the elaborator says it of what procedures are given, and a hover shows it.
 */
import {
  leftOutConstant,
  leftOutField,
  leftOutRequest,
  leftOutRequestText,
  leftOutText,
  leftOutValueTexts,
  leftOutWord,
  PEER_TO_PEER,
} from '../../ops/not-modelled.ts';
import type { Expr, Line, ParsedScenario, Syscall, Word } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Objection, ScenarioSubject } from './check.ts';
import { namesIn } from './constant-names.ts';
import { expectedValues, structuresOf } from './expected-values.ts';
import { vendorOf } from './not-on-cpu.ts';

/** What a machine decides about it. */
export interface MachineKnown {
  /** Are its CPUs those of x86? */
  readonly x86: boolean;
  /** Words that are registers of a device, mapped by the host: `backing=mmio`. */
  readonly mmio: ReadonlySet<string>;
}

export function machineKnown(subject: Pick<ScenarioSubject, 'scenario' | 'included'>): MachineKnown {
  const mmio = [subject.scenario, ...subject.included].flatMap(mmioWords);
  const vendor = vendorOf(subject);
  return { x86: vendor !== 'arm64' && vendor !== 'power', mmio: new Set(mmio) };
}

function mmioWords(file: ParsedScenario): string[] {
  return contentsOfKind(file, 'memory')
    .filter(({ content }) => content.options.some(({ key, value }) => key.text === 'backing' && value.text === 'mmio'))
    .flatMap(({ content }) => content.names.map(({ text }) => text));
}

/** What names say, whatever the machine. */
export function* leftOutNames(line: Line, vocabulary: Vocabulary): Generator<Objection> {
  yield* inWords(line);
  const call = line.content;
  if (call.kind !== 'syscall') return;
  const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
  if (request?.kind === 'name' && !vocabulary.requests.has(request.name)) {
    const part = leftOutRequest(request.name);
    if (part) yield { span: request.span, message: leftOutText(request.name, part) };
  }
  for (const { expr } of expectedValues(call, vocabulary)) {
    for (const { name, span } of namesIn(expr)) {
      const part = leftOutConstant(name);
      if (part) yield { span, message: leftOutText(name, part) };
    }
  }
  for (const { expr, struct } of structuresOf(call, vocabulary)) {
    for (const { name } of expr.fields) {
      if (struct?.fields.some((field) => field.name === name.text)) continue;
      const part = leftOutField(name.text);
      if (part) yield { span: name.span, message: leftOutText(name.text, part) };
    }
  }
}

/** What values say, however they are written, and TLPs to registers that are words. */
export function* leftOutOnMachine(line: Line, vocabulary: Vocabulary, machine: MachineKnown): Generator<Objection> {
  if (line.content.kind === 'syscall') yield* leftOutValues(line.content, vocabulary, machine);
  yield* leftOutTargets(line, machine);
}

export function* leftOutTargets({ block, content }: Line, machine: MachineKnown): Generator<Objection> {
  if (block !== 'device' || content.kind !== 'action' || !TLP_TO_MEMORY.test(content.op.text)) return;
  for (const operand of content.operands) {
    if (!('name' in operand) || typeof operand.name !== 'string' || !machine.mmio.has(operand.name)) continue;
    yield { span: operand.span, message: leftOutText(operand.name, PEER_TO_PEER) };
  }
}

export function* leftOutValues(
  call: Syscall,
  vocabulary: Vocabulary,
  { x86 }: Pick<MachineKnown, 'x86'>,
): Generator<Objection> {
  const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
  if (request?.kind === 'number') {
    const message = leftOutRequestText(request.value, request.text);
    if (message !== undefined) yield { span: request.span, message };
  }
  for (const { expr, place } of expectedValues(call, vocabulary)) {
    if (place === undefined) continue;
    for (const { value, text, span } of numbersIn(expr, vocabulary)) {
      for (const message of leftOutValueTexts(place, BigInt.asUintN(64, value), text, x86)) yield { span, message };
    }
  }
}

/** The numbers that a value consists of, and what its constants stand for. */
function numbersIn(
  expr: Expr,
  { constants }: Vocabulary,
): Pick<Extract<Expr, { kind: 'number' }>, 'value' | 'text' | 'span'>[] {
  if (expr.kind === 'number') return [expr];
  if (expr.kind === 'flags') return expr.parts.flatMap((part) => numbersIn(part, { constants } as Vocabulary));
  const constant = expr.kind === 'name' ? constants.get(expr.name) : undefined;
  return constant && expr.kind === 'name' ? [{ value: constant.value, text: `\`${expr.name}\``, span: expr.span }] : [];
}

/** Options, attributes, instructions, and registers of devices as the target of a TLP. */
function* inWords({ block, content }: Line): Generator<Objection> {
  const written = [
    ...('options' in content ? content.options.map(({ key }) => key) : []),
    ...(content.kind === 'action' ? [content.op, ...content.attributes] : []),
  ];
  for (const { text, span } of written) {
    const part = leftOutWord(text);
    if (part) yield { span, message: leftOutText(text, part) };
  }
  const register = registerAsTarget({ block, content });
  if (register) yield { span: register.span, message: leftOutText(register.text, PEER_TO_PEER) };
}

const TLP_TO_MEMORY = /^M(?:Wr|Rd)$/;

/** The register of a device to which a TLP is sent: `MWr nic.doorbell, 1`. */
export function registerAsTarget({ block, content }: Pick<Line, 'block' | 'content'>): Word | undefined {
  if (block !== 'device' || content.kind !== 'action' || !TLP_TO_MEMORY.test(content.op.text)) return undefined;
  const [target] = content.operands;
  if (!target || !('member' in target) || !target.member) return undefined;
  const device = typeof target.name === 'string' ? target.name : target.name.text;
  return { text: `${device}.${target.member.text}`, span: target.span };
}
