// What the commands print, as a whole. Small scenarios of this folder, and the one scenario that the README shows.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, snoopscope, withoutStatus } from './command.ts';
import { expectGolden } from './golden.ts';

const race = 'test/cli/scenarios/race.snoop';
const broken = 'test/cli/scenarios/declared-result-differs.snoop';
const wbinvd = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const folder = 'test/cli/scenarios';

/** golden → call, its exit code, columns of the terminal where there is one. */
const cases: Readonly<Record<string, readonly [line: string, exitCode: number, columns?: number]>> = {
  'help.txt': ['help', 0],
  'help-check.txt': ['help check', 0],
  'help-narrow.txt': ['help', 0, 40],
  'run-v5.11.txt': [`run --kernel v5.11 ${wbinvd}`, 0],
  'run-v5.12.txt': [`run --kernel v5.12 ${wbinvd}`, 0],
  'run-narrow.txt': [`run --kernel v5.11 ${wbinvd}`, 0, 40],
  'run-wide.txt': [`run --kernel v5.11 ${wbinvd}`, 0, 200],
  'run-resumed.txt': [`run --granularity micro --schedule vcpu1*2,vcpu0 ${race}`, 0],
  'run-unexpected-result.txt': [`run ${broken}`, 1],
  'run-why.txt': [`run --why flushes(cpu0) ${wbinvd}`, 0],
  'run-why.json': [`run --why noncoherent(vm) --format json ${wbinvd}`, 0],
  'run-events.txt': [`run --events ${broken}`, 1],
  'check-wbinvd.txt': [`check ${wbinvd}`, 0],
  'check-race.txt': [`check ${race}`, 1],
  'check-race.json': [`check --format json ${race}`, 1],
  'check-unexpected-result.txt': [`check ${broken}`, 1],
  'help-explore.txt': ['help explore', 0],
  'explore-wbinvd.txt': [`explore ${wbinvd}`, 0],
  'explore-race.txt': [`explore ${race}`, 1],
  'explore-unexpected-result.txt': [`explore ${broken}`, 1],
  'explore-limit.txt': [`explore --max-states 3 ${race}`, 3],
  'bisect-wbinvd.txt': [`bisect ${wbinvd}`, 0],
  'test.txt': [`test ${folder}`, 1],
  'test.tap': [`test --format tap ${folder}`, 1],
  'test.xml': [`test --format junit ${folder}`, 1],
};

test.each(Object.entries(cases))('%s', async (name, [line, exitCode, columns]) => {
  // In a shell the schedule would be one quoted word.
  const words = line.split(' ').map((word) => word.replaceAll(',', ' '));
  const caught = await snoopscope(words, columns === undefined ? {} : { columns });
  expect(withoutStatus(caught.stderr)).toBe('');
  expectGolden(name, caught.stdout);
  expect(caught.exitCode).toBe(exitCode);
});

describe('terminals', () => {
  const call = `run --kernel v5.11 ${wbinvd}`;
  const tooLong = (text: string, columns: number): string[] =>
    text.split('\n').filter((line) => line.length > columns && line.trim().includes(' '));

  test('forty columns are enough; only what cannot be broken is longer', async () => {
    for (const line of [
      call,
      `check ${race}`,
      `explore ${race}`,
      `bisect ${wbinvd}`,
      'help',
      'help run',
      `run ${race}`,
    ]) {
      const { stdout } = await snoopscope(line, { columns: 40 });
      const kept = tooLong(stdout, 40).filter((text) => !/^ *(?:schedule |snoopscope COMMAND)/.test(text));
      expect(kept, line).toEqual([]);
    }
  });

  test('a wide terminal does not make lines that nobody reads', async () => {
    const { stdout } = await snoopscope(call, { columns: 400 });
    expect(tooLong(stdout, 120)).toEqual([]);
  });

  test('colours change nothing but colours', async () => {
    const colours = (await snoopscope(call, { columns: 100, colours: true })).stdout;
    const plain = (await snoopscope(call, { columns: 100 })).stdout;
    expect(colours).toContain('\u001b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours are written.
    expect(colours.replace(/\u001b\[\d+m/g, '')).toBe(plain);
    expect(plain).not.toContain('\u001b');
  });
});

test('a loop that finds the same in each round is reported in time linear in its length', async () => {
  const endless = (await readFile(path.join(root, wbinvd), 'utf8')).replace(
    'r0 = MRd x ns',
    'loop {\n r0 = MRd x ns\n }',
  );
  const { stdout, exitCode } = await snoopscope('run --kernel v5.11 --format json --max-steps 20000 -', {
    stdin: endless,
  });
  expect(exitCode).toBe(3);
  const found = JSON.parse(stdout)
    .trace.flatMap((entry: { happenings: object[] }) => entry.happenings)
    .filter((happening: { finding?: string }) => happening.finding === 'stale-read');
  expect(found.length).toBeGreaterThan(5000);
  expect(found.filter((happening: { why?: object }) => happening.why)).toHaveLength(10);
  expect(found.at(-1).repeats).toBe(found[9].event);
});

describe('the same input gives the same bytes', () => {
  test.each([`run ${wbinvd}`, `check --format json ${wbinvd}`, `export trace ${wbinvd}`, `bisect ${wbinvd}`])(
    '%s',
    async (line) => {
      expect(await snoopscope(line)).toEqual(await snoopscope(line));
    },
  );
});

describe('a printed schedule leads where it says', () => {
  test('the counterexample of a condition', async () => {
    const { stdout } = await snoopscope(`check ${race}`);
    const schedule = /FAILS\s+~exists.*\n(?:\s+An execution ends with .*\n)?\s+(schedule .*)/.exec(stdout)?.[1];
    expect(schedule).toBeDefined();
    const run = await snoopscope(['run', '--schedule', schedule ?? '', race]);
    expect(run.stdout).toMatch(/~exists vcpu1\.eax == 1\n\s+refuted/);
    expect(run.exitCode).toBe(1);
  });

  test('an exported trace names the schedule of its run', async () => {
    const first = JSON.parse((await snoopscope(['export', 'trace', '--schedule', 'vcpu1 vcpu0', race])).stdout);
    const again = JSON.parse((await snoopscope(['export', 'trace', '--schedule', first.schedule, race])).stdout);
    expect(again).toEqual(first);
  });
});

test('an exported trace can be read without us: its events lead from the first state to the last', async () => {
  const trace = JSON.parse((await snoopscope(`export trace --kernel v5.11 ${wbinvd}`)).stdout);
  const state: number[] = [...trace.initial];
  for (const [slot, old, value] of trace.events) {
    if (slot < 0) continue;
    expect(state[slot]).toBe(old);
    state[slot] = value;
  }
  const field = trace.fields.find((f: { name: string }) => f.name === 'gpu.r0');
  expect(state[field.base]).toBe(0);
  const codes = new Set(trace.events.map(([code]: number[]) => code!).filter((code: number) => code < 0));
  expect([...codes].map((code) => trace.happenings[~(code as number)])).toContain('finding');
});

test('bisect says that a limit may hide turns', async () => {
  const text = await snoopscope(`bisect --max-states 3 ${wbinvd}`);
  expect(text.exitCode).toBe(3);
  expect(text.stdout).toContain('Some answers are unknown, so flips may be missing. The limit of 3 states was reached');
  const { complete, limit, turns } = JSON.parse(
    (await snoopscope(`bisect --format json --max-states 3 ${wbinvd}`)).stdout,
  );
  expect({ complete, kind: limit.kind, turns }).toEqual({ complete: false, kind: 'states', turns: [] });
});

test('bisect from a newer kernel to an older one does not call a merged change unmerged', async () => {
  const { stdout } = await snoopscope(`bisect --from v5.12 --to v5.11 ${wbinvd}`);
  expect(stdout).toMatch(/\(since\s+v5\.12,\s+not\s+in\s+v5\.11\)/);
});

test('bisect names the commit, its version and where it is', async () => {
  const { turns } = JSON.parse((await snoopscope(`bisect --format json ${wbinvd}`)).stdout);
  expect(turns[0]).toMatchObject({
    question: 'gpu.r0 == 0',
    from: { kernel: 'v5.11', answer: 'always' },
    to: { kernel: 'v5.12', answer: 'never' },
    revertsAlone: true,
  });
  expect(turns[0].changes).toMatchObject([{ id: 'wbinvd-includes-local-cpu', commit: 'c2162e13d6e2', first: 'v5.12' }]);
});

test('a recorded sequence becomes a scenario that runs', async () => {
  const recording = 'test/conformance/recordings/k6.1-intel-snoop-off.jsonl.gz';
  const list = await snoopscope(`import recording --list ${recording}`);
  const id = list.stdout.split(' ')[0] ?? '';
  const { exitCode, stdout } = await snoopscope(['import', 'recording', '--sequence', id, recording]);
  expect(exitCode).toBe(0);
  const checked = await snoopscope('check -', { stdin: stdout });
  expect(checked.stderr).toBe('');
  expect(checked.exitCode).toBe(0);
});
