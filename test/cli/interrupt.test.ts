// Ctrl-C: what is known is printed, nothing that is open is called failed, and nothing more is begun.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checking, parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

const wbinvd = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const race = 'test/cli/scenarios/race.snoop';

/** As if the key was pressed before anything was explored. */
async function json(line: string): Promise<{ document: Record<string, unknown>; exitCode: number }> {
  const { stdout, exitCode } = await snoopscope(`${line} --format json`, { interrupt: AbortSignal.abort() });
  return { document: JSON.parse(stdout), exitCode };
}

/** The limit keeps the first kernel open, as a long exploration would. */
const OPEN = '--max-states 3';

describe('check', () => {
  test('does not call a kernel failed that it did not reach', async () => {
    const { document, exitCode } = await json(`check ${OPEN} ${wbinvd}`);
    expect(document.passed).toBeNull();
    const [file] = document.files as { passed: unknown; kernels: { profiles: string[] }[]; unexplored: string[] }[];
    expect(file?.passed).toBeNull();
    const explored = file?.kernels.flatMap(({ profiles }) => profiles);
    expect(explored).toEqual(['v3.13']);
    expect(file?.unexplored).toContain('v5.12');
    expect(file?.unexplored).not.toContain('v3.13');
    expect(exitCode).toBe(130);
  });

  test('leaves out the files after the one that it is at', async () => {
    const { document, exitCode } = await json(`check ${OPEN} ${wbinvd} missing.snoop`);
    expect(document.files).toHaveLength(1);
    expect(document.passed).toBeNull();
    expect(exitCode).toBe(130);
  });

  test('ends as interrupted when files are left', async () => {
    const { exitCode } = await snoopscope(`check ${wbinvd} ${race}`, { interrupt: AbortSignal.abort() });
    expect(exitCode).toBe(130);
  });

  test('names the kernels that are left to people, too', async () => {
    const { stdout } = await snoopscope(`check ${OPEN} ${wbinvd}`, { interrupt: AbortSignal.abort() });
    expect(stdout).toMatch(/^ {2}v3\.14\.\.v\d\.\d+ {2}open\n {4}not explored$/m);
  });
});

test('bisect names no turn that rests on what it did not explore', async () => {
  const { document, exitCode } = await json(`bisect ${wbinvd}`);
  expect(document).toMatchObject({ complete: false, limit: { kind: 'stopped' }, turns: [] });
  expect(exitCode).toBe(130);
});

test('test is not fine when files are left', async () => {
  expect((await snoopscope(`test ${OPEN} ${wbinvd} ${race}`, { interrupt: AbortSignal.abort() })).exitCode).toBe(130);
});

test('between two kernels there is a moment to look at the keyboard, also where nothing is explored', () => {
  const slices = checking(parse(readFileSync(path.join(root, wbinvd), 'utf8')));
  let moments = 0;
  for (;;) {
    const { done, value } = slices.next();
    if (done) {
      expect(value.kernels.length).toBeGreaterThan(20);
      expect(moments).toBeGreaterThanOrEqual(value.kernels.length - new Set(value.kernels.map((k) => k.judgedAs)).size);
      break;
    }
    moments++;
  }
});
