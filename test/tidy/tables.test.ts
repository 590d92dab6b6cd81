// Records of the tables are complete: what a hover, a reference page or an explanation shows of them is there.
import { CHANGES, checkText, MONITORS, OPS, type Op, PROFILES, parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';

/** Where an op's example is placed in a scenario. */
const BLOCKS: Readonly<Record<Op['kind'], string>> = {
  syscall: 'setup',
  ioctl: 'setup',
  instruction: 'vcpu 0',
  tlp: 'device gpu',
  host: 'host',
};
/** The example is a single line, so names that other lines would define are unknown; nothing else may be wrong. */
const NAMES_ONLY: ReadonlySet<string> = new Set([
  'unknown-name',
  'unknown-word',
  'unknown-device',
  'unknown-vcpu',
  'unknown-register',
  'unknown-actor',
  'unknown-cpu',
  'missing-machine',
  'used-before-bound',
]);

describe.each(OPS.map((op) => [`${op.kind} ${op.name}`, op] as const))('%s', (_, op) => {
  test('is documented, with its sources', () => {
    expect(op.summary).toMatch(/^[^\s].*\.$/s);
    expect(op.doc.length).toBeGreaterThan(20);
    expect(op.sources.length).toBeGreaterThan(0);
    for (const source of op.sources) expect(source.place, source.document).toMatch(/\S/);
    for (const source of op.sources) expect(source.place, 'a line number moves').not.toMatch(/:\d+|\bline \d/);
  });

  test('says when each errno comes', () => {
    for (const { name, when } of op.errnos) {
      expect(name).toMatch(/^E[A-Z0-9]+$/);
      expect(when, name).toMatch(/\S/);
    }
  });

  test('has an example that can be read', () => {
    const text = `${BLOCKS[op.kind]} {\n  ${op.example}\n}\n`;
    const parsed = parse(text);
    const problems = [...parsed.diagnostics, ...checkText(parsed)].filter(
      (d) => d.severity === 'error' && !NAMES_ONLY.has(d.code),
    );
    expect(problems.map((d) => `${op.example}: ${d.message} [${d.code}]`)).toEqual([]);
    expect(op.example).toContain(op.name);
  });
});

describe('changes', () => {
  test('have a name, a subject, an effect and a place', () => {
    for (const { id, subject, effect, where } of CHANGES) {
      expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      expect(subject, id).toMatch(/\S/);
      expect(effect, id).toMatch(/^[^\s].*\.$/s);
      expect(where, id).toMatch(/\S/);
    }
    expect(new Set(CHANGES.map(({ id }) => id)).size).toBe(CHANGES.length);
  });

  test('name commits by twelve digits', () => {
    for (const { id, commit } of CHANGES) if (commit !== undefined) expect(commit, id).toMatch(/^[0-9a-f]{12}$/);
  });

  test('belong to some profile', () => {
    for (const { id } of CHANGES)
      expect(
        PROFILES.some(({ changes }) => changes.has(id)),
        id,
      ).toBe(true);
  });
});

test('profiles have a name of their own and a sentence', () => {
  expect(new Set(PROFILES.map(({ name }) => name)).size).toBe(PROFILES.length);
  for (const { name, doc } of PROFILES) expect(doc, name).toMatch(/\S/);
});

test('monitors say what is wrong, with their sources', () => {
  for (const { finding, doc, sources } of MONITORS) {
    expect(doc, finding).toMatch(/\.$/);
    expect(sources.length, finding).toBeGreaterThan(0);
  }
  expect(new Set(MONITORS.map(({ finding }) => finding)).size).toBe(MONITORS.length);
});
