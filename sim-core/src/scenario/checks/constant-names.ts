import { leftOutConstant } from '../../ops/not-modelled.ts';
import type { OperandShape } from '../../ops/op.ts';
import type { Expr, NameExpr, Span, StructExpr, Syscall } from '../ast.ts';
import { looksConstant } from '../constant-style.ts';
import type { LineSubject } from './check.ts';
import { expectedValues } from './expected-values.ts';

/** A name that is written like a constant and is none. */
export interface UnknownConstant {
  readonly name: string;
  readonly span: Span;
  /** The set that is expected there. */
  readonly set?: string;
  readonly where: string;
  /** The structure that it is in. */
  readonly struct?: StructExpr;
}

export function* unknownConstants({ line, vocabulary, params }: LineSubject): Generator<UnknownConstant> {
  if (line.content.kind !== 'syscall') return;
  // Of a call that is misspelt, the name of the request need not be wrong too.
  const misspelt = !vocabulary.syscalls.has(line.content.call.text);
  for (const { expr, shapes, where } of expectedValues(line.content, vocabulary)) {
    const set = setOf(shapes);
    for (const { name, span } of namesIn(expr)) {
      if (vocabulary.constants.has(name) || params.has(name) || leftOutConstant(name)) continue;
      if (!looksConstant(name, vocabulary) || (misspelt && vocabulary.requests.has(name))) continue;
      const struct = structAround(line.content, span);
      yield { name, span, where, ...(set !== undefined && { set }), ...(struct && { struct }) };
    }
  }
}

/** The names that a value consists of itself; those inside structures and pointers are values of their own. */
export function namesIn(expr: Expr): readonly NameExpr[] {
  if (expr.kind === 'name') return [expr];
  return expr.kind === 'flags' ? expr.parts.filter((part) => part.kind === 'name') : [];
}

/** The set of constants that a place takes. */
export function setOf(shapes: readonly OperandShape[]): string | undefined {
  for (const shape of shapes) {
    if ((shape.kind === 'int' || shape.kind === 'flags') && shape.constants !== undefined) return shape.constants;
  }
  return undefined;
}

function structAround(call: Syscall, span: Span): StructExpr | undefined {
  return call.args.find((arg) => arg.kind === 'struct' && arg.span.start <= span.start && span.end <= arg.span.end) as
    | StructExpr
    | undefined;
}
