// Kernels that decide alike are looked at once: what is seen on one of them is what is seen on each.
//
// ALL=1 looks at the whole gallery: the committed share is what a test run has time for.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Profile } from '../../sim-core/src/kernel/profiles.ts';
import type { KernelGroup } from '../../sim-core/src/predict/kernels.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import type { ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { EVENT_WIDTH } from '../../sim-core/src/state/event.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';

const gallery = path.resolve(import.meta.dirname, '../../scenarios');
const share = process.env.ALL === undefined ? 8 : 1;
const files = globSync('**/*.snoop', { cwd: gallery })
  .sort()
  .filter((_, index) => index % share === 0);

function observed(file: string, profiles?: readonly Profile[]): readonly KernelGroup[] {
  const at = path.join(gallery, file);
  const includes = (name: string): ParsedScenario => parse(readFileSync(path.join(path.dirname(at), name), 'utf8'));
  let groups: readonly KernelGroup[] = [];
  const take = (found: readonly KernelGroup[]): void => {
    groups = found;
  };
  toEnd(predicting(parse(readFileSync(at, 'utf8')), { includes, observed: take, ...(profiles && { profiles }) }));
  return groups;
}

/** But for the files of the kernel's functions: other names for them decide nothing. */
function seen({ observed: { plain, results, failures, findings, orders, stuck } }: KernelGroup): unknown {
  const events = plain.log.slice(0, plain.events * EVENT_WIDTH);
  const why = JSON.stringify([...failures], (key, value: unknown) => (key === 'source' ? undefined : value));
  return { events, results, why, findings, orders, stuck };
}

test.each(files)('each kernel of a group does the same in %s', (file) => {
  for (const group of observed(file)) {
    const last = group.profiles.at(-1)!;
    if (group.profiles.length === 1) continue;
    const [alone] = observed(file, [last]);
    expect(seen(alone!), last.name).toEqual(seen(group));
  }
});

test('kernels that differ in what a scenario never comes to are looked at once', () => {
  const text =
    'machine {\n  cpu intel\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\nexists kvm == 3 on v5.19..v6.6\n';
  const names: string[][] = [];
  const take = (groups: readonly KernelGroup[]): void => {
    names.push(...groups.map(({ profiles }) => profiles.map(({ name }) => name)));
  };
  toEnd(predicting(parse(text), { observed: take }));
  expect(names).toHaveLength(1);
  expect(names[0]!.length).toBeGreaterThan(5);
});
