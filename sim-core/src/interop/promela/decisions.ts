/**
 * What a move does as a decision tree in which nothing is asked that decides nothing, and conditions in Promela made of it.
 *
 * What a slot was never seen to hold where it is asked does not count: either it cannot be, or the model says that it was
 * not learned ({@link unknownTo}).
 */
import type { Branching, Effect } from '../../explore/learn/learner.ts';

/** A leaf holds the number of a class: all effects for which the caller's key is the same. */
export type Decision = { readonly leaf: number } | Question;

interface Question {
  readonly slot: number;
  readonly branches: readonly { readonly value: number; readonly next: Decision }[];
}

/** A tree with its classes of effects, each represented by the first that was learned. */
export interface Decided {
  readonly root: Decision;
  readonly classes: readonly Effect[];
}

/** How a slot is asked; undefined when it never varies. */
export type Ask = (slot: number) => AskedSlot | undefined;

export interface AskedSlot {
  readonly name: string;
  readonly encode: (value: number) => number;
  /** How many values it can hold. */
  readonly values: number;
}

/** `keyOf` says which effects are one. Slots that never vary are not asked. */
export function decide(tree: Branching | Effect, keyOf: (effect: Effect) => string, ask: Ask): Decided {
  const classes: Effect[] = [];
  const numbers = new Map<string, number>();
  const shared = new Map<string, Decision>();
  const names = new Map<Decision, number>();

  const once = (key: string, make: () => Decision): Decision => {
    const known = shared.get(key);
    if (known) return known;
    const made = make();
    shared.set(key, made);
    names.set(made, names.size);
    return made;
  };
  const leaf = (effect: Effect): Decision => {
    const key = keyOf(effect);
    const number = numbers.get(key) ?? classes.push(effect) - 1;
    numbers.set(key, number);
    return once(`leaf ${number}`, () => ({ leaf: number }));
  };
  const reduced = (at: Branching | Effect): Decision => {
    if (!('branches' in at)) return leaf(at);
    const branches = [...at.branches].map(([value, then]) => ({ value, next: reduced(then) }));
    const [first] = branches;
    if (first && (!ask(at.slot) || branches.every(({ next }) => next === first.next))) return first.next;
    const key = `${at.slot} ${branches.map(({ value, next }) => `${value}:${names.get(next)}`).join(' ')}`;
    return once(key, () => ({ slot: at.slot, branches }));
  };
  return { root: reduced(tree), classes };
}

/** When the tree comes to a class that is meant: an expression, `1` for always and `0` for never. */
export function conditionFor(decision: Decision, isMeant: (leaf: number) => boolean, ask: Ask): string {
  if ('leaf' in decision) return isMeant(decision.leaf) ? '1' : '0';
  const alike = new Map<string, number[]>();
  for (const { value, next } of decision.branches) {
    const condition = conditionFor(next, isMeant, ask);
    alike.set(condition, [...(alike.get(condition) ?? []), value]);
  }
  if (alike.size === 1) return [...alike.keys()][0]!;
  const asked = ask(decision.slot);
  if (!asked) throw new Error('a slot that never varies decides something');
  const all = decision.branches.map(({ value }) => value);
  return anyOf(
    [...alike]
      .filter(([condition]) => condition !== '0')
      .map(([condition, values]) => bothOf(holdsOneOf(asked, values, all), condition)),
  );
}

/** When the tree does not say what happens. */
export function unknownTo(decision: Decision, ask: Ask): string {
  if ('leaf' in decision) return '0';
  const asked = ask(decision.slot);
  if (!asked) throw new Error('a slot that never varies decides something');
  const known = decision.branches.map(({ value }) => value);
  const unknown = decision.branches
    .map(({ value, next }) => [value, unknownTo(next, ask)] as const)
    .filter(([, condition]) => condition !== '0')
    .map(([value, condition]) => bothOf(is(asked, value), condition));
  const unmet = known.length < asked.values ? [`(${known.map((value) => isNot(asked, value)).join(' && ')})`] : [];
  return anyOf([...unmet, ...unknown]);
}

export function anyOf(conditions: readonly string[]): string {
  const some = conditions.filter((condition) => condition !== '0');
  if (some.length === 0) return '0';
  if (some.includes('1')) return '1';
  return some.length === 1 ? some[0]! : `(${some.join(' || ')})`;
}

export function bothOf(first: string, second: string): string {
  if (first === '0' || second === '0') return '0';
  if (second === '1') return first;
  return first === '1' ? second : `(${first} && ${second})`;
}

/** `all` are the values that are told apart here; the shorter way to say it is taken. */
function holdsOneOf(asked: AskedSlot, values: readonly number[], all: readonly number[]): string {
  const others = all.filter((value) => !values.includes(value));
  if (others.length < values.length) {
    const none = others.map((value) => isNot(asked, value));
    return none.length === 1 ? none[0]! : `(${none.join(' && ')})`;
  }
  return anyOf(values.map((value) => is(asked, value)));
}

function is({ name, encode }: AskedSlot, value: number): string {
  return `${name} == ${encode(value)}`;
}

function isNot({ name, encode }: AskedSlot, value: number): string {
  return `${name} != ${encode(value)}`;
}
