/**
 * What the language accepts acts: each value of each option, each field and each constant changes a run of some scenario
 * here when it is put in place of another, or a hint says that it has no effect. Exceptions are named, with their reason,
 * in the table that docs/fidelity.md shows; one that is no longer needed fails.
 *
 * Runs are compared without the text of their lines, so that only what the model does counts.
 */
import { describe } from 'vitest';
import { checkScenario, checkText, type ParsedScenario, parse } from '../../sim-core/src/index.ts';
import { CONSTANTS } from '../../sim-core/src/ops/constants.ts';
import type { OperandShape } from '../../sim-core/src/ops/op.ts';
import { STRUCTS } from '../../sim-core/src/ops/structs.ts';
import type { LineContent, Option, StructExpr } from '../../sim-core/src/scenario/ast.ts';
import { setOf } from '../../sim-core/src/scenario/checks/constant-names.ts';
import { expectedValues, structOfShapes } from '../../sim-core/src/scenario/checks/expected-values.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from '../../sim-core/src/scenario/machine-options.ts';
import { VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';
import { judge, observed, replaced, type Text, templates, texts } from './accepted-texts.ts';

const MOST_STATES = 3000;

describe('every value of an option', () => {
  const seen = new Map<string, string>();
  for (const text of [...texts, ...templates])
    for (const [line, { content }] of text.parsed.lines.entries()) tryOptions(text, line, content, seen);
  const all = Object.entries(MACHINE_OPTIONS).flatMap(([owner, options]) =>
    options.flatMap((option) => valuesOf(option).map((value) => `${owner} ${option.key}${value}`)),
  );
  judge('option', all, seen);
});

describe('every field of a structure, and every constant', () => {
  const seen = new Map<string, string>();
  for (const text of [...texts, ...templates])
    for (const [line, { content }] of text.parsed.lines.entries()) tryValues(text, line, content, seen);
  judge(
    'field',
    STRUCTS.flatMap(({ name, fields }) =>
      fields.filter(({ output }) => !output).map((field) => `${name}.${field.name}`),
    ),
    seen,
  );
  judge(
    'constant',
    CONSTANTS.map(({ set, name }) => `${set} ${name}`),
    seen,
  );
});

/** Options of which only the listed words are values of their own; of the others one value that acts is enough. */
function valuesOf({ values }: MachineOption): string[] {
  return Array.isArray(values) ? values.map((value) => `=${value}`) : [''];
}

function tryOptions(text: Text, line: number, content: LineContent, seen: Map<string, string>): void {
  const place = optionsOf(content);
  if (!place) return;
  for (const option of MACHINE_OPTIONS[place.owner]) {
    const written = place.options.find(({ key }) => key.text === option.key);
    const values = candidates(option, text.parsed);
    for (const value of values) {
      const one = `${place.owner} ${option.key}${Array.isArray(option.values) ? `=${value}` : ''}`;
      if (seen.has(one) || written?.value.text === value) continue;
      const at = written?.span ?? { start: place.end, end: place.end };
      const changed = replaced(text, line, at, `${written ? '' : ' '}${option.key}=${value}`);
      const before = observed(text, text.text);
      const after = observed(text, changed);
      if (before === undefined || after === undefined) continue;
      if (before === after && !(place.owner === 'allow' && explored(text, text.text) !== explored(text, changed)))
        continue;
      seen.set(one, text.name);
      // The value that it replaced acts as well: it makes the other run.
      if (written && Array.isArray(option.values))
        seen.set(`${place.owner} ${option.key}=${written.value.text}`, text.name);
      else if (Array.isArray(option.values) && option.values.includes(option.fallback))
        seen.set(`${place.owner} ${option.key}=${option.fallback}`, text.name);
    }
  }
}

function optionsOf(content: LineContent): { owner: OptionOwner; options: readonly Option[]; end: number } | undefined {
  switch (content.kind) {
    case 'cpu':
      return {
        owner: 'cpu',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.vendor.span.end,
      };
    case 'iommu':
      return {
        owner: 'iommu',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.driver.span.end,
      };
    case 'device':
      return {
        owner: 'device',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.bdf.span.end,
      };
    case 'mdev':
      return {
        owner: 'mdev',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.name.span.end,
      };
    case 'memory':
      return {
        owner: 'memory',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.values.at(-1)?.span.end ?? content.names.at(-1)?.span.end ?? 0,
      };
    case 'allow':
      return {
        owner: 'allow',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.subjects.at(-1)?.span.end ?? content.what.span.end,
      };
    case 'actor-open': {
      const { kind, name, of, options } = content.actor;
      const end = options.at(-1)?.span.end ?? of?.span.end ?? name?.span.end;
      return end === undefined ? undefined : { owner: kind === 'device' ? 'actor-device' : kind, options, end };
    }
    default:
      return undefined;
  }
}

function candidates({ values, range }: MachineOption, { lines }: ParsedScenario): readonly string[] {
  if (Array.isArray(values)) return values;
  const named = (kind: 'iommu' | 'device'): string[] =>
    lines.flatMap(({ content }) => (content.kind === kind ? [content.name.text] : []));
  switch (values) {
    case 'number':
      return [...(range ?? []).map(String), '1', '2', '7', '40'];
    case 'cpu':
      return ['0', '1'];
    case 'address':
      return ['0x7ffff000', '0x2000'];
    case 'iommu':
      return named('iommu');
    case 'device':
      return named('device');
    default:
      return ['other', 'none'];
  }
}

function tryValues(text: Text, line: number, content: LineContent, seen: Map<string, string>): void {
  if (content.kind !== 'syscall') return;
  for (const { expr, shapes, struct, field } of expectedValues(content, VOCABULARY)) {
    const set = setOf(shapes);
    const fieldName = struct && field ? `${struct.name}.${field}` : undefined;
    if (expr.kind === 'struct') tryOmitted(text, line, expr, shapes, seen);
    if (expr.kind === 'struct' || expr.kind === 'string') continue;
    const names = CONSTANTS.filter((one) => one.set === set && !seen.has(`${set} ${one.name}`)).map(({ name }) => name);
    const numbers =
      (fieldName && !seen.has(fieldName)) || names.length > 0 ? ['0', '1', '0xfffff', '-1', '0x1000'] : [];
    const runs = new Map<string, string>();
    for (const value of [...names, ...numbers]) {
      const changed = replaced(text, line, expr.span, value);
      const run = saysNoEffect(changed, value) ? 'said' : observed(text, changed);
      if (run !== undefined) runs.set(value, run);
    }
    const before = observed(text, text.text);
    if (before === undefined) continue;
    for (const [value, run] of runs) {
      const differs = run !== before || [...runs.values()].some((other) => other !== run);
      if (!differs) continue;
      if (fieldName && !seen.has(fieldName)) seen.set(fieldName, text.name);
      if (names.includes(value)) seen.set(`${set} ${value}`, text.name);
    }
  }
}

/** Fields that a line leaves out, each put in with a value that no kernel expects. */
function tryOmitted(
  text: Text,
  line: number,
  expr: StructExpr,
  shapes: readonly OperandShape[],
  seen: Map<string, string>,
): void {
  const struct = structOfShapes(shapes, VOCABULARY);
  const end = expr.fields.at(-1)?.span.end;
  for (const { name, output } of struct?.fields ?? []) {
    const one = `${struct?.name}.${name}`;
    if (output || end === undefined || seen.has(one) || expr.fields.some((field) => field.name.text === name)) continue;
    for (const value of ['1', '0xfffff']) {
      const run = observed(text, replaced(text, line, { start: end, end }, `, ${name}=${value}`));
      if (run !== undefined && run !== observed(text, text.text)) seen.set(one, text.name);
    }
  }
}

function saysNoEffect(text: string, value: string): boolean {
  return (
    OTHER.test(value) &&
    checkText(parse(text)).some(({ code, message }) => code === 'no-effect' && message.includes(value))
  );
}
const OTHER = /^KVM_CAP_/;

/** All executions, where one run cannot show a difference. */
function explored({ profile }: Text, text: string): string {
  const { kernels } = checkScenario(parse(text), { profiles: [profile], explore: { maxStates: MOST_STATES } });
  return kernels.map(({ exploration }) => `${exploration.states} ${exploration.finals}`).join();
}
