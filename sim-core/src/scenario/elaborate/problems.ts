/** Collects what is wrong while a scenario is elaborated. */
import type { Diagnostic, Span } from '../ast.ts';

/** Thrown by a resolver to give up one statement; the elaborator goes on with the next. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
}

export class Problems {
  readonly diagnostics: Diagnostic[] = [];
  readonly #seen = new Set<string>();

  /** One diagnostic a place and message: a procedure that is called twice says it once. */
  report(line: number, span: Span, message: string, code = 'not-executable'): void {
    const key = `${line}:${span.start}:${message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.diagnostics.push({ code, severity: 'error', message, line, span });
  }

  /** Reports and gives up the statement. */
  fail(line: number, span: Span, message: string, code?: string): never {
    this.report(line, span, message, code);
    throw new Unresolved(message);
  }

  /** Runs a part of the work; a statement given up in it yields undefined. */
  attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof Unresolved) return undefined;
      throw error;
    }
  }
}
