/** What expressions ask about a run and the state does not hold: counts of happenings, errnos. Read from the log. */
import { EVENT_WIDTH, EXIT_REASONS, type Expression, type Extra, FINDINGS, NOTE, type Run } from '@snoopscope/sim-core';

/** The value of an expression at a position of the run whose state is given. */
export class Observer {
  readonly #run: Run;
  /** By the compiled extra, and a buffer by the compiled expression: a condition is asked very often in a long run. */
  readonly #counts = new WeakMap<Extra, Count>();
  /** The same by what is counted: an expression that is compiled again continues the count. */
  readonly #known = new Map<string, Count>();
  readonly #buffers = new WeakMap<Expression, Int32Array>();

  constructor(run: Run) {
    this.#run = run;
  }

  value(expression: Expression, state: Int32Array, position: number): number {
    return expression.value(this.#extended(expression, state, position));
  }

  text(expression: Expression, state: Int32Array, position: number): string {
    return expression.text(this.#extended(expression, state, position));
  }

  #extended(expression: Expression, state: Int32Array, position: number): Int32Array {
    const { extras } = expression;
    if (extras.length === 0) return state;
    let buffer = this.#buffers.get(expression);
    if (!buffer) {
      buffer = new Int32Array(state.length + extras.length);
      this.#buffers.set(expression, buffer);
    }
    buffer.set(state);
    for (let index = 0; index < extras.length; index++) {
      buffer[state.length + index] = this.#extra(extras[index]!, position);
    }
    return buffer;
  }

  #extra(extra: Extra, position: number): number {
    const run = this.#run;
    const end = position >= run.steps ? run.events : run.step(position).firstEvent;
    if (extra.kind === 'errno') return this.#errno(extra.actor, end);
    let count = this.#counts.get(extra);
    if (!count) {
      const key = JSON.stringify(extra);
      count = this.#known.get(key) ?? new Count(run, counted(extra));
      this.#known.set(key, count);
      this.#counts.set(extra, count);
    }
    return count.until(end);
  }

  #errno(actor: number, end: number): number {
    const { log } = this.#run;
    for (let at = (end - 1) * EVENT_WIDTH; at >= 0; at -= EVENT_WIDTH) {
      if (log[at] === NOTE.done && log[at + 1] === actor) return Math.max(0, -log[at + 3]!);
    }
    return 0;
  }
}

type Counted = (code: number, a: number, b: number, actor: number) => boolean;

function counted(extra: Exclude<Extra, { kind: 'errno' }>): Counted {
  switch (extra.kind) {
    case 'exits': {
      const reason = EXIT_REASONS.indexOf(extra.reason);
      return (code, _vcpu, b, actor) => code === NOTE.exit && b === reason && actor === extra.actor;
    }
    case 'flushes':
      return (code, cpu) => code === NOTE.wbinvd && cpu === extra.cpu;
    case 'zaps':
      return (code, vm) => code === NOTE.zap && vm === extra.vm;
    case 'finding': {
      const finding = FINDINGS.indexOf(extra.finding);
      return (code, a) => code === NOTE.finding && a === finding;
    }
  }
}

/** A count of events that follows a position through the log, forwards and back: moving costs what is between. */
class Count {
  readonly #run: Run;
  readonly #counted: Counted;
  #event = 0;
  #count = 0;

  constructor(run: Run, isCounted: Counted) {
    this.#run = run;
    this.#counted = isCounted;
  }

  until(end: number): number {
    for (; this.#event < end; this.#event++) if (this.#here()) this.#count++;
    while (this.#event > end) {
      this.#event--;
      if (this.#here()) this.#count--;
    }
    return this.#count;
  }

  #here(): boolean {
    const { log } = this.#run;
    const at = this.#event * EVENT_WIDTH;
    const code = log[at]!;
    // Only exits need to know who made the step, and they are rare.
    const actor = code === NOTE.exit ? this.#run.step(this.#run.stepOfEvent(this.#event)).actor : -1;
    return this.#counted(code, log[at + 1]!, log[at + 2]!, actor);
  }
}
