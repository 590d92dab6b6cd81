import { PROFILES, parse, profileNamed } from '@snoopscope/sim-core';
import type { Snapshot } from '../../server/src/snapshot.ts';

/** A text with its marks taken out: `<|>` is a place, `<|…|>` a range. */
export interface Marked {
  readonly text: string;
  readonly places: readonly { readonly line: number; readonly column: number }[];
  readonly ranges: readonly { readonly line: number; readonly start: number; readonly end: number }[];
}

export function marked(source: string): Marked {
  const places: { line: number; column: number }[] = [];
  const ranges: { line: number; start: number; end: number }[] = [];
  const lines = source.split('\n').map((line, index) => {
    let rest = line;
    for (let at = rest.indexOf('<|'); at !== -1; at = rest.indexOf('<|')) {
      const mark = /^<\|(?:>|([^|]*)\|>)/.exec(rest.slice(at));
      if (mark === null) throw new Error(`a mark without an end: ${line}`);
      const inner = mark[1];
      if (inner === undefined) places.push({ line: index, column: at });
      else ranges.push({ line: index, start: at, end: at + inner.length });
      rest = rest.slice(0, at) + (inner ?? '') + rest.slice(at + mark[0].length);
    }
    return rest;
  });
  return { text: lines.join('\n'), places, ranges };
}

/** A document as the features see it, without a server. */
export function snapshotOf(text: string, { kernel = 'v6.6', uri = 'file:///scenario.snoop' } = {}): Snapshot {
  const profile = profileNamed(kernel);
  if (profile === undefined) throw new Error(`no profile ${kernel} among ${PROFILES.length}`);
  return { uri, version: 1, scenario: parse(text), profile, included: new Map() };
}
