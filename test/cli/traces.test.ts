// Traces as files: saved, run again, damaged, of other versions, and runs that differ from what was recorded.
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import {
  decodeTrace,
  elaborate,
  encodeTrace,
  NEWEST,
  NOTE,
  parse,
  Run,
  type Trace,
  traceBlock,
  traceOfBranches,
} from '@snoopscope/sim-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-traces-'));
const wbinvd = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
const saved = path.join(folder, 'a.snooptrace');
let bytes: Uint8Array;

beforeAll(async () => {
  const { exitCode } = await snoopscope(['run', '--save', saved, wbinvd]);
  expect(exitCode).toBe(0);
  bytes = readFileSync(saved);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array | string): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}

function unpacked(content: Uint8Array): Trace {
  const { block, withBlock } = decodeTrace(content);
  return withBlock(inflateSync(block));
}

function packed(trace: Trace): Uint8Array {
  return encodeTrace(trace, deflateSync(traceBlock(trace)));
}

/** Messages are wrapped. */
function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** What `run` says about a file that it cannot open. */
async function refusal(content: Uint8Array | string): Promise<string> {
  const { exitCode, stderr } = await snoopscope(['run', file('bad.snooptrace', content)]);
  expect(exitCode).toBe(2);
  return inOneLine(stderr);
}

describe('a saved run', () => {
  test('keeps the name of its scenario when it is saved again', async () => {
    const again = path.join(folder, 'again.snooptrace');
    const { exitCode } = await snoopscope(['run', '--save', again, saved]);
    expect(exitCode).toBe(0);
    expect(unpacked(readFileSync(again)).header.scenario.name).toBe('local-cpu-not-flushed.snoop');
  });

  test('runs again without its scenario, event for event', async () => {
    const scenarios = globSync('scenarios/**/*.snoop', { cwd: root }).sort();
    expect(scenarios.length).toBeGreaterThan(40);
    for (const scenario of scenarios) {
      const first = await snoopscope(['run', '--events', '--save', saved, scenario]);
      const again = await snoopscope(['run', '--events', saved]);
      const afterTitle = (text: string): string => text.slice(text.indexOf('\n\n'));
      expect([scenario, again.exitCode, afterTitle(again.stdout)]).toEqual([
        scenario,
        first.exitCode,
        afterTitle(first.stdout),
      ]);
    }
    writeFileSync(saved, bytes);
  });

  test('of format version 1, which had no branches, opens', async () => {
    const old = path.join(root, 'test/cli/traces/version-1.snooptrace');
    const content = readFileSync(old);
    expect(content.toString('latin1')).toMatch(/^{"snooptrace":1,/);
    expect(unpacked(content).header).toMatchObject({ branches: [], branch: 1 });
    const { stdout, stderr } = await snoopscope(['run', old]);
    // It may be that this version simulates something differently: that is said, then.
    expect(`${stdout}${stderr}`.replace(/\s+/g, ' ')).toMatch(
      /WBINVD forgets the CPU it runs on|runs it differently than/,
    );
  });

  test('is the same file each time', async () => {
    const other = path.join(folder, 'b.snooptrace');
    await snoopscope(['run', '--save', other, wbinvd]);
    expect(readFileSync(other).equals(bytes)).toBe(true);
    await snoopscope(['run', '--save', other, saved]);
    expect(unpacked(readFileSync(other)).log).toEqual(unpacked(bytes).log);
  });

  test('has its schedule and kernel, whatever the scenario says', async () => {
    const scenario = 'scenarios/kvm-vfio/add-races-with-delete.snoop';
    const options = ['--kernel', 'v6.6~file-identity', '--schedule', ''];
    const first = await snoopscope(['run', ...options, '--save', saved, scenario]);
    const again = await snoopscope(['run', saved]);
    expect(again.stdout.split('\n').slice(1)).toEqual(first.stdout.split('\n').slice(1));
    expect(again.stdout).toContain('on v6.6~file-identity');
    writeFileSync(saved, bytes);
  });

  test('holds what it includes and the kernels that snoopscope.json names', async () => {
    const place = path.join(folder, 'included');
    mkdirSync(path.join(place, 'inner'), { recursive: true });
    writeFileSync(path.join(place, 'snoopscope.json'), '{"kernels": {"ours": "v6.6~file-identity"}}');
    writeFileSync(
      path.join(place, 'main.snoop'),
      'kernel ours\ninclude "inner/one.snoop"\nmachine {\n  cpu intel\n}\nthread a {\n  close(5)\n}\n',
    );
    writeFileSync(path.join(place, 'inner/one.snoop'), 'include "two.snoop"\ninclude "../main.snoop"\n');
    writeFileSync(path.join(place, 'inner/two.snoop'), 'thread b {\n  open("/dev/kvm", O_RDWR)\n}\n');
    const first = await snoopscope(`run --save t.snooptrace main.snoop`, { workingDirectory: place });
    expect([first.exitCode, first.stderr]).toEqual([0, '']);
    const elsewhere = file('elsewhere.snooptrace', readFileSync(path.join(place, 't.snooptrace')));
    rmSync(place, { recursive: true });
    const again = await snoopscope(['run', elsewhere]);
    expect([again.exitCode, again.stderr]).toEqual([0, '']);
    expect(again.stdout).toContain('on ours');
    expect(again.stdout.split('\n').slice(1)).toEqual(first.stdout.split('\n').slice(1));
  });

  test('may have more moves than a schedule line may have characters, and may have met a limit', async () => {
    const loop = (name: string): string => `thread ${name} {\n  loop {\n    close(5)\n  }\n}\n`;
    const scenario = file(
      'loops.snoop',
      `machine {\n  cpu intel\n}\n${loop('a_rather_long_name')}${loop('another_long_name')}schedule ${'a_rather_long_name another_long_name '.repeat(400)}\n`,
    );
    const first = await snoopscope(['run', '--max-steps', '2000', '--save', saved, scenario]);
    expect(first.exitCode).toBe(3);
    const again = await snoopscope(['run', saved]);
    expect(again.exitCode).toBe(3);
    expect(unpacked(readFileSync(saved)).header).toMatchObject({ steps: 2000, end: 'limit' });
    writeFileSync(saved, bytes);
  });

  test('is exported as the run of its scenario is', async () => {
    const [own, ofTrace] = await Promise.all([
      snoopscope(['export', 'trace', wbinvd]),
      snoopscope(['export', 'trace', saved]),
    ]);
    const events = (text: string): unknown => JSON.parse(text).events;
    expect(events(ofTrace.stdout)).toEqual(events(own.stdout));
  });
});

describe('a file is refused', () => {
  test('wherever it was cut off', async () => {
    for (let length = 1; length < bytes.length; length += 37) {
      expect(await refusal(bytes.subarray(0, length))).toMatch(/\[unusable-trace\]/);
    }
    expect(await refusal('')).toContain('The file is empty');
  });

  test('whichever byte of it was changed', async () => {
    for (let at = 0; at < bytes.length; at += 23) {
      const changed = Uint8Array.from(bytes);
      changed[at] = changed[at]! ^ 0x11;
      expect([at, await refusal(changed)]).toEqual([at, expect.stringMatching(/\[unusable-trace\]/)]);
    }
  });

  test('with something after its end', async () => {
    expect(await refusal(Buffer.concat([bytes, Buffer.from('\n')]))).toContain('1 byte is too many');
  });

  test('without its last byte', async () => {
    expect(await refusal(bytes.subarray(0, -1))).toContain('1 byte is missing');
  });

  test('of another format version, before anything else is looked at', async () => {
    const text = Buffer.from(bytes).toString('latin1');
    const newer = text.replace('{"snooptrace":2,"digest"', '{"snooptrace":27,"sum"');
    expect(await refusal(Buffer.from(newer, 'latin1'))).toMatch(
      /format version 27, .* reads 1 to 2\. Update Snoopscope/,
    );
    const older = text.replace('{"snooptrace":2,', '{"snooptrace":0,');
    expect(await refusal(Buffer.from(older, 'latin1'))).toMatch(/format version 0, .*Save it again/);
  });

  test.each([
    ['a scenario', 'machine {\n}\n'],
    ['JSON', '{"format": 3}'],
    ['gzip', new Uint8Array([0x1f, 0x8b, 8, 0])],
  ])('that is %s', async (_, content) => {
    expect(await refusal(content)).toContain('This is not a trace');
  });

  test('that would unpack to more than its header says', async () => {
    const { header } = unpacked(bytes);
    const bomb = encodeTrace({ header, log: new Int32Array(header.events * 4) }, deflateSync(Buffer.alloc(1 << 26)));
    expect(await refusal(bomb)).toContain('its block of events does not unpack');
  });

  test('with a header that was made up', async () => {
    const { header, log } = unpacked(bytes);
    const made = (change: object): Uint8Array => packed({ header: { ...header, ...change } as Trace['header'], log });
    expect(await refusal(made({ cursor: -1 }))).toContain('`cursor` of its header is missing or is not a whole number');
    expect(await refusal(made({ cursor: header.steps + 1 }))).toContain('its cursor is after its last step');
    expect(await refusal(made({ includes: [{}] }))).toContain('`includes` of its header');
    expect(await refusal(made({ schedule: 'nobody*3' }))).toContain('the move `nobody`');
    const kernel = { ...header.kernel, changes: ['from-the-future'] };
    expect(await refusal(made({ kernel }))).toContain('the change `from-the-future`');
    expect(await refusal(made({ kernel: { ...header.kernel, version: 'v99.1' } }))).toContain('`v99.1`');
    expect(await refusal(made({ scenario: { name: 'a', text: 'nonsense' } }))).toBeTruthy();
  });

  test('by what reads scenarios', async () => {
    const { exitCode, stderr } = await snoopscope(['check', saved]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[is-a-trace]');
  });

  test('with options that would make another run of it', async () => {
    const { exitCode, stderr } = await snoopscope(['run', '--kernel', 'v6.1', saved]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--kernel is for scenarios');
  });

  test('as the name to save to', async () => {
    const { exitCode, stderr } = await snoopscope(['run', '--save', path.join(folder, 'a.snoop'), wbinvd]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('ends in .snooptrace');
    const nowhere = await snoopscope(['run', '--save', path.join(folder, 'none/a.snooptrace'), wbinvd]);
    expect(nowhere.exitCode).toBe(2);
    expect(nowhere.stderr).toContain('The trace cannot be written');
  });
});

describe('a rerun that differs', () => {
  test('names the first event that does, with both sides', async () => {
    const { header, log } = unpacked(bytes);
    const other = log.slice();
    const event = Math.trunc(header.events / 2);
    other[event * 4 + 2] = other[event * 4 + 2]! + 1;
    const { exitCode, stderr } = await snoopscope(['run', file('c.snooptrace', packed({ header, log: other }))]);
    expect(exitCode).toBe(1);
    expect(inOneLine(stderr)).toMatch(
      new RegExp(
        `differently than snoopscope \\S+ did, from event ${event} on, in step \\d+, .*: the trace has .*, the rerun .*\\[trace-differs\\]`,
      ),
    );
  });

  test('prints the recorded run where this version can read its events', async () => {
    const { header, log } = unpacked(bytes);
    const other = log.slice();
    const done = Array.from({ length: header.events }, (_, event) => event * 4).find(
      (at) => other[at] === NOTE.done && other[at + 3] === 0,
    );
    other[done! + 3] = -95;
    const place = file('r.snooptrace', packed({ header, log: other }));
    const { exitCode, stdout, stderr } = await snoopscope(['run', place]);
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('EOPNOTSUPP')]);
    expect(inOneLine(stderr)).toMatch(/differently than .* What is shown is the recorded run\. \[trace-differs\]/);
    const again = await snoopscope(['run', file('s.snooptrace', bytes)]);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.not.stringContaining('EOPNOTSUPP')]);
  });

  test.each([
    ['shorter', -1],
    ['longer', 1],
  ])('also where the recorded run is %s', async (_, more) => {
    const { header, log } = unpacked(bytes);
    const events = header.events + more;
    const other = new Int32Array(events * 4);
    other.set(log.subarray(0, events * 4));
    const place = file('d.snooptrace', packed({ header: { ...header, events }, log: other }));
    const { exitCode, stderr } = await snoopscope(['run', place]);
    expect(exitCode).toBe(1);
    expect(inOneLine(stderr)).toContain('nothing more');
  });
});

describe('a trace with branches', () => {
  const place = path.join(folder, 'branches.snooptrace');

  beforeAll(() => {
    const parsed = parse(
      'machine {\n  cpu intel\n  memory x = 0\n}\nthread a {\n  close(5)\n  close(6)\n}\nthread b {\n  close(7)\n}\n',
    );
    const { model } = elaborate(parsed, { profile: NEWEST });
    if (!model) return expect.fail();
    const [first, second] = [new Run(model, { schedule: [] }), new Run(model, { schedule: [] })];
    first.runToEnd();
    const [dram] = model.layout.fields.filter(({ name }) => name === 'dram').map(({ base }) => base);
    second.edit([{ slot: dram ?? expect.fail(), value: 7 }]);
    second.advanceActor(1);
    const trace = traceOfBranches(
      [
        { run: first, cursor: 1 },
        { run: second, cursor: 1, parting: { from: 1, after: 0 } },
      ],
      { writtenBy: 'snoopscope 0.0.1', name: 'a.snoop', includes: () => undefined, branch: 2 },
    );
    writeFileSync(place, packed(trace));
  });

  test('runs in the one that was saved last, or in any other', async () => {
    const own = await snoopscope(['run', place]);
    expect([own.exitCode, own.stderr]).toEqual([
      0,
      expect.stringMatching(/has 2 branches, and this is branch 2: --branch N takes another/),
    ]);
    expect(own.stdout).toMatch(/changed in the debugger\n +dram\[x\]: 0 → 7\n/);
    expect(own.stdout).toContain('before its end.');
    const first = await snoopscope(['run', '--branch', '1', place]);
    expect([first.exitCode, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toContain('every actor has finished');
    const document = await snoopscope(['export', 'trace', '--format', 'json', place]);
    expect(JSON.parse(document.stdout)).toMatchObject({ schedule: null, end: { kind: 'open' } });
  });

  test('is compared branch by branch', async () => {
    const { exitCode, stdout } = await snoopscope(['diff', '--branch', '1', '--branch-b', '2', place]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/B: changed in the debugger/);
    expect(stdout).toContain('[x]: 0 in DRAM in A, 7 in DRAM in B');
  });

  test('does not have any other branch, and a scenario has none', async () => {
    const none = await snoopscope(['run', '--branch', '3', place]);
    expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining('[no-such-branch]')]);
    const scenario = await snoopscope(['run', '--branch', '1', wbinvd]);
    expect([scenario.exitCode, scenario.stderr]).toEqual([2, expect.stringContaining('--branch is for traces')]);
    const again = await snoopscope(['run', '--save', path.join(folder, 'again.snooptrace'), place]);
    expect([again.exitCode, inOneLine(again.stderr)]).toEqual([2, expect.stringContaining('set by hand')]);
  });
});

describe('diff', () => {
  test('names the statement and the event where two kernels part, and what came of it', async () => {
    const { exitCode, stdout } = await snoopscope(['diff', '--kernel', 'v5.11', '--kernel-b', 'v5.12', wbinvd]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /A: vcpu0, line 36: wbinvd\n +smp_call_function_many\n +B: vcpu0, line 36: wbinvd\n +on_each_/,
    );
    expect(stdout).toContain('gpu.r0: 0 in A, 1 in B');
    // That a condition is not for a kernel does not make the runs differ.
    expect(stdout).not.toMatch(/stale-read: /);
    expect(stdout).toMatch(/Findings of one run only\n +A: stale-read\n +B: none/);
  });

  test('finds a trace and its scenario the same, on either side', async () => {
    for (const pair of [
      [saved, wbinvd],
      [wbinvd, saved],
      [saved, saved],
    ]) {
      const { exitCode, stdout } = await snoopscope(['diff', ...pair]);
      expect([exitCode, stdout.includes('The runs are the same.')]).toEqual([0, true]);
    }
  });

  test('gives options to the scenario beside a trace, and refuses them for two traces', async () => {
    expect((await snoopscope(['diff', '--kernel', 'v5.12', wbinvd, saved])).exitCode).toBe(1);
    expect((await snoopscope(['diff', '--kernel-b', 'v5.12', saved, wbinvd])).exitCode).toBe(1);
    for (const option of ['--kernel', '--kernel-b']) {
      const { exitCode, stderr } = await snoopscope(['diff', option, 'v5.12', saved, saved]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${option} is for scenarios`)]);
    }
  });

  test('is a document for programs', async () => {
    const call = ['diff', '--format', 'json', '--kernel-b', 'v5.12', wbinvd];
    const { exitCode, stdout } = await snoopscope(call);
    const { same, a, b, parting, values } = JSON.parse(stdout);
    expect([exitCode, same, a.kernel, b.kernel]).toEqual([1, false, 'v5.11', 'v5.12']);
    expect([a.onlyFindings, b.onlyFindings]).toEqual([['stale-read'], []]);
    expect(parting.a).toMatchObject({ actor: 'vcpu0', line: 36, text: 'wbinvd', happening: 'smp_call_function_many' });
    expect(values).toContainEqual({ name: 'gpu.r0', a: '0', b: '1' });
  });

  test('of what cannot be read exits with 2', async () => {
    expect((await snoopscope(['diff', wbinvd, 'none.snoop'])).exitCode).toBe(2);
  });
});
