import type { NamedKernels } from '../../kernel/named-kernels.ts';
import type { Condition, LineContent, ParsedScenario, Relation, Span } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { profilesIn } from '../elaborate/kernel-ranges.ts';
import type { Check, PlacedObjection } from './check.ts';
import { atomsOf, withNumber } from './terms.ts';

type Comparison = Condition & { readonly kind: 'compare' };
type Quantifier = ConditionLine['quantifier'];
type ConditionLine = LineContent & { readonly kind: 'condition' };

/** More combinations of values are not tried: the condition then counts as one that may come out either way. */
const MOST_COMBINATIONS = 4096;

export const constantCondition: Check = {
  code: 'constant-condition',
  severity: 'warning',
  advice: true,
  doc: 'A condition that is true or false whatever happens, that another one contradicts on the same kernels, or that repeats what another one says.',
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
      const truth = constantTruth(content.condition, namesIn(scenario.lines[line]!.text));
      if (truth === undefined) continue;
      const message = `This is ${truth ? 'true' : 'false'} whatever happens, so it checks nothing.`;
      yield { line, span: content.condition.span, message };
    }
    yield* pairs(scenario, conditions);
  },
};

interface Placed {
  readonly line: number;
  readonly content: ConditionLine;
}

function* pairs(scenario: ParsedScenario, conditions: readonly Placed[]): Generator<PlacedObjection> {
  const seen = new Map<string, (Placed & Proposition)[]>();
  for (const one of conditions) {
    const forms = propositions(scenario.lines[one.line]!.text, one.content);
    const related = forms.flatMap(({ quantifier, text }) =>
      (seen.get(text) ?? []).flatMap((other): { readonly other: Placed; readonly what: string }[] => {
        const what = relationOf(quantifier, other.quantifier);
        return what !== undefined && overlap(other.content, one.content, scenario.named) ? [{ other, what }] : [];
      }),
    );
    for (const form of forms) seen.set(form.text, [...(seen.get(form.text) ?? []), { ...one, ...form }]);
    const first = related[0] ?? excluded(scenario, conditions, one);
    if (first === undefined) continue;
    const { other, what } = first;
    yield {
      line: one.line,
      span: { start: one.content.quantifierSpan.start, end: one.content.condition.span.end },
      message: `Line ${other.line + 1} ${what}.`,
      related: [{ line: other.line, span: other.content.condition.span, message: 'The other condition.' }],
    };
  }
}

/** Most conditions have a few neighbours; more are not compared with one another. */
const MOST_COMPARED = 40;

/** A condition above that cannot hold together with this one, whatever the values are. */
function excluded(
  scenario: ParsedScenario,
  conditions: readonly Placed[],
  one: Placed,
): { readonly other: Placed; readonly what: string } | undefined {
  if (conditions.length > MOST_COMPARED) return undefined;
  for (const other of conditions) {
    if (other.line === one.line) return undefined;
    // Two executions may show what each of two `exists` asks for.
    if (one.content.quantifier === 'exists' && other.content.quantifier === 'exists') continue;
    if (!overlap(other.content, one.content, scenario.named)) continue;
    // Each is reported on its own line, when nothing or everything is in it.
    const both: Condition[] = [];
    const names = new Map<object, (place: Spanned) => string>();
    for (const { line, content } of [one, other]) {
      const nameIn = namesIn(scenario.lines[line]!.text);
      for (const atom of atomsOf(content.condition)) {
        names.set(atom, nameIn);
        if (atom.kind === 'compare') names.set(atom.left, nameIn).set(atom.right, nameIn);
        else names.set(atom.term, nameIn);
      }
      if (constantTruth(content.condition, nameIn) !== undefined) return undefined;
      both.push(asserted(content));
    }
    const [left, right] = both as [Condition, Condition];
    const condition: Condition = { kind: 'and', left, right, span: one.content.condition.span };
    if (constantTruth(condition, (place) => names.get(place)!(place)) === false)
      return { other, what: 'cannot hold together with this on the same kernels' };
  }
  return undefined;
}

/** What the condition says about one execution, or of each. */
function asserted({ quantifier, condition }: ConditionLine): Condition {
  return quantifier === '~exists' ? { kind: 'not', operand: condition, span: condition.span } : condition;
}

/** What one condition says about another of the same proposition; undefined when both may be true. */
function relationOf(one: Quantifier, other: Quantifier): string | undefined {
  if (one === other) return 'already says the same';
  return one === '~exists' || other === '~exists' ? 'says the opposite for the same kernels' : undefined;
}

interface Proposition {
  readonly quantifier: Quantifier;
  readonly text: string;
}

/** A condition as it is written, and for one comparison in the other words: `forall a != 1` is `~exists a == 1`. */
function propositions(line: string, { quantifier, condition }: ConditionLine): readonly Proposition[] {
  const written = { quantifier, text: nameOf(condition, line) };
  if (condition.kind !== 'compare' || quantifier === 'exists') return [written];
  const { left, relation, right } = condition;
  const text = `${nameOf(left, line)}${OPPOSITES[relation]}${nameOf(right, line)}`;
  return [written, { quantifier: quantifier === 'forall' ? '~exists' : 'forall', text }];
}

const OPPOSITES: Readonly<Record<Relation, Relation>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

function overlap(one: ConditionLine, other: ConditionLine, named: NamedKernels | undefined): boolean {
  if (one.on.length === 0 || other.on.length === 0) return true;
  const profiles = new Set(profilesIn(one.on, named));
  return profilesIn(other.on, named).some((profile) => profiles.has(profile));
}

/** Its truth if it is the same for all values; undefined when it depends on them, or when there are too many to try. */
function constantTruth(condition: Condition, nameIn: NameIn): boolean | undefined {
  const variables = new Map<string, Set<bigint>>();
  for (const atom of atomsOf(condition)) {
    if (atom.kind === 'compare' && sameSides(atom, nameIn)) continue;
    const compared = atom.kind === 'compare' ? withNumber(atom) : undefined;
    if (compared === undefined) {
      variables.set(nameIn(atom), new Set([0n, 1n]));
      continue;
    }
    const name = nameIn(compared.term);
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
    const here = holds(condition, chosen, nameIn);
    if (truth !== undefined && truth !== here) return undefined;
    truth = here;
  }
  return truth;
}

/** `gpu.r0 == gpu.r0` */
function sameSides({ left, right }: Comparison, nameIn: NameIn): boolean {
  return nameIn(left) === nameIn(right);
}

interface Spanned {
  readonly span: Span;
}
/** What a part of a condition is called: how it is written. */
type NameIn = (place: Spanned) => string;

function namesIn(text: string): NameIn {
  return (place) => nameOf(place, text);
}

function nameOf({ span }: Spanned, text: string): string {
  return text.slice(span.start, span.end).replace(/\s+/g, '');
}

function holds(condition: Condition, values: ReadonlyMap<string, bigint>, nameIn: NameIn): boolean {
  switch (condition.kind) {
    case 'or':
      return holds(condition.left, values, nameIn) || holds(condition.right, values, nameIn);
    case 'and':
      return holds(condition.left, values, nameIn) && holds(condition.right, values, nameIn);
    case 'not':
      return !holds(condition.operand, values, nameIn);
    case 'holds':
      return values.get(nameIn(condition)) !== 0n;
    case 'compare': {
      if (sameSides(condition, nameIn)) return RELATIONS[condition.relation](0n, 0n);
      const compared = withNumber(condition);
      if (compared === undefined) return values.get(nameIn(condition)) !== 0n;
      const value = values.get(nameIn(compared.term)) ?? 0n;
      const [left, right] =
        compared.term === condition.left ? [value, compared.number.value] : [compared.number.value, value];
      return RELATIONS[condition.relation](left, right);
    }
  }
}

export const RELATIONS: Readonly<Record<Relation, (left: bigint, right: bigint) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
