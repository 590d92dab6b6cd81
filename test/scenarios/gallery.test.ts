/**
 * Every scenario of the gallery: its conditions hold on every kernel that they name, over all interleavings; and a plain
 * run gives the trace beside it. `UPDATE=1` rewrites traces; what a scenario intends is in the scenario itself.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkScenario, elaborate, parse, profileNamed, profilesNamed, Run, traceText } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.snoop'))
  .sort();

function includesOf(file: string): (name: string) => ReturnType<typeof parse> | undefined {
  return (name) => {
    const full = path.join(root, path.dirname(file), name);
    return existsSync(full) ? parse(readFileSync(full, 'utf8')) : undefined;
  };
}

test('every scenario for Intel CPUs says whether they have self-snoop: what a verdict depends on is in the file', () => {
  const silent = files.filter((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return (
      /^ *cpu intel\b(?!.* self-snoop=(on|off))/m.test(text) || (/^machine /m.test(text) && !/^ *cpu /m.test(text))
    );
  });
  expect(silent).toEqual([]);
});

describe.each(files)('%s', (file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  const parsed = parse(text);
  const includes = includesOf(file);

  test('holds on every kernel that it names', () => {
    const result = checkScenario(parsed, { includes });
    expect(result.diagnostics).toEqual([]);
    const failed = result.kernels.filter((k) => k.passed !== true);
    const report = failed.map((k) => ({
      kernel: k.profile.name,
      conditions: k.conditions.filter((c) => c.holds !== true).map((c) => c.text),
      unexpected: k.unexpected,
    }));
    expect(report).toEqual([]);
    expect(result.kernels.length).toBeGreaterThan(0);
  });

  test('runs as its trace says', () => {
    const header = parsed.lines.find((line) => line.content.kind === 'kernel')?.content;
    const name = header?.kind === 'kernel' ? header.version.text : profilesNamed(parsed)[0]?.name;
    const profile = profileNamed(name ?? '');
    if (!profile) throw new Error(`${file} names no kernel that is known`);
    const { model, diagnostics } = elaborate(parsed, { profile, includes });
    expect(diagnostics).toEqual([]);
    if (!model) return;
    const run = new Run(model);
    run.runToEnd();
    const lineText = (source: number, line: number): string =>
      (model.sources[source]?.parsed.lines[line]?.text ?? '').trim();
    const actual = `kernel ${profile.name}\n${traceText(run, { lineText, changes: true, explain: true }).join('\n')}\n`;
    const golden = path.join(root, file.replace(/\.snoop$/, '.trace'));
    if (process.env.UPDATE === '1') writeFileSync(golden, actual);
    expect(existsSync(golden), `there is no ${golden}: look at the run and write it with UPDATE=1`).toBe(true);
    expect(actual).toBe(readFileSync(golden, 'utf8'));
  });
});
