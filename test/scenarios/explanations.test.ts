/**
 * Every finding of the gallery, explained: its chain has at least three links, and says where each is written. The texts
 * themselves are in the traces beside the scenarios.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { EVENT_WIDTH, elaborate, NOTE, parse, profileNamed, profilesNamed, Run, why } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.snoop'))
  .sort();

/** The guest's own omission needs no more than where the value is and how the device read; a belief is two facts. */
const SHORTER: ReadonlyMap<string, number> = new Map([
  ['unflushed-read', 2],
  ['belief', 2],
  ['belief-cost', 2],
]);

interface Found {
  readonly file: string;
  readonly finding: string;
  readonly links: readonly { readonly text: string; readonly sources: readonly unknown[] }[];
}

function findingsOf(file: string): Found[] {
  const parsed = parse(readFileSync(path.join(root, file), 'utf8'));
  const header = parsed.lines.find((line) => line.content.kind === 'kernel')?.content;
  const name = header?.kind === 'kernel' ? header.version.text : profilesNamed(parsed)[0]?.name;
  const profile = profileNamed(name ?? '');
  if (!profile) throw new Error(`${file} names no kernel that is known`);
  const { model } = elaborate(parsed, { profile });
  if (!model) throw new Error(`${file} is not valid`);
  const run = new Run(model);
  run.runToEnd();
  return Array.from({ length: run.events }, (_, event) => event)
    .filter((event) => run.log[event * EVENT_WIDTH] === NOTE.finding)
    .map((event) => ({ file, ...why(run, event) }));
}

test('every finding of the gallery has a chain of causes, each with its source', () => {
  const all = files.flatMap(findingsOf);
  const kinds = new Set(all.map(({ finding }) => finding));
  for (const kind of ['stale-read', 'lost-write', 'leak', 'use-after-free', 'deadlock', 'kernel-warning', 'dma-fault'])
    expect(kinds).toContain(kind);
  const weak = all.filter(
    ({ finding, links }) =>
      links.length < (SHORTER.get(finding) ?? 3) || links.some(({ sources }) => sources.length === 0),
  );
  expect(
    weak.map(({ file, finding, links }) => `${file}: ${finding}: ${links.map(({ text }) => text).join(' | ')}`),
  ).toEqual([]);
});
