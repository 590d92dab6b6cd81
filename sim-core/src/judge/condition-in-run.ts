/** What one run alone says about the conditions of its scenario. */
import type { CompiledCondition, Model } from '../engine/model.ts';

export interface ConditionInRun {
  readonly condition: CompiledCondition;
  /** Is the proposition true at the end of this run? */
  readonly holds: boolean;
  /** Does this run alone decide the condition? A single run can show `exists` and refute `~exists` and `forall`. */
  readonly decides: 'shown' | 'refuted' | undefined;
}

/** The conditions that apply, in a final state. */
export function conditionsInRun(model: Model, state: Int32Array): ConditionInRun[] {
  return model.conditions.filter(({ applies }) => applies).map((condition) => judged(condition, state));
}

function judged(condition: CompiledCondition, state: Int32Array): ConditionInRun {
  const holds = condition.holds(state);
  switch (condition.quantifier) {
    case 'exists':
      return { condition, holds, decides: holds ? 'shown' : undefined };
    case '~exists':
      return { condition, holds, decides: holds ? 'refuted' : undefined };
    case 'forall':
      return { condition, holds, decides: holds ? undefined : 'refuted' };
  }
}

export function conditionInRunText({ holds, decides }: ConditionInRun): string {
  if (decides === 'shown') return 'shown: it holds at the end of this run';
  if (decides === 'refuted') return `refuted: it ${holds ? 'holds' : 'does not hold'} at the end of this run`;
  return `open: it ${holds ? 'holds' : 'does not hold'} here; other interleavings decide`;
}
