/** Which upstream change fixes what a chain has shown, or made it possible. */
import { type ChangeId, changeById } from '../../kernel/changes.ts';
import type { History } from '../history.ts';
import type { Link } from './link.ts';

/** A change, and a function that must be on the stack for it to be the one; any when left out. */
export interface Remedy {
  readonly change: ChangeId;
  readonly in?: string;
}

/** The first remedy that this kernel lacks. `functions`: those that are on the stacks of the actors concerned. */
export function mendLinks(
  history: History,
  event: number,
  remedies: readonly Remedy[],
  functions: ReadonlySet<string> = new Set(),
): Link[] {
  const remedy = remedies.find(
    (one) => !history.hasChange(one.change) && (one.in === undefined || functions.has(one.in)),
  );
  if (!remedy) return [];
  const known = changeById.get(remedy.change);
  if (!known) return [];
  const { first, commit, subject, effect, where } = known;
  return [
    {
      event,
      text: `${history.kernelName()} lacks the change that fixes it: ${first ?? 'never merged'}, ${commit ? `${commit} ` : ''}"${subject}". ${effect}`,
      sources: [{ document: 'linux', place: commit ? `${commit} ${subject}` : where }],
    },
  ];
}

/** The change since which it can happen, where this kernel has it. */
export function sinceLinks(history: History, event: number, change: ChangeId): Link[] {
  const known = changeById.get(change);
  if (!known || !history.hasChange(change)) return [];
  const { first, commit, subject, effect, where } = known;
  return [
    {
      event,
      text: `It can happen since ${first}, ${commit ? `${commit} ` : ''}"${subject}": ${effect}`,
      sources: [{ document: 'linux', place: commit ? `${commit} ${subject}` : where }],
    },
  ];
}
