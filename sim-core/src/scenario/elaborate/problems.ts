/**
 * Collects what is wrong while a scenario is elaborated. Every code is a row of the checks' table. Most of it a check has
 * found before, and says in the same words; what only shows once calls are expanded or files are included is found here.
 */
import type { Diagnostic, Span } from '../ast.ts';
import type { Check } from '../checks/check.ts';
import type { ScenarioSource } from './scenario-sources.ts';

/** Thrown by a resolver to give up one statement; the elaborator continues with the next. */
export class Unresolved extends Error {
  override readonly name = 'Unresolved';
}

export class Problems {
  readonly diagnostics: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  #source: ScenarioSource | undefined;

  /** Lines that slices of work report are those of this file. */
  *withinSlices<T>(source: ScenarioSource | undefined, work: Generator<void, T>): Generator<void, T> {
    for (;;) {
      const { done, value } = this.within(source, () => work.next());
      if (done) return value;
      yield;
    }
  }

  /** Lines are those of this file from now on; the answer is whose they were. */
  enter(source: ScenarioSource | undefined): ScenarioSource | undefined {
    const outer = this.#source;
    this.#source = source;
    return outer;
  }

  /** Lines that the work reports are those of this file. */
  within<T>(source: ScenarioSource | undefined, work: () => T): T {
    const outer = this.enter(source);
    try {
      return work();
    } finally {
      this.enter(outer);
    }
  }

  /**
   * One diagnostic a place and message: a procedure that is called twice says it once. What is wrong in an included
   * file is reported at the `include` line, because diagnostics are about the scenario's own text.
   */
  report({ code, severity }: Check, line: number, span: Span, message: string): void {
    const via = this.#source?.via;
    const place = via ?? { line, span };
    const text = via ? `\`${this.#source?.path}\`, line ${line + 1}: ${message}` : message;
    const key = `${place.line}:${place.span.start}:${text}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.diagnostics.push({ code, severity, message: text, line: place.line, span: place.span });
  }

  /** Reports and gives up the statement. */
  fail(check: Check, line: number, span: Span, message: string): never {
    this.report(check, line, span, message);
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
