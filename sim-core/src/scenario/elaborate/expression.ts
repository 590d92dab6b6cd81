/**
 * Expressions that somebody asks about a state in the middle of a run: a watch, a hover, the condition of a breakpoint.
 *
 * They are the language of final conditions, compiled by the same compiler. Two things are added for
 * convenience: a bare name may be a register of the actor they look at, or a word. And what a model remembers only when a
 * condition of its file asks (counts, errnos, findings) can be asked at any time: the caller counts it in the log and
 * hands it over after the state, in the order of {@link Expression.extras}.
 */
import type { CounterKey } from '../../engine/counters.ts';
import type { Model } from '../../engine/model.ts';
import { FINDINGS, type Finding } from '../../engine/monitors/table.ts';
import { errnoByName } from '../../kernel/errno.ts';
import type { Condition, LineContent, Span, Term } from '../ast.ts';
import { unknownName } from '../checks/unknown-name.ts';
import { makesCalls, unknownTerm } from '../checks/unknown-term.ts';
import { parseCondition } from '../condition.ts';
import { FACTS, type FactQuestion } from '../facts.ts';
import { BrokenLine, LineScanner } from '../line-scanner.ts';
import { didYouMean, nearest } from '../suggest.ts';
import type { ProgramContext } from './compile-program.ts';
import { compileCondition, mentions } from './conditions.ts';
import { Problems } from './problems.ts';

/** What is not in the state and has to be found in the log. */
export type Extra =
  | CounterKey
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** The errno of an actor's last system call, 0 when it succeeded. */
  | { readonly kind: 'errno'; readonly actor: number };

export interface Expression {
  /** What has to follow the slots of the state, one integer each. */
  readonly extras: readonly Extra[];
  /** Its value; a comparison gives 1 or 0. */
  readonly value: (state: Int32Array) => number;
  /** The value in words: `WB`, `M`, `yes`, `5`; for a comparison `true` or `false`. */
  readonly text: (state: Int32Array) => string;
  /** Set when the expression is one term whose value is a plain number. */
  readonly plain: boolean;
  /** Set when it is a fact, or compares one with a value. */
  readonly fact?: FactQuestion;
}

export interface ExpressionContext {
  /** Whose registers a bare name means, or -1. */
  readonly actor: number;
  /** Names with values that only hold where the expression is asked: `result`, `errno`. They win over all others. */
  readonly values?: ReadonlyMap<string, number>;
}

/** Compiles an expression, or says what is wrong with it. */
export function compileExpression(
  model: Model,
  text: string,
  context: ExpressionContext,
): Expression | { readonly problem: string } {
  try {
    const scanner = new LineScanner(text, text.trimEnd().length);
    const condition = resolve(model, bareNumber(text) ?? parseCondition(scanner), context);
    return compile(model, condition, text);
  } catch (error) {
    // Where conditions are read from a file they are called so; what is typed is an expression.
    if (error instanceof BrokenLine)
      return { problem: error.problem.message.replace(/^The condition/, 'The expression') };
    throw error;
  }
}

/** `5` alone is not a condition, but a fair question to a calculator. */
function bareNumber(text: string): Condition | undefined {
  const trimmed = text.trim();
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(trimmed)) return undefined;
  const negative = trimmed.startsWith('-');
  const magnitude = BigInt(negative ? trimmed.slice(1) : trimmed);
  const span = { start: 0, end: text.length };
  return {
    kind: 'holds',
    term: { kind: 'number', value: negative ? -magnitude : magnitude, text: trimmed, span },
    span,
  };
}

function compile(model: Model, condition: Condition, text: string): Expression | { readonly problem: string } {
  const extras: Extra[] = [];
  const problems = new Problems();
  const context = contextOf(model, condition, problems, extras);
  const compiled = problems.attempt(() => compileCondition(context, lineOf(condition), text, 0));
  const [wrong] = problems.diagnostics;
  if (wrong) return { problem: wrong.code === unknownName.code ? nameProblem(model, text, wrong.span) : wrong.message };
  if (!compiled) return { problem: `${text} cannot be read as a condition.` };
  const [only, ...others] = compiled.terms;
  const fact = others.length === 0 && only?.fact ? { fact: only.fact } : {};
  if (condition.kind !== 'holds') {
    const { holds } = compiled;
    const value = (state: Int32Array): number => Number(holds(state));
    return { extras, value, text: (state) => String(holds(state)), plain: false, ...fact };
  }
  if (condition.term.kind === 'number') {
    const value = Number(BigInt.asIntN(32, condition.term.value));
    return { extras, value: () => value, text: () => String(value), plain: true };
  }
  const term = only;
  if (!term) return { problem: `${text} cannot be read as a value.` };
  return {
    extras,
    value: term.read,
    text: (state) => term.text(term.read(state)),
    plain: term.text === String,
    ...fact,
  };
}

/** More than the names of calls can be asked here, so a name that is none of them is told differently from in a file. */
function nameProblem({ names, registers, world }: Model, text: string, { start, end }: Span): string {
  const name = text.slice(start, end);
  const fact = FACTS.find(({ value }) => typeof value === 'object' && value.names.includes(name));
  if (fact) {
    const call = `${fact.name}(${fact.params.map((param) => param.name).join(', ')})`;
    return `\`${name}\` is a value to compare with, such as in \`${call} == ${name}\`.`;
  }
  const known = [
    ...names.keys(),
    ...registers.flatMap((own) => [...own.keys()]),
    ...world.topology.words.map((word) => word.name),
    ...FINDINGS,
  ];
  return `\`${name}\` is not a register, a word, a finding or a name that a call binds${didYouMean(nearest(name, known))}`;
}

/** A context in which everything is already known: what a new term would add to the state becomes an extra. */
function contextOf(model: Model, condition: Condition, problems: Problems, extras: Extra[]): ProgramContext {
  const { world } = model;
  const slotFor = (extra: Extra): number => model.layout.size + extras.push(extra) - 1;
  const asked = mentions([lineOf(condition)]);
  // The slot of a finding is `found.base` plus its index, so all of them follow the state, or none.
  const findings = model.layout.size + extras.length;
  if (asked.findings.size > 0) for (const finding of FINDINGS) slotFor({ kind: 'finding', finding });
  return {
    world: {
      ...world,
      counters: { ...world.counters, slot: slotFor },
      monitors: { ...world.monitors, found: { ...world.monitors.found, base: findings } },
    },
    layout: undefined!,
    sources: [],
    procedures: new Map(),
    compiled: new Map(),
    finishers: [],
    problems,
    names: model.names,
    register(actor, name) {
      const slot = model.registers[actor]?.get(name);
      if (slot !== undefined) return slot;
      const known = [...(model.registers[actor]?.keys() ?? [])].join(', ');
      const who = world.topology.actors[actor]?.name;
      return problems.fail(
        unknownTerm,
        0,
        NOWHERE,
        `${who} has no register ${name}${known ? `: it uses ${known}` : ''}.`,
      );
    },
    errors: world.topology.actors.map(({ name, kind }, actor) =>
      asked.errors.has(name) && makesCalls(kind)
        ? (model.errors[actor] ?? slotFor({ kind: 'errno', actor }))
        : undefined,
    ),
    nodes: [],
    routines: undefined!,
  };
}

const NOWHERE: Span = { start: 0, end: 0 };

function lineOf(condition: Condition): Extract<LineContent, { kind: 'condition' }> {
  return { kind: 'condition', quantifier: 'exists', quantifierSpan: NOWHERE, condition, on: [] };
}

function resolve(model: Model, condition: Condition, context: ExpressionContext): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return {
        ...condition,
        left: resolve(model, condition.left, context),
        right: resolve(model, condition.right, context),
      };
    case 'not':
      return { ...condition, operand: resolve(model, condition.operand, context) };
    case 'compare':
      return {
        ...condition,
        left: resolveTerm(model, condition.left, context),
        right: resolveTerm(model, condition.right, context),
      };
    case 'holds':
      return { ...condition, term: resolveTerm(model, condition.term, context) };
  }
}

function resolveTerm(model: Model, term: Term, context: ExpressionContext): Term {
  if (term.kind !== 'name' || term.member) return term;
  const name = term.name.text;
  const value = context.values?.get(name) ?? errnoByName.get(name);
  if (value !== undefined) return { kind: 'number', value: BigInt(value), text: String(value), span: term.span };
  const { topology } = model.world;
  const actor = topology.actors[context.actor];
  const own = model.registers[context.actor]?.has(name) === true;
  const device = actor?.kind === 'device' && model.world.pcie.registerSlot(actor.subject, name) !== undefined;
  if (actor && (own || device)) {
    return { kind: 'name', name: { text: actor.name, span: term.span }, member: term.name, span: term.span };
  }
  if (topology.words.some((word) => word.name === name)) return { kind: 'memory', name: term.name, span: term.span };
  return term;
}
