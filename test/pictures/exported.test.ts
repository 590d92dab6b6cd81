// Pictures in files: of nothing, of what was cut, and of far too much, in every form a sentence that a viewer shows.
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { snoopscope } from '../cli/command.ts';

const MACHINE = 'machine {\n  cpu intel count=2\n  memory x = 0\n}\n';

function actors(count: number): string {
  const threads = Array.from({ length: count }, (_, i) => `thread t${i} {\n  f${i} = open("/dev/kvm", O_RDWR)\n}\n`);
  return MACHINE + threads.join('');
}

const EMPTY = `${MACHINE}thread qemu {\n}\n`;
const ENDLESS = `${MACHINE}thread qemu {\n  loop {\n    kvm = open("/dev/kvm", O_RDWR)\n    close(kvm)\n  }\n}\n`;

const TOO_LARGE = 'a state of this scenario takes 2521 kB, and all interleavings are explored for at most 32 kB';
const NO_STEPS = 'Nothing has happened yet';
const CUT = 'The run was cut at the limit of 500 micro-steps.';
const OPEN = 'Not every state was seen: the exploration ended after';

/** What a viewer of the form shows, not what is only in its comments. */
const VISIBLE: Readonly<Record<string, (content: string) => string>> = {
  text: (content) => content,
  svg: (content) => (content.match(/<text [^>]*>[^<]*/g) ?? []).map((text) => text.replace(/.*>/, '')).join(' '),
  mermaid: (content) =>
    content
      .split('\n')
      .filter((line) => !line.trim().startsWith('%%'))
      .join('\n')
      .replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))),
  dot: (content) => /^ {2}label="(.*)";$/m.exec(content)?.[1] ?? '',
  perfetto: (content) =>
    JSON.parse(content)
      .traceEvents.filter(({ ph }: { ph: string }) => ph === 'i')
      .map(({ name }: { name: string }) => name)
      .join(' '),
};

const FORMS = Object.keys(VISIBLE);
const RUNS = FORMS.filter((form) => form !== 'dot');
const SPACES = FORMS.filter((form) => form !== 'perfetto');

test.each([
  ...RUNS.map((form) => [`export ${form} --picture timeline`, 'an empty run', EMPTY, 0, NO_STEPS] as const),
  ...RUNS.map(
    (form) => [`export ${form} --picture timeline --max-steps 500`, 'a run that a limit cut', ENDLESS, 3, CUT] as const,
  ),
  ...SPACES.map(
    (form) =>
      [`export ${form} --picture outcomes --max-states 9`, 'a search that a limit cut', actors(3), 3, OPEN] as const,
  ),
  ...SPACES.map(
    (form) => [`export ${form} --picture outcomes`, 'five thousand actors', actors(5000), 3, TOO_LARGE] as const,
  ),
])('%s - of %s says so', async (line, _, stdin, expected, sentence) => {
  const { exitCode, stdout } = await snoopscope(`${line} -`, { stdin });
  const form = line.split(' ')[1] ?? '';
  expect(VISIBLE[form]?.(stdout)).toContain(sentence);
  expect(exitCode).toBe(expected);
});

test('a file of a picture with nothing to draw has its sentence on paper', async () => {
  const { stdout } = await snoopscope('export svg --picture outcomes -', { stdin: actors(200) });
  const { data, info } = await sharp(Buffer.from(stdout))
    .flatten()
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info.height).toBeGreaterThan(40);
  expect(data.filter((value) => value < 64).length).toBeGreaterThan(500);
});

test.each(['timeline', 'topology', 'memory', 'outcomes'])(
  'ten thousand actors, more than a machine can hold: the %s is refused with the reason',
  async (picture) => {
    const { exitCode, stdout, stderr } = await snoopscope(`export svg --picture ${picture} -`, {
      stdin: actors(10_000),
    });
    expect(stdout).toBe('');
    expect(stderr).toContain('The state of this scenario would have more than 1048576 numbers');
    expect(exitCode).toBe(3);
  },
);

test('a text is as wide as its file, in lines', async () => {
  const { stdout } = await snoopscope('export svg --picture outcomes --width 400 -', { stdin: actors(200) });
  const texts = [...stdout.matchAll(/<text [^>]*>([^<]*)/g)].map(([, text = '']) => text);
  expect(texts.length).toBeGreaterThan(4);
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(58);
});

test('an SVG of the topology says once what happened last', async () => {
  const { stdout } = await snoopscope('export svg --picture topology scenarios/wbinvd/local-cpu-not-flushed.snoop');
  const seen = VISIBLE.svg?.(stdout) ?? '';
  expect(seen.match(/MRd x → 0/g)).toHaveLength(1);
  expect(stdout).toContain('Just now: gpu: MRd x → 0');
});
