/** Names of all scenarios: actors, procedures, devices, words, and the scenarios themselves. */
import { contentsOfKind, type OutlineEntry, outline } from '@snoopscope/sim-core';
import type { Family } from '../families.ts';

export interface WorkspaceName {
  readonly name: string;
  readonly kind: OutlineEntry['kind'] | 'scenario';
  readonly uri: string;
  readonly line: number;
  readonly span: OutlineEntry['span'];
  /** The block that it is in. */
  readonly within?: string;
}

const MOST_NAMES = 500;

/** Those whose letters contain the asked ones in their order, as editors look for symbols. */
export function workspaceNames(families: readonly Family[], query: string): readonly WorkspaceName[] {
  const wanted = new RegExp([...query].map((one) => one.replace(/[^\w]/g, '\\$&')).join('.*'), 'i');
  const files = new Map(families.flat().map((file) => [file.uri, file.scenario]));
  const found: WorkspaceName[] = [];
  for (const [uri, scenario] of files) {
    const titles = contentsOfKind(scenario, 'scenario').map(
      ({ line, content }): WorkspaceName => ({
        name: content.text.value,
        kind: 'scenario',
        uri,
        line,
        span: content.text.span,
      }),
    );
    const entries = outline(scenario).filter(({ kind }) => kind !== 'condition' && kind !== 'schedule');
    const names = entries.flatMap((entry): WorkspaceName[] => [
      { name: entry.name, kind: entry.kind, uri, line: entry.line, span: entry.span },
      ...entry.children.map((child) => ({ ...child, uri, within: entry.name })),
    ]);
    found.push(...[...titles, ...names].filter(({ name }) => wanted.test(name)));
    if (found.length >= MOST_NAMES) break;
  }
  return found.slice(0, MOST_NAMES);
}
