/**
 * Why a fact has its value at a moment of a run: `ept(vm, x)`, `noncoherent(vm)`, `flushes(cpu0)`. Read from the events, as
 * the chains of findings are. A comparison is asked by its fact.
 */
import type { Run } from '../engine/run.ts';
import { compileExpression, type Extra } from '../scenario/elaborate/expression.ts';
import { type FactName, factByName, factText } from '../scenario/facts.ts';
import { EXIT_REASONS } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import type { Link } from './causes/link.ts';
import { coherentExplained, noncoherentExplained } from './facts/coherency.ts';
import { exitsExplained, flushesExplained, zapsExplained } from './facts/counts.ts';
import type { FactExplainer } from './facts/fact.ts';
import { cacheExplained, eptExplained, memtypeExplained } from './facts/memory.ts';
import { History } from './history.ts';
import { ObjectNames } from './object-names.ts';

/** Every fact explains itself: a new one does not compile without an explanation. */
const EXPLAINERS: Readonly<Record<FactName, FactExplainer>> = {
  noncoherent: noncoherentExplained,
  exits: exitsExplained,
  flushes: flushesExplained,
  zaps: zapsExplained,
  ept: eptExplained,
  memtype: memtypeExplained,
  cache: cacheExplained,
  coherent: coherentExplained,
};

export interface FactExplanation {
  /** `ept(vm, x) is UC`. */
  readonly headline: string;
  readonly links: readonly Link[];
}

/** Explains a fact after so many steps of a run, or says what is wrong with the question. */
export function whyFact(run: Run, text: string, position: number): FactExplanation | { readonly problem: string } {
  const { model } = run;
  const expression = compileExpression(model, text, { actor: -1 });
  if ('problem' in expression) return expression;
  const { fact } = expression;
  if (!fact) return { problem: notAFact(text) };
  const event = position >= run.steps ? run.events : run.step(position).firstEvent;
  const cursor = run.cursor();
  cursor.seek(Math.min(position, run.steps));
  const history = new History(run);
  const links = EXPLAINERS[fact.name]({
    history,
    names: new ObjectNames(run),
    event,
    state: cursor.state,
    args: fact.args,
  });
  const counts = expression.extras.map((extra) => countOf(history, extra, event));
  const value = expression.value(Int32Array.from([...cursor.state, ...counts]));
  const spec = factByName.get(fact.name);
  const asked = text.trim().replace(/\s+/g, ' ');
  const isComparison = /[=!<>]=|[<>]/.test(asked);
  const told = isComparison ? (value === 0 ? 'false' : 'true') : spec ? factText(spec, value) : String(value);
  return { headline: `${asked} is ${told}`, links };
}

/** Of what has a value, but no explanation. */
export function notAFact(text: string): string {
  const known = [...factByName.keys()].join(', ');
  return `\`${text.trim()}\` is not a fact, and only facts and findings can be explained. Facts are ${known}.`;
}

/** What a state does not hold is counted in the log. */
function countOf(history: History, extra: Extra, event: number): number {
  const count = (code: number, isCounted: (event: number) => boolean): number =>
    history.collect(0, event, code).filter(isCounted).length;
  switch (extra.kind) {
    case 'exits':
      return count(
        NOTE.exit,
        (one) => EXIT_REASONS[history.operand(one, 2)] === extra.reason && history.actorOf(one) === extra.actor,
      );
    case 'flushes':
      return count(NOTE.wbinvd, (one) => history.operand(one, 1) === extra.cpu);
    case 'zaps':
      return count(NOTE.zap, (one) => history.operand(one, 1) === extra.vm);
    // No fact asks these.
    case 'finding':
    case 'errno':
      return 0;
  }
}
