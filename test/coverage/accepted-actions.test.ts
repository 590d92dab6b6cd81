/**
 * What the language accepts acts, continued: each form of each operand, attribute and option of an instruction, a TLP or an
 * action of the host, and each argument of a system call or request, changes a run of some scenario when another one is
 * put in its place; each instruction without operands does something that another one does not; and each profile differs from
 * the release before it, or `snoopscope kernels` says that it does not. Exceptions are in the same table.
 */
import { describe, expect, it } from 'vitest';
import { CHANGES, checkText, type ParsedScenario, PROFILES, parse } from '../../sim-core/src/index.ts';
import { MEMTYPE } from '../../sim-core/src/memory/memtype.ts';
import type { Op, OperandShape } from '../../sim-core/src/ops/op.ts';
import { OPS } from '../../sim-core/src/ops/table.ts';
import type { Action, BlockKind, Syscall } from '../../sim-core/src/scenario/ast.ts';
import { blockOfLines } from '../../sim-core/src/scenario/blocks.ts';
import { calledRequest } from '../../sim-core/src/scenario/checks/expected-values.ts';
import { actionOp, operandFits, VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';
import { judge, observed, replaced, type Text, templates, texts } from './accepted-texts.ts';

const ACTIONS = OPS.filter(({ kind }) => kind === 'instruction' || kind === 'tlp' || kind === 'host');
const CALLS = OPS.filter((op) => (op.kind === 'syscall' || op.kind === 'ioctl') && !op.inert && op.name !== 'ioctl');
const seen = new Set<string>();
for (const text of [...texts, ...templates]) {
  const blocks = blockOfLines(text.parsed);
  for (const [line, { content }] of text.parsed.lines.entries()) {
    const block = blocks[line]?.actor?.kind ?? blocks[line]?.kind;
    if (content.kind === 'action' && block !== undefined && block !== 'proc')
      tryAction(text, line, content, block as BlockKind);
    if (content.kind === 'syscall') tryCall(text, line, content);
  }
}

describe('an action', () => {
  judge('operand', ACTIONS.flatMap(operandKeys), seen);
  judge(
    'attribute',
    ACTIONS.flatMap((op) => (op.attributes ?? []).map(({ name }) => `${nameOf(op)} ${name}`)),
    seen,
  );
  judge(
    'option of an action',
    ACTIONS.flatMap((op) => (op.options ?? []).map(({ name }) => `${nameOf(op)} ${name}=`)),
    seen,
  );
  judge(
    'action without operands',
    ACTIONS.filter(({ operands, options }) => operands.length === 0 && options === undefined).map(nameOf),
    seen,
  );
});

describe('a call', () => {
  judge(
    'argument',
    CALLS.flatMap((op) => op.operands.map(({ name }) => `${op.name} ${name}`)),
    seen,
  );
});

describe('a profile', () => {
  it.each(PROFILES.map((profile, at) => [profile.name, at] as const))('%s', (_, at) => {
    const profile = PROFILES[at]!;
    const before = profile.mainline
      ? PROFILES[at - 1]
      : PROFILES.find(({ name }) => name === profile.version && name !== profile.name);
    const differing = CHANGES.filter(({ id }) => profile.changes.has(id) !== (before?.changes.has(id) ?? false));
    // What does not differ is a release without changes of the model, or a recorded one that is as its mainline release.
    if (differing.length === 0) expect(profile.mainline || profile.release !== undefined).toBe(true);
    else expect(differing.every(({ effect }) => effect.length > 20)).toBe(true);
  });
});

function nameOf({ kind, name }: Op): string {
  return `${kind} ${name}`;
}

/** One for each form that an operand may have, and for each name where names are listed. */
function operandKeys(op: Op): string[] {
  return op.operands.flatMap((operand) =>
    operand.shapes.flatMap((shape) => namesOf(shape).map((name) => operandKey(op, operand.name, shape, name))),
  );
}

function operandKey(op: Op, operand: string, shape: OperandShape, name: string): string {
  return `${nameOf(op)} ${operand} ${shape.kind}${name && ` ${name}`}`;
}

/** The listed names of a shape, or one empty name. */
function namesOf(shape: OperandShape): readonly string[] {
  if (shape.kind === 'system-register') return shape.names;
  return shape.kind === 'memory-type' ? Object.keys(MEMTYPE) : [''];
}

function tryAction(text: Text, line: number, action: Action, block: BlockKind): void {
  const op = actionOp(VOCABULARY, block, action);
  if (op === undefined) return;
  for (const [index, spec] of op.operands.entries()) {
    const written = action.operands[index];
    if (written === undefined) continue;
    for (const shape of spec.shapes) {
      for (const value of candidates(shape, text.parsed)) {
        const key = operandKey(op, spec.name, shape, namesOf(shape).includes(value) ? value : '');
        if (seen.has(key)) continue;
        const changed = replaced(text, line, written.span, value);
        if (!saysNoEffect(changed, line) && !differs(text, line, written.span, value)) continue;
        seen.add(key);
        // The operand that it replaced acts as well: it makes the other run.
        for (const own of spec.shapes)
          if (operandFits(written, own) && namesOf(own)[0] === '') seen.add(operandKey(op, spec.name, own, ''));
      }
    }
  }
  const end = Math.max(
    action.op.span.end,
    ...[...action.operands, ...action.options, ...action.attributes].map(({ span }) => span.end),
  );
  for (const { name } of op.attributes ?? []) {
    const key = `${nameOf(op)} ${name}`;
    const own = action.attributes.find((attribute) => attribute.text === name);
    if (!seen.has(key) && differs(text, line, own?.span ?? { start: end, end }, own ? '' : ` ${name}`)) seen.add(key);
  }
  for (const { name } of op.options ?? []) {
    const key = `${nameOf(op)} ${name}=`;
    const own = action.options.find((option) => option.key.text === name);
    for (const value of ['0', '1', 'vfio-pci', 'none', 'other']) {
      if (seen.has(key)) break;
      if (differs(text, line, own?.span ?? { start: end, end }, `${own ? '' : ' '}${name}=${value}`)) seen.add(key);
    }
  }
  if (op.operands.length > 0 || seen.has(nameOf(op))) return;
  // Two that do the same differ in their names only, which do not count.
  for (const other of ACTIONS.filter((one) => one.kind === op.kind && one.operands.length === 0 && one !== op)) {
    const after = observed(text, replaced(text, line, action.op.span, other.name));
    const before = observed(text, text.text);
    if (before !== undefined && after !== undefined && nameless(before) !== nameless(after)) seen.add(nameOf(op));
  }
}

/** A run without the lines that only name what runs. */
function nameless(run: string): string {
  return run.replace(/^\s*(?:wbinvd|wbnoinvd|invd|[mls]fence|hlt|drain)\b.*$/gm, '');
}

function tryCall(text: Text, line: number, call: Syscall): void {
  const request = calledRequest(call, VOCABULARY);
  const op = request ?? VOCABULARY.syscalls.get(call.call.text);
  if (op === undefined || op.inert) return;
  for (const [index, { name }] of op.operands.entries()) {
    const key = `${op.name} ${name}`;
    const expr = call.args[request ? index + 2 : index];
    if (expr === undefined || seen.has(key)) continue;
    for (const value of [
      '0',
      '1',
      '7',
      '-1',
      '0x7ffff000',
      '"other"',
      '"/dev/null"',
      '"0000:09:00.0"',
      'O_PATH',
      '2',
    ]) {
      const changed = replaced(text, line, expr.span, value);
      if (!saysNoEffect(changed, line) && !differs(text, line, expr.span, value)) continue;
      seen.add(key);
      break;
    }
  }
}

function saysNoEffect(text: string, line: number): boolean {
  return checkText(parse(text)).some((found) => found.code === 'no-effect' && found.line === line);
}

function differs(text: Text, line: number, span: Parameters<typeof replaced>[2], by: string): boolean {
  const before = observed(text, text.text);
  const after = observed(text, replaced(text, line, span, by));
  return before !== undefined && after !== undefined && before !== after;
}

function candidates(shape: OperandShape, { lines }: ParsedScenario): readonly string[] {
  const names = (kind: 'memory' | 'device'): string[] =>
    lines.flatMap(({ content }) => {
      if (kind === 'memory' && content.kind === 'memory') return content.names.map(({ text }) => text);
      if (kind === 'device' && content.kind === 'device') return [content.name.text];
      return [];
    });
  switch (shape.kind) {
    case 'memory':
      return names('memory').map((name) => `[${name}]`);
    case 'word':
      return names('memory');
    case 'mmio':
      return names('device').flatMap((name) => [`[${name}.doorbell]`, `[${name}.status]`, `[${name}.other]`]);
    case 'register':
      return ['eax', 'ecx', 'r0', 'r7'];
    case 'system-register':
      return shape.names;
    case 'memory-type':
      return Object.keys(MEMTYPE);
    case 'immediate':
      return ['0', '1', '3', '0x800', '0x40000000'];
    case 'vcpu':
      return ['vcpu0', 'vcpu1'];
    case 'device':
      return names('device');
    case 'bdf':
      return lines.flatMap(({ content }) => (content.kind === 'device' ? [content.bdf.text] : []));
    case 'config-register':
      return ['DevCtl'];
    default:
      return [];
  }
}
