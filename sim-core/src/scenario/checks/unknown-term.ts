import type { ActorHeader, Condition, Span, Term } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { brokenNames } from '../broken-names.ts';
import { EXIT_NAMES, FACTS, type FactParam, type FactSpec, factByName } from '../facts.ts';
import { literalsOf } from '../roles.ts';
import { didYouMean, nearest } from '../suggest.ts';
import {
  type Check,
  list,
  type Objection,
  oneOf,
  type PlacedObjection,
  replacing,
  replacingAt,
  type ScenarioSubject,
  type Wording,
} from './check.ts';
import { atomsOf, termsOf } from './terms.ts';
import { kindsOfActors } from './undefined-names.ts';
import { namesOfNoVm } from './vm-names.ts';

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
  if (kind === 'exit' && !EXIT_NAMES.includes(text)) {
    const meant = nearest(text, EXIT_NAMES);
    const message = `\`${text}\` is not an exit reason${didYouMean(meant)} Known are ${list(EXIT_NAMES, EXIT_NAMES.length)}.`;
    return { message, meant };
  }
  if (kind === 'cpu' && !/^cpu\d+$/.test(text))
    return { message: `Expected a physical CPU such as \`cpu0\`, found \`${text}\`.` };
  if (kind === 'group' && !/^\d+$/.test(text))
    return { message: `Expected the number of a VFIO group, such as \`26\`, found \`${text}\`.` };
  return undefined;
}

/** `qemu.nosuch`, `vcpu0.err`: what an actor of that kind has not, whatever its lines are. */
function* members(subject: ScenarioSubject): Generator<PlacedObjection> {
  const { scenario, included, symbols, definedElsewhere } = subject;
  if (subject.brokenIncludes.length > 0) return;
  const kinds = kindsOfActors([scenario, ...included]);
  const { defined } = brokenNames(scenario);
  const names = symbols.names('name');
  for (const { line, content } of contentsOfKind(scenario, 'condition')) {
    for (const term of [...atomsOf(content.condition)].flatMap(termsOf)) {
      if (term.kind !== 'name' || term.member === undefined || defined.has(term.name.text)) continue;
      const { name, member, span } = term;
      const id = `register:${name.text}.${member.text}`;
      const written = (symbols.all.get(id)?.definitionCount ?? 0) > 0 || definedElsewhere.has(id);
      const wrong = noMember(kinds.get(name.text), name.text, member.text, names, written);
      if (wrong) yield { line, span, message: wrong.message, ...replacingAt(line, span, wrong.meant) };
    }
  }
}

/**
 * Why an actor of a kind cannot have a member; undefined when it may. Threads have no registers, and nothing but a thread
 * has an errno, unless it is a register that is `written`. `names` are those that calls bind.
 */
export function noMember(
  kind: ActorHeader['kind'] | undefined,
  owner: string,
  member: string,
  names: Iterable<string>,
  written = false,
): Wording | undefined {
  const term = `\`${owner}.${member}\``;
  if (kind === undefined || written) return undefined;
  if (!makesCalls(kind)) {
    if (member !== 'err') return undefined;
    return { message: `${term} does not exist: \`${owner}\` makes no system calls. Threads have an errno.` };
  }
  if (member === 'err') return undefined;
  const bound = [...names];
  if (bound.includes(member))
    return {
      message: `${term} does not exist: a name that a call binds is written alone, \`${member}\`.`,
      meant: member,
    };
  const err = nearest(member, ['err', 'errno']) || member === 'errno' ? `${owner}.err` : undefined;
  const meant = err ?? nearest(member, bound);
  const message = `${term} does not exist${didYouMean(meant)} A thread has no registers: conditions ask for \`${owner}.err\`, or for names that its calls bind.`;
  return { message, meant };
}

/** Does an actor of the kind have an errno? */
export function makesCalls(kind: ActorHeader['kind']): boolean {
  return kind === 'thread' || kind === 'setup';
}

export const unknownTerm: Check = {
  code: 'unknown-term',
  severity: 'error',
  doc: 'A condition asks for something that the machine does not have: a fact by a name that is not one, or with other arguments, or a register of a thread.',
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
  *scenario(subject) {
    yield* members(subject);
    yield* namesOfNoVm(subject);
  },
};
