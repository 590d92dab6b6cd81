import type { Condition, Term } from '../ast.ts';

export type Comparison = Extract<Condition, { kind: 'compare' }>;

/** The comparisons and single terms that a condition is made of, from left to right. */
export function* atomsOf(condition: Condition): Generator<Extract<Condition, { kind: 'compare' | 'holds' }>> {
  switch (condition.kind) {
    case 'or':
    case 'and':
      yield* atomsOf(condition.left);
      yield* atomsOf(condition.right);
      break;
    case 'not':
      yield* atomsOf(condition.operand);
      break;
    default:
      yield condition;
  }
}

export function termsOf(atom: Extract<Condition, { kind: 'compare' | 'holds' }>): readonly Term[] {
  return atom.kind === 'compare' ? [atom.left, atom.right] : [atom.term];
}

/** A term compared with a number, whichever side it is on. */
export function withNumber({
  left,
  right,
}: Comparison): { term: Term; number: Extract<Term, { kind: 'number' }> } | undefined {
  if (right.kind === 'number' && left.kind !== 'number') return { term: left, number: right };
  if (left.kind === 'number' && right.kind !== 'number') return { term: right, number: left };
  return undefined;
}
