/**
 * Nothing of the model goes unused: every op is used in a scenario, every errno that an op declares is the answer of some
 * call that is run here, and every kernel change is noticed by somebody (docs/mutation.md, tried again row by row).
 *
 * Scenarios are those of the gallery and the small ones beside this file, which only count. Exceptions are named, with
 * their reason; one that is no longer needed fails.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mutationPage, readMutationTable, verifyMutation } from '../../scripts/mutation.mjs';
import {
  CHANGES,
  checkScenario,
  EVENT_WIDTH,
  elaborate,
  type Model,
  NOTE,
  type ParsedScenario,
  type Profile,
  parse,
  parseRecording,
  profileNamed,
  profilesNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { SequenceTranslator } from '../../sim-core/src/interop/recording.ts';
import { DIED, ERRNOS } from '../../sim-core/src/kernel/errno.ts';
import type { OpKind } from '../../sim-core/src/ops/op.ts';
import { OPS, opNamed } from '../../sim-core/src/ops/table.ts';
import type { LineContent } from '../../sim-core/src/scenario/ast.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** `OP ERRNO`, and why no call here has that answer. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};
/** Recordings whose calls count: few and small, since all of them are replayed by test/conformance. */
const RECORDINGS = ['k6.1-intel-snoop-off-cpumax', 'k6.17-intel-snoop-off', 'k7.2-cdev-intel-snoop-off'];

const scenarios = ['scenarios', 'test/coverage'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.snoop'))
    .sort()
    .map((file) => {
      const name = path.join(root, folder, file);
      const includes = (include: string): ParsedScenario =>
        parse(readFileSync(path.resolve(path.dirname(name), include), 'utf8'));
      return { name: path.posix.join(folder, file), parsed: parse(readFileSync(name, 'utf8')), includes };
    }),
);

describe.each(scenarios.filter(({ name }) => name.startsWith('test/')))('$name', ({ parsed, includes }) => {
  it('holds', () => {
    const { diagnostics, kernels } = checkScenario(parsed, { includes });
    expect(diagnostics).toEqual([]);
    expect(kernels.filter((kernel) => kernel.passed !== true).map((kernel) => kernel.profile.name)).toEqual([]);
  });
});

describe('every op', () => {
  const used = new Set(scenarios.flatMap(({ parsed }) => [...opsOf(parsed)]));
  it.each(OPS.map((op) => `${op.kind} ${op.name}`))('%s is used in a scenario', (op) => {
    expect(used.has(op)).toBe(true);
  });
});

describe('every errno that an op declares', () => {
  const seen = new Set<string>();
  for (const { parsed, includes } of scenarios) {
    for (const profile of kernelsToRun(parsed)) {
      const { model } = elaborate(parsed, { profile, includes });
      if (model) for (const answer of answersOf(model)) seen.add(answer);
    }
  }
  for (const name of RECORDINGS) for (const answer of recordedAnswers(name)) seen.add(answer);
  const declared = [...new Set(OPS.flatMap((op) => op.errnos.map((errno) => `${op.name} ${errno.name}`)))];

  it.each(declared)('%s is the answer of a call', (answer) => {
    if (EXCEPTIONS[answer]) expect(seen.has(answer), 'the exception is not needed any more').toBe(false);
    else expect(seen.has(answer)).toBe(true);
  });

  it('has exceptions for what is declared only', () => {
    expect(Object.keys(EXCEPTIONS).filter((answer) => !declared.includes(answer))).toEqual([]);
  });

  // The other way round: nobody answers what its op does not declare, apart from what ioctl says about every request.
  it('and no other is answered', () => {
    const general = opNamed('syscall', 'ioctl')?.errnos.map((errno) => errno.name) ?? [];
    const surprising = [...seen].filter((answer) => {
      const [name, errno] = answer.split(' ') as [string, string];
      // What ioctl returns is its request's answer.
      if (name === 'ioctl') return false;
      // What the model cannot know is taken from the line.
      if (opNamed('ioctl', name)?.answer !== undefined) return false;
      return !declared.includes(answer) && !(opNamed('ioctl', name) && general.includes(errno));
    });
    expect(surprising).toEqual([]);
  });
});

describe('every change', () => {
  const rows = readMutationTable();

  it('has a row in the table (npm run generate -- mutation)', () => {
    expect(rows.map((row) => row.change)).toEqual(CHANGES.map((change) => change.id));
    expect(readFileSync(path.join(root, 'docs/mutation.md'), 'utf8')).toBe(mutationPage(rows));
  });

  it.each(rows.filter((row) => row.nobody === undefined))('$change is noticed', (row) => {
    expect(verifyMutation(row)).toBeUndefined();
  });

  it('that nobody notices has a reason', () => {
    expect(rows.filter((row) => row.nobody === '').map((row) => row.change)).toEqual([]);
  });
});

/** The notations that a block speaks. */
const SPOKEN: Readonly<Record<string, readonly OpKind[]>> = {
  vcpu: ['instruction'],
  device: ['tlp'],
  host: ['host'],
  proc: ['instruction', 'tlp', 'host'],
};

/** Ops that the statements of a file name, as `kind name`. */
function* opsOf({ lines, blocks }: ParsedScenario): Generator<string> {
  for (const block of blocks) {
    const kinds = SPOKEN[block.actor?.kind ?? block.kind] ?? [];
    for (const { content } of lines.slice(block.line, block.endLine + 1)) {
      for (const name of namesOf(content)) yield `${opNamed('syscall', name) ? 'syscall' : 'ioctl'} ${name}`;
      if (content.kind !== 'action') continue;
      for (const kind of kinds) if (opNamed(kind, content.op.text)) yield `${kind} ${content.op.text}`;
    }
  }
}

/** The ops of a system call: its own, and that of the request. */
function namesOf(content: LineContent | undefined): string[] {
  if (content?.kind !== 'syscall') return [];
  const request = content.call.text === 'ioctl' ? content.args[1] : undefined;
  return [content.call.text, ...(request?.kind === 'name' ? [request.name] : [])];
}

/** The kernel of the header, and the first and last of every range. */
function kernelsToRun(parsed: ParsedScenario): Profile[] {
  const contents = parsed.lines.map((line) => line.content);
  const names = contents.flatMap((content) => {
    if (content.kind === 'kernel') return [content.version.text];
    return content.kind === 'condition' ? content.on.flatMap(({ from, to }) => [from?.text, to?.text]) : [];
  });
  const profiles = [...new Set(names)].flatMap((name) => (name && profileNamed(name)) || []);
  return profiles.length > 0 ? profiles : profilesNamed(parsed);
}

/** `KVM_CREATE_DEVICE EBUSY`, for every call of a run that failed. */
function* answersOf(model: Model): Generator<string> {
  const run = new Run(model);
  run.runToEnd();
  for (let at = 0; at < run.events * EVENT_WIDTH; at += EVENT_WIDTH) {
    const value = run.log[at + 3]!;
    if (run.log[at] !== NOTE.done || value >= 0 || value === DIED) continue;
    const node = model.nodes[run.log[at + 2]!];
    const errno = ERRNOS.find((e) => e.value === -value)?.name;
    const content = node && model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
    for (const name of namesOf(content)) yield `${name} ${errno}`;
  }
}

/** The same of a recorded kernel. */
function* recordedAnswers(name: string): Generator<string> {
  const file = path.join(root, `test/conformance/recordings/${name}.jsonl.gz`);
  const { header, sequences } = parseRecording(gunzipSync(readFileSync(file)).toString('utf8'));
  const translator = new SequenceTranslator(header);
  const names = new Map<string, readonly string[]>();
  for (const sequence of sequences) {
    for (const { recorded, steps, main } of translator.sequence(sequence).ops) {
      const text = steps[main]?.text;
      if (recorded.err === undefined || text === undefined) continue;
      if (!names.has(text)) names.set(text, namesOf(parse(`setup {\n${text}\n}\n`).lines[1]?.content));
      for (const op of names.get(text) ?? []) yield `${op} ${recorded.err}`;
    }
  }
}
