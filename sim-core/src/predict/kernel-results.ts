/** What each call returns on each kernel that was looked at, and why it fails there: what a hover shows. */
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import type { KernelGroup } from './kernels.ts';
import { errnoOf, reasonOf } from './reason.ts';

/** What a call returns on kernels that decide alike. */
export interface KernelResult {
  /** `v5.12 to v5.18 and v6.1` */
  readonly kernels: string;
  /** Several where the interleaving or the round of a loop decides. */
  readonly values: readonly {
    /** `0`, `-EEXIST` */
    readonly text: string;
    /** The check that decides, its function and source; empty for a call that succeeds. */
    readonly reason: string;
  }[];
}

/** Reasons are read from the run again, each one: with more failing calls than this the rest go without. */
const MOST_REASONS = 60;

/** By line of the scenario's own text. In slices. */
export function* resultsByLine(
  groups: readonly KernelGroup[],
): Generator<void, ReadonlyMap<number, readonly KernelResult[]>> {
  const found = new Map<number, KernelResult[]>();
  let reasons = 0;
  for (const group of groups) {
    const { model, results } = group.observed;
    const values = new Map<number, Map<number, string>>();
    for (const [id, seen] of results) {
      const node = model.nodes[id];
      const content = node && model.sources[0]?.parsed.lines[node.place.line]?.content;
      if (node?.kind !== 'statement' || node.place.file !== 0 || content?.kind !== 'syscall') continue;
      const ofLine = values.get(node.place.line) ?? new Map<number, string>();
      values.set(node.place.line, ofLine);
      for (const value of seen) {
        if (ofLine.has(value)) continue;
        const explained = value < 0 && reasons++ < MOST_REASONS;
        ofLine.set(value, explained ? reasonOf(group.observed, node, content, value, group.profiles[0]!).text : '');
        if (explained) yield;
      }
    }
    const kernels = kernelsText(group.profiles);
    for (const [line, ofLine] of values) {
      const ordered = [...ofLine].sort(([left], [right]) => right - left);
      const shown = ordered.map(([value, reason]) => ({ text: valueText(value), reason: reason.trim() }));
      found.set(line, [...(found.get(line) ?? []), { kernels, values: shown }]);
    }
  }
  return found;
}

function valueText(value: number): string {
  const errno = value < 0 ? errnoOf(value) : '';
  return errno === '' ? String(value) : `-${errno}`;
}
