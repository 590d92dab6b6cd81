/** Repeated statements of one actor, one after the other, as `repeat` blocks. */
import type { RebuiltStep } from './step.ts';

export type Folded = { readonly step: RebuiltStep } | { readonly times: number; readonly body: readonly RebuiltStep[] };

/** Statements of a cycle at most, and times from which on a cycle of one statement is worth a block. */
const LONGEST_CYCLE = 8;
const WORTH = 4;

/** Folds the statements of one actor. `limit` is the most that a block may repeat. */
export function folded(steps: readonly RebuiltStep[], limit: number): Folded[] {
  const out: Folded[] = [];
  for (let at = 0; at < steps.length; ) {
    let best = { length: 1, times: 1 };
    for (let length = 1; length <= LONGEST_CYCLE && at + 2 * length <= steps.length; length++) {
      let times = 1;
      while (times < limit && sameAt(steps, at, at + times * length, length)) times++;
      if (times * length > best.times * best.length && times * length >= Math.max(WORTH, length + 3))
        best = { length, times };
    }
    if (best.times === 1) out.push({ step: steps[at]! });
    else out.push({ times: best.times, body: steps.slice(at, at + best.length) });
    at += best.length * best.times;
  }
  return out;
}

function sameAt(steps: readonly RebuiltStep[], first: number, second: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const [a, b] = [steps[first + i], steps[second + i]];
    if (!a || !b || a.text !== b.text || a.result !== b.result || binds(a.text)) return false;
  }
  return true;
}

/** A statement that gives a name is one of a kind. */
function binds(text: string): boolean {
  return /^\w+ = |=>/.test(text);
}
