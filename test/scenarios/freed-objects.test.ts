/**
 * The chains of objects that the kernel uses after they were freed, and of NULL pointers that it follows: the schedules
 * that show them are given, so each chain is held to a golden whole. `UPDATE=1` rewrites it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  EVENT_WIDTH,
  elaborate,
  FINDINGS,
  FREED_OBJECTS,
  NOTE,
  parse,
  profileNamed,
  Run,
  typedSchedule,
  why,
  whyText,
} from '@snoopscope/sim-core';
import { expect, test } from 'vitest';

const golden = path.join(import.meta.dirname, 'freed-objects.golden.txt');

const SHOWN = [
  ['kvm-device/dirty-mask-used-after-free', 'v4.8', 'qemu*3'],
  ['kvm-device/close-before-reference-frees-vm', 'v4.20', 'micro creator*6 guesser*3 creator'],
  ['kvm-vfio/add-races-with-delete', 'v6.1', 'micro adder*4 deleter*3 adder'],
  ['vfio/map-races-with-closing-the-last-group', 'v5.15', 'micro mapper*3 closer*4 mapper'],
  ['vfio/map-races-with-closing-the-last-group', 'v5.15', 'micro mapper*2 closer*4 mapper'],
  ['vfio/map-races-with-last-group-leaving', 'v5.15', 'micro mapper*3 leaver*3 mapper'],
  ['vfio/map-races-with-last-group-leaving', 'v5.15', 'micro mapper*2 leaver*3 mapper'],
] as const;

const WANTED = new Set(['use-after-free', 'kernel-oops'].map((finding) => FINDINGS.indexOf(finding as never)));

/** The chain of the first finding of the kind on the way that a schedule gives. */
function chainOf(file: string, kernel: string, text: string): { readonly lines: string[]; readonly freed: number } {
  const parsed = parse(readFileSync(path.resolve(import.meta.dirname, `../../scenarios/${file}.snoop`), 'utf8'));
  const profile = profileNamed(kernel);
  const { model } = profile ? elaborate(parsed, { profile }) : {};
  if (!model) throw new Error(`${file} cannot run on ${kernel}`);
  const { moves, granularity, diagnostics } = typedSchedule(model, text);
  expect(diagnostics).toEqual([]);
  const run = new Run(model, { schedule: moves, granularity: granularity ?? 'statement' });
  run.runToEnd();
  expect(run.scheduleProblem, `${file}: schedule ${text}`).toBeUndefined();
  const events = Array.from({ length: run.events }, (_, event) => event * EVENT_WIDTH);
  const at = events.find((one) => run.log[one] === NOTE.finding && WANTED.has(run.log[one + 1]!));
  if (at === undefined) throw new Error(`${file} finds nothing on ${kernel} with schedule ${text}`);
  const isFree = FINDINGS[run.log[at + 1]!] === 'use-after-free';
  const lines = [`${file} on ${kernel}, schedule ${text}`, ...whyText(why(run, at / EVENT_WIDTH)).map((l) => `  ${l}`)];
  return { lines, freed: isFree ? run.log[at + 3]! : -1 };
}

test('every freed object that the kernel can use has a chain, held to its golden', () => {
  const chains = SHOWN.map(([file, kernel, schedule]) => chainOf(file, kernel, schedule));
  const kinds = new Set(chains.flatMap(({ freed }) => (freed < 0 ? [] : (FREED_OBJECTS[freed] ?? []))));
  expect([...kinds].sort()).toEqual([...FREED_OBJECTS].sort());
  const actual = `${chains.map(({ lines }) => lines.join('\n')).join('\n\n')}\n`;
  if (process.env.UPDATE === '1') writeFileSync(golden, actual);
  expect(existsSync(golden), `there is no ${golden}: look at the chains and write it with UPDATE=1`).toBe(true);
  expect(actual).toBe(readFileSync(golden, 'utf8'));
});
