// A CI matrix splits the work: the shares put together are the whole, and what does not belong together is refused.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const race = 'test/cli/scenarios/race.snoop';
const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function result(name: string, line: string): Promise<string> {
  const { stdout } = await snoopscope(`${line} --format json`);
  const file = path.join(folder, name);
  writeFileSync(file, stdout);
  return file;
}

function shares(line: string, count: number): Promise<string[]> {
  const name = line.replace(/\W+/g, '-');
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      result(`${name}-${i + 1}-${count}.json`, `${line} --shard ${i + 1}/${count}`),
    ),
  );
}

/** Time is not the same twice. */
function essence(text: string): object {
  const { cost, ...rest } = JSON.parse(text);
  return rest;
}

describe('shares of random runs', () => {
  test.each([
    ['uniformly', 2, `explore --random 200 --seed 5 ${race}`],
    ['by PCT', 3, `explore --random 100 --pct 3 --seed 9 --granularity micro ${race}`],
  ])('drawn %s in %i shares are what one machine makes', async (_, count, line) => {
    const merged = await snoopscope(`merge ${(await shares(line, count)).reverse().join(' ')}`);
    const whole = await snoopscope(`${line} --format json`);
    expect(merged.stderr).toBe('');
    expect(essence(merged.stdout)).toEqual(essence(whole.stdout));
    expect(merged.exitCode).toBe(whole.exitCode);
  });

  test('of which each is of another depth are as deep as the deepest', async () => {
    const scenario = path.join(folder, 'lengths.snoop');
    writeFileSync(
      scenario,
      `machine {
  cpu intel
  device gpu 0000:01:00.0 group=26
}
thread qemu {
  choose {
    close(9)
  } or {
    close(9)
    close(10)
    close(11)
  }
}
thread other {
  close(12)
}
exists qemu.err == 0
`,
    );
    const line = `explore --random 8 --seed 1 ${scenario}`;
    const depth = (name: string): number => JSON.parse(readFileSync(name, 'utf8')).depth;
    const names = (await shares(line, 8)).sort((a, b) => depth(a) - depth(b));
    expect(depth(names[0]!)).toBeLessThan(depth(names.at(-1)!));
    const [merged, whole] = [await snoopscope(`merge ${names.join(' ')}`), await snoopscope(`${line} --format json`)];
    expect(essence(merged.stdout)).toEqual(essence(whole.stdout));
  });

  test('that are not all there say which are', async () => {
    const [one, , three] = await shares(`explore --random 30 ${race}`, 3);
    const { stdout, stderr, exitCode } = await snoopscope(`merge ${one} ${three}`);
    expect(JSON.parse(stdout).exploration.random.shards).toEqual({ indices: [1, 3], count: 3 });
    expect(stderr).toContain('Share 2/3 is missing');
    expect([1, 3]).toContain(exitCode);
  });
});

test('a complete search beside random runs is the answer', async () => {
  const all = await result('all.json', `explore ${race}`);
  const some = await result('some.json', `explore --random 20 ${race}`);
  const { stdout } = await snoopscope(`merge ${some} ${all}`);
  const { complete, conditions } = JSON.parse(stdout);
  expect(complete).toBe(true);
  for (const { holds } of conditions) expect(holds).not.toBeNull();
});

test('shares of a suite are the whole suite', async () => {
  const line = 'test test/cli/scenarios';
  const merged = await snoopscope(`merge ${(await shares(line, 3)).join(' ')}`);
  const whole = await snoopscope(`${line} --format json`);
  const counts = ({ passed, failed, open, skipped, files }: Record<string, unknown>): unknown[] => [
    passed,
    failed,
    open,
    skipped,
    files,
  ];
  expect(counts(JSON.parse(merged.stdout))).toEqual(counts(JSON.parse(whole.stdout)));
  expect(merged.exitCode).toBe(whole.exitCode);
  expect(merged.stderr).toBe('');
});

test('a suite of which shares are missing has not passed, and can be completed later', async () => {
  const [one, two, three] = await shares('test scenarios/wbinvd/local-cpu-not-flushed.snoop', 3);
  const some = await snoopscope(`merge ${three} ${one}`);
  expect(JSON.parse(some.stdout).failed).toBe(0);
  expect(some.stderr).toContain('Share 2/3 is missing');
  expect(some.exitCode).toBe(3);
  const file = path.join(folder, 'some.json');
  writeFileSync(file, some.stdout);
  const all = await snoopscope(`merge ${two} ${file}`);
  expect(all.stderr).toBe('');
  expect(all.exitCode).toBe(0);
});

test('of very many shares the first that are missing are named', async () => {
  const one = await result('many.json', 'test scenarios/wbinvd/local-cpu-not-flushed.snoop --shard 1/4000000000');
  const { stderr } = await snoopscope(`merge ${one}`);
  expect(stderr.replace(/\s+/g, ' ')).toContain('Shares 2/4000000000, ');
  expect(stderr.replace(/\s+/g, ' ')).toContain('and 3999999989 more are missing');
});

describe('what does not belong together', () => {
  const random = `explore --random 20 ${race}`;
  test.each([
    ['the same share twice', `${random} --shard 1/2`, `${random} --shard 1/2`, 'is there twice'],
    ['other numbers of shares', `${random} --shard 1/2`, `${random} --shard 2/3`, 'split differently'],
    ['other seeds', `${random} --seed 1 --shard 1/2`, `${random} --seed 2 --shard 2/2`, 'seed'],
    ['PCT and uniform', `${random} --shard 1/2`, `${random} --pct 2 --shard 2/2`, 'PCT'],
    ['other kernels', `${random} --shard 1/2`, `${random} --kernel v5.11 --shard 2/2`, 'of another kernel'],
    [
      'other scenarios',
      random,
      'explore --random 20 scenarios/kvm-device/concurrent-create-makes-two.snoop',
      'of another scenario',
    ],
    ['a suite', random, 'test test/cli/scenarios', 'it is of `explore`'],
    ['another document', random, 'kernels', 'it is not a result of'],
    ['searches that met a limit', `explore --max-states 3 ${race}`, `explore --max-states 4 ${race}`, 'met a limit'],
    [
      'suites asked for something else',
      'test test/cli/scenarios --shard 1/2',
      'test --granularity micro test/cli/scenarios --shard 2/2',
      'was asked for',
    ],
    ['the same files twice', 'test test/cli/scenarios', 'test test/cli/scenarios', 'count twice'],
  ])('%s', async (name, one, other, words) => {
    const files = [
      await result(`${name}-1.json`.replace(/ /g, '-'), one),
      await result(`${name}-2.json`.replace(/ /g, '-'), other),
    ];
    const { exitCode, stderr: told, stdout } = await snoopscope(['merge', ...files]);
    const stderr = told.replace(/\s+/g, ' ');
    expect(stderr).toContain('cannot be merged');
    expect(stderr).toContain(words);
    expect(stderr).toContain('[not-mergeable]');
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('text that is not JSON', async () => {
    const { exitCode, stderr } = await snoopscope(`merge ${race}`);
    expect(stderr).toContain('it is not JSON');
    expect(exitCode).toBe(2);
  });
});

test('what is damaged is refused in words', async () => {
  const [file] = await shares(`explore --random 20 --seed 2 ${race}`, 2);
  const text = (await snoopscope(`merge ${file}`, { workingDirectory: folder })).stdout;
  const damage: readonly ((document: Record<string, unknown>) => void)[] = [
    (d) => {
      (d.exploration as { random: { outcomes: unknown } }).random.outcomes = null;
    },
    (d) => {
      (d.exploration as { random: { findings: unknown } }).random.findings = [{ finding: 'stale-read' }];
    },
    (d) => {
      (d.exploration as { random: unknown }).random = 5;
    },
    (d) => {
      for (const key of Object.keys(d)) if (key !== 'format') delete d[key];
      d.files = [{ file: 'a', passed: 7 }];
    },
  ];
  for (const [i, spoil] of damage.entries()) {
    const document = JSON.parse(text);
    spoil(document);
    const name = path.join(folder, `damaged-${i}.json`);
    writeFileSync(name, JSON.stringify(document));
    const { exitCode, stdout, stderr } = await snoopscope(`merge ${name}`);
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'cannot be merged: it is not a result of `explore`, `test` or `check`',
    );
    expect([exitCode, stdout]).toEqual([2, '']);
  }
});

test('`all` leaves to the other list what is named there', async () => {
  const stops = JSON.parse(
    (await snoopscope(`explore --stop-on all --ignore stale-read --format json ${race}`)).stdout,
  );
  expect(stops.findings.map(({ finding }: { finding: string }) => finding)).not.toContain('stale-read');
});
