import type { NamedKernels } from '../../kernel/named-kernels.ts';
import type { Condition, LineContent, ParsedScenario, Relation } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { profilesIn } from '../elaborate/kernel-ranges.ts';
import type { Check, PlacedObjection } from './check.ts';
import { atomsOf, withNumber } from './terms.ts';

type ConditionLine = LineContent & { readonly kind: 'condition' };

/** More combinations of values are not tried: the condition then counts as one that may come out either way. */
const MOST_COMBINATIONS = 4096;

export const constantCondition: Check = {
  code: 'constant-condition',
  severity: 'warning',
  advice: true,
  doc: 'A condition that is true or false whatever happens, that another one contradicts on the same kernels, or that says what another one says already.',
  sources: ['docs/language.md, exists, ~exists, forall'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
exists [x] == 0 || [x] != 0
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
exists [x] == 1
`,
  },
  *scenario({ scenario }) {
    const conditions = contentsOfKind(scenario, 'condition');
    for (const { line, content } of conditions) {
      const truth = constantTruth(content.condition, scenario.lines[line]!.text);
      if (truth === undefined) continue;
      const message = `This is ${truth ? 'true' : 'false'} whatever happens, so it checks nothing.`;
      yield { line, span: content.condition.span, message };
    }
    yield* pairs(scenario, conditions);
  },
};

function* pairs(
  scenario: ParsedScenario,
  conditions: readonly { readonly line: number; readonly content: ConditionLine }[],
): Generator<PlacedObjection> {
  const seen = new Map<string, { readonly line: number; readonly content: ConditionLine }[]>();
  for (const one of conditions) {
    const text = propositionText(scenario, one.line, one.content);
    const others = seen.get(text) ?? [];
    const other = others.find(({ content }) => overlap(content, one.content, scenario.named));
    seen.set(text, [...others, one]);
    if (other === undefined) continue;
    const same = other.content.quantifier === one.content.quantifier;
    const opposed = [other.content.quantifier, one.content.quantifier].includes('~exists');
    if (!same && !opposed) continue;
    const what = same ? 'says the same already' : 'says the opposite for the same kernels';
    yield {
      line: one.line,
      span: { start: one.content.quantifierSpan.start, end: one.content.condition.span.end },
      message: `Line ${other.line + 1} ${what}.`,
      related: [{ line: other.line, span: other.content.condition.span, message: 'The other condition.' }],
    };
  }
}

function propositionText({ lines }: ParsedScenario, line: number, { condition }: ConditionLine): string {
  return lines[line]!.text.slice(condition.span.start, condition.span.end).replace(/\s+/g, '');
}

function overlap(one: ConditionLine, other: ConditionLine, named: NamedKernels | undefined): boolean {
  if (one.on.length === 0 || other.on.length === 0) return true;
  const profiles = new Set(profilesIn(one.on, named));
  return profilesIn(other.on, named).some((profile) => profiles.has(profile));
}

/** Its truth if it is the same for all values; undefined when it depends on them, or when there are too many to try. */
function constantTruth(condition: Condition, text: string): boolean | undefined {
  const variables = new Map<string, Set<bigint>>();
  for (const atom of atomsOf(condition)) {
    const compared = atom.kind === 'compare' ? withNumber(atom) : undefined;
    if (compared === undefined) {
      variables.set(nameOf(atom, text), new Set([0n, 1n]));
      continue;
    }
    const name = nameOf(compared.term, text);
    const values = variables.get(name) ?? new Set();
    const { value } = compared.number;
    variables.set(
      name,
      values
        .add(value - 1n)
        .add(value)
        .add(value + 1n),
    );
  }
  const names = [...variables.keys()];
  const domains = [...variables.values()].map((values) => [...values]);
  const combinations = domains.reduce((count, domain) => count * domain.length, 1);
  if (combinations > MOST_COMBINATIONS) return undefined;
  let truth: boolean | undefined;
  for (let index = 0; index < combinations; index++) {
    const chosen = new Map<string, bigint>();
    let rest = index;
    for (const [position, domain] of domains.entries()) {
      chosen.set(names[position]!, domain[rest % domain.length]!);
      rest = Math.floor(rest / domain.length);
    }
    const here = holds(condition, chosen, text);
    if (truth !== undefined && truth !== here) return undefined;
    truth = here;
  }
  return truth;
}

function nameOf({ span }: { readonly span: { readonly start: number; readonly end: number } }, text: string): string {
  return text.slice(span.start, span.end).replace(/\s+/g, '');
}

function holds(condition: Condition, values: ReadonlyMap<string, bigint>, text: string): boolean {
  switch (condition.kind) {
    case 'or':
      return holds(condition.left, values, text) || holds(condition.right, values, text);
    case 'and':
      return holds(condition.left, values, text) && holds(condition.right, values, text);
    case 'not':
      return !holds(condition.operand, values, text);
    case 'holds':
      return values.get(nameOf(condition, text)) !== 0n;
    case 'compare': {
      const compared = withNumber(condition);
      if (compared === undefined) return values.get(nameOf(condition, text)) !== 0n;
      const value = values.get(nameOf(compared.term, text)) ?? 0n;
      const [left, right] =
        compared.term === condition.left ? [value, compared.number.value] : [compared.number.value, value];
      return RELATIONS[condition.relation](left, right);
    }
  }
}

const RELATIONS: Readonly<Record<Relation, (left: bigint, right: bigint) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
