import type { Condition, Span, Term } from '../ast.ts';
import { EXIT_REASONS, FACTS, factByName } from '../facts.ts';
import { literalsOf } from '../roles.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { type Check, type Finding, list, oneOf, replacing } from './check.ts';

function* inCondition(condition: Condition): Generator<Finding> {
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
function* literal(fact: Term, value: Term): Generator<Finding> {
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

function* inFact(term: Term): Generator<Finding> {
  if (term.kind !== 'call') return;
  const fact = factByName.get(term.name.text);
  const names = FACTS.map((candidate) => candidate.name);
  if (fact === undefined) {
    const meant = nearest(term.name.text, names);
    yield unknown(
      term.name.span,
      `\`${term.name.text}\` is nothing that a condition can ask${didYouMean(meant)} Known are ${list(names, 12)}.`,
      meant,
    );
    return;
  }
  if (term.args.length !== fact.params.length) {
    yield {
      span: term.span,
      message: `\`${fact.name}\` takes ${fact.params.length} argument${fact.params.length === 1 ? '' : 's'}: \`${fact.name}(${fact.params.map((param) => param.name).join(', ')})\`.`,
    };
    return;
  }
  for (const [index, { text, span }] of term.args.entries()) {
    const { kind } = fact.params[index]!;
    if (kind === 'exit' && !(EXIT_REASONS as readonly string[]).includes(text)) {
      const meant = nearest(text, EXIT_REASONS);
      yield unknown(
        span,
        `\`${text}\` is not an exit reason${didYouMean(meant)} Known are ${list(EXIT_REASONS, 12)}.`,
        meant,
      );
    } else if (kind === 'cpu' && !/^cpu\d+$/.test(text))
      yield { span, message: `Expected a physical CPU such as \`cpu0\`, found \`${text}\`.` };
    else if (kind === 'group' && !/^\d+$/.test(text))
      yield { span, message: `Expected the number of a VFIO group, such as \`26\`, found \`${text}\`.` };
  }
}

function unknown(span: Span, message: string, meant: string | undefined): Finding {
  return { span, message, ...replacing(span, meant) };
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
