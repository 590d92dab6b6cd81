import type { Condition, Span, Term } from '../ast.ts';
import { EXIT_REASONS, FACTS, type FactParam, type FactSpec, factByName } from '../facts.ts';
import { literalsOf } from '../roles.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, list, type Objection, oneOf, replacing, type Wording } from './check.ts';

function* inCondition(condition: Condition): Generator<Objection> {
  switch (condition.kind) {
    case 'or':
    case 'and':
      yield* inCondition(condition.left);
      yield* inCondition(condition.right);
      break;
    case 'not':
      yield* inCondition(condition.operand);
      break;
    case 'compare':
      yield* inFact(condition.left);
      yield* inFact(condition.right);
      yield* literal(condition.left, condition.right);
      yield* literal(condition.right, condition.left);
      break;
    case 'holds':
      yield* inFact(condition.term);
  }
}

/** `cache(cpu0, x) == Q`: the word on the other side is a value of the fact. */
function* literal(fact: Term, value: Term): Generator<Objection> {
  const known = literalsOf(fact);
  if (
    known === undefined ||
    known.length === 0 ||
    fact.kind !== 'call' ||
    value.kind !== 'name' ||
    value.member !== undefined ||
    known.includes(value.name.text)
  )
    return;
  const meant = nearest(value.name.text, known);
  yield {
    span: value.span,
    message: `\`${fact.name.text}\` is ${oneOf(known)}, never \`${value.name.text}\`${didYouMean(meant)}`,
    ...replacing(value.span, meant),
  };
}

function* inFact(term: Term): Generator<Objection> {
  if (term.kind !== 'call') return;
  const fact = factByName.get(term.name.text);
  if (fact === undefined) {
    yield placed(term.name.span, noFact(term.name.text));
    return;
  }
  if (term.args.length !== fact.params.length) {
    yield { span: term.span, message: argumentCount(fact) };
    return;
  }
  for (const [index, { text, span }] of term.args.entries()) {
    const wrong = badArgument(fact.params[index]!.kind, text);
    if (wrong) yield placed(span, wrong);
  }
}

function placed(span: Span, { message, meant }: Wording): Objection {
  return { span, message, ...replacing(span, meant) };
}

export function noFact(name: string): Wording {
  const names = FACTS.map((candidate) => candidate.name);
  const meant = nearest(name, names);
  const message = `\`${name}\` is nothing that a condition can ask${didYouMean(meant)} Known are ${list(names, 12)}.`;
  return { message, meant };
}

export function argumentCount(fact: FactSpec): string {
  const { name, params } = fact;
  return `\`${name}\` takes ${params.length} argument${params.length === 1 ? '' : 's'}: \`${name}(${params.map((param) => param.name).join(', ')})\`.`;
}

/** An argument that is wrong whatever the machine is like; undefined when it may be right. */
export function badArgument(kind: FactParam['kind'], text: string): Wording | undefined {
  if (kind === 'exit' && !(EXIT_REASONS as readonly string[]).includes(text)) {
    const meant = nearest(text, EXIT_REASONS);
    const message = `\`${text}\` is not an exit reason${didYouMean(meant)} Known are ${list(EXIT_REASONS, 12)}.`;
    return { message, meant };
  }
  if (kind === 'cpu' && !/^cpu\d+$/.test(text))
    return { message: `Expected a physical CPU such as \`cpu0\`, found \`${text}\`.` };
  if (kind === 'group' && !/^\d+$/.test(text))
    return { message: `Expected the number of a VFIO group, such as \`26\`, found \`${text}\`.` };
  return undefined;
}

export const unknownTerm: Check = {
  code: 'unknown-term',
  severity: 'error',
  doc: 'A condition asks for something that the machine does not have: a fact by a name that is not one, or with other arguments.',
  sources: ['docs/language.md, Final conditions'],
  examples: {
    bad: `machine {
  memory x = 0
}
exists cahe(cpu0, x) == M
`,
    good: `machine {
  memory x = 0
}
exists cache(cpu0, x) == M
`,
  },
  of: ['condition'],
  *line({ line: { content } }) {
    if (content.kind === 'condition') yield* inCondition(content.condition);
  },
};
