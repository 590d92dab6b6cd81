// Scenarios that no search of all interleavings could get through are refused at once, by name and with a way out.
import { expect, test } from 'vitest';
import { elaborate, explore, type Model, parse, profileNamed } from '../../sim-core/src/index.ts';

function modelOf(lines: readonly string[]): Model {
  const { model, diagnostics } = elaborate(parse(lines.join('\n')), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(diagnostics[0]?.message);
  return model;
}

const setup = ['setup {', 'kvm = open("/dev/kvm", O_RDWR)', '}'];
const several = (count: number, line: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => line(i));

test('a setup that waits for what others would have to do', () => {
  const waiting = ['setup {', 'kvm = open("/dev/kvm", O_RDWR)', 'wait [x] == 1', '}'];
  const result = explore(modelOf(['machine {', 'memory x = 0', '}', ...waiting, 'thread t {', 'f = dup(kvm)', '}']));
  expect(result).toMatchObject({ complete: false, finals: 0, limit: { kind: 'model' } });
  expect(result.limit?.kind === 'model' && result.limit.message).toMatch(/^setup waits .* into a thread$/);
});

test.each([
  [
    'a hundred threads',
    ['machine {', 'memory x = 0', '}', ...setup, ...several(100, (i) => `thread t${i} {\nf${i} = dup(kvm)\n}`)],
    /a state of this scenario takes \d+ kB, .* at most 32 kB.*take runs at random/,
  ],
  [
    'many words that many CPUs may evict',
    [
      'machine {',
      'cpu intel count=8',
      ...several(80, (i) => `memory w${i} = 0`),
      `allow evict ${several(80, (i) => `w${i}`).join(' ')}`,
      '}',
      ...setup,
      'thread t {\nf = dup(kvm)\n}',
    ],
    /^642 different moves are possible .* at most 512: allow less/,
  ],
])('%s', (_, lines, message) => {
  const result = explore(modelOf(lines));
  expect(result).toMatchObject({ complete: false, limit: { kind: 'model' }, states: 1 });
  expect(result.limit?.kind === 'model' && result.limit.message).toMatch(message);
});

test('a setup without an end is a limit, and no verdict', () => {
  const text =
    'machine {\n  cpu intel\n  memory x = 0\n}\nsetup {\n  loop {\n    close(9)\n  }\n}\nthread a {\n  close(9)\n}\nexists [x] == 0';
  const { complete, limit, conditions } = explore(modelOf([text]));
  expect(complete).toBe(false);
  expect(limit?.kind === 'model' && limit.message).toContain('setup did not finish');
  expect(conditions.map(({ holds }) => holds)).toEqual([undefined]);
});
