// `explore --checkpoint`: what was stopped continues, what is over is printed again, anything else is refused.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const scenario = path.resolve(import.meta.dirname, '../../test/bench/explore/L2e.snoop');
const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Document {
  readonly passed: boolean | null;
  readonly complete: boolean;
  readonly states: number;
  readonly limit?: { readonly kind: string };
  readonly checkpoint?: { file: string; resumedFrom?: number; finished: boolean; written: number; problem?: string };
  readonly fingerprints?: { readonly bits: number; readonly missProbability: number };
}

const base = ['explore', scenario];

async function json(words: readonly string[]): Promise<Document & { readonly exitCode: number }> {
  const { stdout, exitCode } = await snoopscope([...words, '--format', 'json'], { workingDirectory: folder });
  return { ...(JSON.parse(stdout) as Document), exitCode };
}

/** What does not depend on how long it took, and in how many calls. */
function answers({ checkpoint: _, exitCode: __, ...rest }: Awaited<ReturnType<typeof json>>): object {
  const { cost, bytes, exploration, ...document } = rest as Record<string, unknown>;
  const { bytes: more, ...explored } = exploration as Record<string, unknown>;
  return { ...document, exploration: explored };
}

describe('a search that was stopped by a limit', () => {
  const kept = [...base, '--checkpoint', 'a.cp'];

  test('resumes when the limit is raised, to the same answer, which the file then holds', async () => {
    const whole = await json(base);
    expect(whole.complete).toBe(true);
    const first = await json([...kept, '--max-states', '3000']);
    expect([first.exitCode, first.limit?.kind]).toEqual([3, 'states']);
    expect(first.checkpoint).toEqual({ file: 'a.cp', finished: false, written: 2 });
    const second = await json([...kept, '--max-states', '6000']);
    expect(second.checkpoint).toMatchObject({ resumedFrom: first.states, finished: false });
    const third = await json(kept);
    expect(answers(third)).toEqual(answers(whole));
    expect(third.exitCode).toBe(whole.exitCode);
    expect(third.checkpoint).toMatchObject({ resumedFrom: second.states, finished: true });
    const again = await json(kept);
    expect(answers(again)).toEqual(answers(whole));
    expect(again.checkpoint).toEqual({ file: 'a.cp', resumedFrom: whole.states, finished: true, written: 0 });
    expect(readdirSync(folder).filter((name) => name.includes('a.cp'))).toEqual(['a.cp']);
  });

  test('says so in words', async () => {
    rmSync(path.join(folder, 'a.cp'), { force: true });
    const limited = await snoopscope([...kept, '--max-states', '3000'], { workingDirectory: folder });
    expect(limited.stdout).toContain('checkpoint: written to a.cp; the same call resumes it');
    const rest = await snoopscope(kept, { workingDirectory: folder });
    expect(rest.stderr).toContain('Resuming from the checkpoint a.cp.');
    expect(rest.stdout).toMatch(/checkpoint: resumed from a\.cp at \d+ states; a\.cp now holds\s+this result/);
    const known = await snoopscope(kept, { workingDirectory: folder });
    expect(known.stdout).toContain('checkpoint: a.cp holds this result; remove it to explore again');
  });

  test('is not resumed with other options', async () => {
    const { stderr, exitCode } = await snoopscope(['explore', '--no-reduction', scenario, '--checkpoint', 'a.cp'], {
      workingDirectory: folder,
    });
    expect(exitCode).toBe(2);
    expect(stderr.replace(/\s+/g, ' ')).toContain('made with other options: it has reduction partialOrder true');
    expect(stderr).not.toContain('granularity');
  });
});

test('a search by switches resumes one by switches alone, with another bound', async () => {
  const kept = [...base, '--checkpoint', 's.cp'];
  const bounded = [...base, '--max-switches', '1'];
  await json([...bounded, '--checkpoint', 's.cp', '--max-states', '100']);
  const other = await snoopscope(kept, { workingDirectory: folder });
  expect(other.exitCode).toBe(2);
  expect(other.stderr.replace(/\s+/g, ' ')).toContain('made with other options: it has switches bounded');
  expect(answers(await json([...bounded, '--checkpoint', 's.cp']))).toEqual(answers(await json(bounded)));
  rmSync(path.join(folder, 's.cp'));
  await json([...kept, '--max-states', '100']);
  const reverse = await snoopscope([...bounded, '--checkpoint', 's.cp'], { workingDirectory: folder });
  expect(reverse.stderr.replace(/\s+/g, ' ')).toContain('it has switches unbounded');
});

test('Ctrl-C keeps what is known', async () => {
  const kept = [...base, '--checkpoint', 'c.cp'];
  const { stdout } = await snoopscope(kept, { workingDirectory: folder, interrupt: AbortSignal.abort() });
  expect(stdout).toMatch(/checkpoint: .*c\.cp/);
  expect(existsSync(path.join(folder, 'c.cp'))).toBe(true);
  expect(answers(await json(kept))).toEqual(answers(await json(base)));
});

test('random runs continue too', async () => {
  const random = ['explore', '--random', '300', '--seed', '3', scenario];
  const kept = [...random, '--checkpoint', 'r.cp'];
  const { stdout } = await snoopscope(kept, { workingDirectory: folder, interrupt: AbortSignal.abort() });
  expect(stdout).toContain('r.cp');
  expect(answers(await json(kept))).toEqual(answers(await json(random)));
  expect((await json(kept)).checkpoint).toMatchObject({ finished: true, written: 0 });
});

describe('a file that cannot be used', () => {
  test.each([
    ['text', 'not a checkpoint'],
    ['snoopscope checkpoint 1\n{}\n', 'not a checkpoint of this version'],
    ['snoopscope checkpoint 2\n{}\n12345678', 'incomplete or was changed'],
  ])('%j is refused with a way out', async (content, words) => {
    writeFileSync(path.join(folder, 'bad.cp'), content);
    const { stderr, exitCode } = await snoopscope([...base, '--checkpoint', 'bad.cp'], { workingDirectory: folder });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(readFileSync(path.join(folder, 'bad.cp'), 'utf8')).toBe(content);
  });

  test('one that cannot be written is known before anything is searched', async () => {
    mkdirSync(path.join(folder, 'taken'));
    for (const name of ['missing/a.cp', 'taken']) {
      const { stderr, exitCode, stdout } = await snoopscope([...base, '--checkpoint', name], {
        workingDirectory: folder,
      });
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toContain(name);
    }
  });

  test('a file in a folder that is not there is refused before any work, by every option that names one', async () => {
    const scenario = base.at(-1)!;
    for (const [what, words] of [
      ['checkpoint', [...base, '--checkpoint', 'missing/a']],
      ['trace', ['run', '--save', 'missing/a.snooptrace', scenario]],
      ['coverage', ['test', '--coverage', 'lcov', '--coverage-file', 'missing/a', scenario]],
    ] as const) {
      const { stderr, exitCode, stdout } = await snoopscope(words, { workingDirectory: folder, columns: 200 });
      expect([exitCode, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        new RegExp(`missing/a\\S*: error: The ${what} cannot be written: the folder \`missing\` does not exist`),
      );
    }
  });
});

describe('--fingerprint', () => {
  test('says the probability of a missed state wherever it says that something is proved', async () => {
    const held = ['explore', 'scenarios/wbinvd/registered-late-misses-first-cpu.snoop', '--fingerprint'];
    const { stdout } = await snoopscope(held);
    const [, verdict = '', coverage = ''] = stdout.split('\n');
    for (const line of [verdict, coverage]) if (/passed|all/.test(line)) expect(stdout).toContain('probability of');
    const document = await json([...base, '--fingerprint']);
    const whole = await json(base);
    expect(document.fingerprints).toEqual({
      bits: 64,
      missProbability: ((whole.states * (whole.states - 1)) / 2) * 2 ** -64,
      restarts: 0,
    });
    expect([document.passed, document.exitCode]).toEqual([whole.passed, whole.exitCode]);
    expect(whole.fingerprints).toBeUndefined();
  });

  test('continues from a checkpoint', async () => {
    const kept = [...base, '--fingerprint', '--checkpoint', 'f.cp'];
    await json([...kept, '--max-states', '3000']);
    expect(answers(await json(kept))).toEqual(answers(await json([...base, '--fingerprint'])));
  });

  test('is not for random runs', async () => {
    const { stderr, exitCode } = await snoopscope([...base, '--fingerprint', '--random', '10']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('--random')]);
  });
});
