/** What an explanation of a fact is made of. */
import type { FactArguments } from '../../scenario/facts.ts';
import type { Link } from '../causes/link.ts';
import type { History } from '../history.ts';
import type { ObjectNames } from '../object-names.ts';

/** A fact that is asked at a moment of a run. */
export interface AskedFact {
  readonly history: History;
  readonly names: ObjectNames;
  /** The events before this one have happened. */
  readonly event: number;
  /** The state then. */
  readonly state: Int32Array;
  readonly args: FactArguments;
}

/** Explains a fact's value: what made it so, latest causes last. Never empty. */
export type FactExplainer = (asked: AskedFact) => Link[];

/** Links that an explanation lists before it says how many more there are. */
const MOST = 8;

/** The last links of many, and how many were before them. */
export function lastOf(links: readonly Link[]): Link[] {
  const left = links.length - MOST;
  if (left <= 0) return [...links];
  const first = links[left]!;
  return [{ event: first.event, text: `${left} earlier ones are left out.`, sources: [] }, ...links.slice(left)];
}

export function vmText({ names }: AskedFact, vm: number, event: number): string {
  return names.atEvent('vm', vm, event) ?? `VM ${vm}`;
}
