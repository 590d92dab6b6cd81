// With --format json stdout holds one document and nothing else, whatever happens.
import { expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const race = 'test/cli/scenarios/race.snoop';

test.each([
  [`run ${race}`, 0],
  [`run --events ${race}`, 0],
  [`run --max-steps 5 ${race}`, 3],
  [`check ${race}`, 1],
  [`check ${race} missing.snoop`, 2],
  [`check --max-states 3 ${race}`, 3],
  [`explore ${race}`, 1],
  [`explore --estimate ${race}`, 0],
  [`explore --max-states 3 ${race}`, 3],
  [`explore --random 200 --pct 2 ${race}`, 1],
  ['explore missing.snoop', 2],
  [`explore --stop-on nonsense ${race}`, 2],
  [`explore --without nonsense ${race}`, 2],
  [`explore --seed 3 ${race}`, 2],
  [`explore --random 9 --shard 3/2 ${race}`, 2],
  ['merge package.json', 2],
  [`bisect ${race}`, 0],
  ['test test/cli/scenarios', 1],
  ['test missing', 2],
  ['kernels', 0],
  ['kernels v5.12', 0],
  ['kernels v5.99', 2],
  ['run missing.snoop', 2],
  ['run --nonsense a.snoop', 2],
  ['run', 2],
  [`run --kernel nonsense ${race}`, 2],
  [`run --schedule nonsense ${race}`, 2],
  ['import strace a', 2],
  ['import recording package.json', 2],
  ['export svg a', 2],
  ['export promela a', 2],
  ...['svg', 'mermaid', 'dot', 'perfetto'].map((form) => [`export ${form} ${race}`, 0] as const),
  [`export text --picture memory ${race}`, 0],
  [`export trace ${race}`, 0],
  ['nonsense', 2],
] as const)('%s', async (line, exitCode) => {
  const caught = await snoopscope(`${line} --format json`);
  const document = JSON.parse(caught.stdout);
  expect(document).toBeTypeOf('object');
  expect(caught.stderr).toBe('');
  expect(caught.exitCode).toBe(exitCode);
});

test('a picture in a form that is not JSON is in its document', async () => {
  const { stdout } = await snoopscope(`export dot --kernel v6.12 --format json ${race}`);
  const { kind, picture, kernel, content } = JSON.parse(stdout);
  expect([kind, picture, kernel]).toEqual(['dot', 'topology', 'v6.12']);
  expect(`${content}\n`).toBe((await snoopscope(`export dot --kernel v6.12 ${race}`)).stdout);
});

test('an error has a code, a message, the file and the places in it', async () => {
  const { stdout } = await snoopscope('run --format json -', {
    stdin: 'setup {\n  kvm = opn("/dev/kvm", O_RDWR)\n}\n',
  });
  expect(JSON.parse(stdout)).toMatchObject({
    error: {
      code: 'broken-scenario',
      file: '<stdin>',
      diagnostics: [{ code: 'unknown-call', severity: 'error', line: 2, column: 9, endColumn: 12 }],
    },
  });
});

test('one broken file among several is an error of its own; the others are judged', async () => {
  const { stdout } = await snoopscope(`check --format json missing.snoop ${race}`);
  const { passed, files } = JSON.parse(stdout);
  expect(passed).toBe(false);
  expect(files[0]).toMatchObject({ file: 'missing.snoop', passed: false, error: { code: 'unreadable-file' } });
  expect(files[1].kernels[0].conditions).toHaveLength(4);
});

test('a run tells what happened, why, and how it ended', async () => {
  const { stdout } = await snoopscope('run --format json --kernel v5.11 scenarios/wbinvd/local-cpu-not-flushed.snoop');
  const { kernel, trace, values, findings, end } = JSON.parse(stdout);
  expect(kernel).toBe('v5.11');
  expect(values).toMatchObject({ 'gpu.r0': 0, '[x]': 1 });
  expect(findings).toMatchObject([
    { finding: 'stale-read', text: 'stale-read: gpu read an old value of x', actor: 'gpu', line: 42, occurrences: 1 },
  ]);
  expect(findings[0].modelFinding).toBe(false);
  expect(end).toMatchObject({ kind: 'completed' });
  const finding = trace
    .flatMap((entry: { happenings: object[] }) => entry.happenings)
    .find((h: { finding?: string }) => h.finding);
  expect(finding.why.length).toBeGreaterThan(3);
  expect(findings[0].why).toEqual(finding.why);
  expect(findings[0].event).toBe(finding.event);
  const [from, to] = trace.find((entry: { happenings: object[] }) => entry.happenings.includes(finding)).steps;
  expect(findings[0].step).toBeGreaterThanOrEqual(from);
  expect(findings[0].step).toBeLessThan(to);
  for (const link of finding.why) expect(link.sources.length, link.text).toBeGreaterThan(0);
});

test('a finding that a statement makes again and again is one finding of a run', async () => {
  const stdin = [
    'setup {\n  container = open("/dev/vfio/vfio", O_RDWR)\n}',
    'thread qemu {\n  repeat 3 {\n    ioctl(container, VFIO_GET_API_VERSION, 0) = 99\n  }\n}\n',
  ].join('\n');
  const { stdout } = await snoopscope('run --format json -', { stdin });
  expect(JSON.parse(stdout).findings).toMatchObject([
    { finding: 'unexpected-result', actor: 'qemu', line: 6, occurrences: 3 },
  ]);
});

test('a deadlock is placed at those who wait, as explore places it', async () => {
  const file = 'scenarios/kvm-vfio/release-and-open-take-locks-crosswise.snoop';
  const explored = await snoopscope(`explore --format json --granularity micro ${file}`);
  const found = JSON.parse(explored.stdout).findings.find((one: { finding: string }) => one.finding === 'deadlock');
  const { stdout } = await snoopscope(`run --format json ${file}`);
  const { text, actor, line } = JSON.parse(stdout).findings[0];
  expect({ text, actor, line }).toEqual({ text: found.text, actor: found.actor, line: found.line });
});
