// While a long command works, a terminal shows one line that says how far it is. A pipe, a log and a dumb terminal get nothing.
import { describe, expect, test } from 'vitest';
import { type Caught, snoopscope, withoutStatus } from './command.ts';

/** Six vCPUs that store to six words and read them: minutes of exploration. */
const words = [0, 1, 2, 3, 4, 5];
const large = [
  'machine {',
  '  cpu intel count=6',
  ...words.map((i) => `  memory w${i} = 0`),
  '}',
  'setup {',
  '  kvm = open("/dev/kvm", O_RDWR)',
  '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
  ...words.map((i) => `  v${i} = ioctl(vm, KVM_CREATE_VCPU, ${i})`),
  '}',
  ...words.flatMap((i) => [
    `vcpu ${i} cpu=${i} {`,
    ...words.flatMap((w) => [`  mov [w${w}], ${i + 1}`, `  mov eax, [w${w}]`]),
    '}',
  ]),
  'exists [w0] == 99',
  '',
].join('\n');

const SHOWN = '\r\u001b[K\u001b[?7l';
const ERASED = '\r\u001b[K';

/** Calls the command on the large scenario and presses Ctrl-C once the line was shown. */
async function interrupted(line: string, columns = 60): Promise<Caught> {
  const controller = new AbortController();
  return snoopscope(line, {
    stdin: large,
    columns,
    interrupt: controller.signal,
    onWrite: (stream, text) => {
      if (stream === 'stderr' && text.startsWith(SHOWN)) controller.abort();
    },
  });
}

describe.each([
  ['check -', /\d+ states?, frontier \d+, <stdin>/],
  ['check --format json -', /\d+ states?, frontier \d+, <stdin>/],
  ['explore -', /[\d.]+k? states?, .* a second, frontier/],
  ['explore --random 4000000000 -', /[\d.]+[kM]? moves, [\d.]+[kM]? a second, [\d.]+[MG] runs to go/],
  ['bisect -', /v\d\.\d+, exploration 1: \d+ states?/],
])('%s', (line, shown) => {
  test('says how far it is, and leaves no trace', async () => {
    const { stderr } = await interrupted(line, 100);
    expect(stderr).toMatch(shown);
    expect(stderr.endsWith(ERASED)).toBe(true);
    expect(withoutStatus(stderr)).toBe('');
    expect(stderr).not.toContain('\n');
  });
});

test.each([20, 40])('the line is cut to %i columns and does not wrap', async (columns) => {
  const { stderr } = await interrupted('explore -', columns);
  const lines = stderr.split(SHOWN).slice(1);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const [text = '', wrapsAgain] = line.split('\u001b[?7h');
    expect(text.length).toBeLessThan(columns);
    expect(text.endsWith('…')).toBe(true);
    expect(wrapsAgain).toBeDefined();
  }
});

test('the line is erased before anything is printed on either stream', async () => {
  let last = '';
  let printed = 0;
  const controller = new AbortController();
  await snoopscope('check -', {
    stdin: large,
    columns: 80,
    interrupt: controller.signal,
    onWrite: (stream, text) => {
      if (stream === 'stdout') {
        printed++;
        expect(last).not.toContain(SHOWN);
      } else {
        last = text;
        if (text.startsWith(SHOWN)) controller.abort();
      }
    },
  });
  expect(printed).toBeGreaterThan(0);
});

test.each(['check', 'explore', 'bisect'])('%s: no line in a pipe', async (command) => {
  const { stderr } = await snoopscope(`${command} --max-states 50000 -`, { stdin: large });
  expect(stderr).toBe('');
});
