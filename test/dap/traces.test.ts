// A trace in the debugger: opened without its scenario, at the saved cursor, and held against its rerun.
import { deflateSync, inflateSync } from 'node:zlib';
import type { FileAccessor } from '@snoopscope/debug-adapter';
import {
  decodeTrace,
  EVENT_WIDTH,
  elaborate,
  encodeTrace,
  firstEventOf,
  NOTE,
  parse,
  profileNamed,
  Run,
  type Trace,
  type TraceBranch,
  traceBlock,
  traceOfRun,
} from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { DapClient, repositoryFiles } from './client.ts';

const INCLUDED = 'thread b {\n  open("/dev/kvm", O_RDWR)\n  close(9)\n}\n';
const SCENARIO =
  'kernel v5.11\ninclude "inner/b.snoop"\nmachine {\n  cpu intel\n}\nthread a {\n  close(5)\n  close(6)\n}\n';

function traceAt(cursor: number): Trace {
  const parsed = parse(SCENARIO);
  const included = parse(INCLUDED);
  const includes = () => included;
  const { model } = elaborate(parsed, { profile: profileNamed('v5.11') ?? expect.fail(), includes });
  const run = new Run(model ?? expect.fail());
  run.runToEnd();
  return traceOfRun(run, { writtenBy: 'snoopscope 0.0.1', name: 'gone.snoop', includes, cursor });
}

function clientWith(bytes: Uint8Array): DapClient {
  return new DapClient({ ...repositoryFiles(), readBytes: async () => bytes });
}

function packed(trace: Trace): Uint8Array {
  return encodeTrace(trace, deflateSync(traceBlock(trace)));
}

function complaints({ messages }: DapClient): string[] {
  return messages
    .filter(({ event, body }) => event === 'output' && body.category === 'stderr')
    .map(({ body }) => body.output);
}

test('opens at the saved cursor, without the file of the scenario, and steps both ways', async () => {
  const trace = traceAt(2);
  const client = clientWith(packed(trace));
  await client.launch('somewhere/x.snooptrace');
  const stop = await client.run();
  expect([stop.reason, stop.text]).toEqual(['entry', 'gone.snoop on v5.11, after 2 micro-steps, as saved']);
  expect(await client.request('snoopscope/position')).toMatchObject({
    position: 2,
    steps: trace.header.steps,
    ended: true,
  });
  await client.move('reverseContinue', { threadId: stop.threadId });
  expect(await client.request('snoopscope/position')).toMatchObject({ position: 0, steps: trace.header.steps });
  await client.move('continue', { threadId: stop.threadId });
  expect(complaints(client)).toEqual([]);
});

test('gives the focus to the place where it ends, and not to others that have ended', async () => {
  const client = clientWith(packed(traceAt(traceAt(0).header.steps)));
  await client.launch('x.snooptrace');
  const { threadId } = await client.run();
  // An editor does not go to a frame that is subtle.
  const hint = async (thread: number) =>
    (await client.request('stackTrace', { threadId: thread })).stackFrames[0].presentationHint;
  expect([await hint(threadId), await hint(3 - threadId)]).toEqual([undefined, 'subtle']);
});

test('shows its sources and stops at breakpoints in them', async () => {
  const client = clientWith(packed(traceAt(0)));
  await client.launch('file:///somewhere/x.snooptrace');
  const { sources } = await client.request('loadedSources');
  expect(sources.slice(0, 2)).toMatchObject([
    { name: 'gone.snoop', path: 'gone.snoop', origin: 'the trace x.snooptrace' },
    { name: 'b.snoop', path: 'inner/b.snoop' },
  ]);
  const contents = [];
  for (const source of sources.slice(0, 2))
    contents.push((await client.request('source', { source, sourceReference: source.sourceReference })).content);
  expect(contents).toEqual([SCENARIO, INCLUDED]);
  const { breakpoints } = await client.request('setBreakpoints', { source: sources[1], breakpoints: [{ line: 3 }] });
  expect(breakpoints).toMatchObject([{ verified: true, line: 3 }]);
  const entry = await client.run();
  const stop = await client.move('continue', { threadId: entry.threadId });
  expect(stop.reason).toBe('breakpoint');
  const { stackFrames } = await client.request('stackTrace', { threadId: stop.threadId });
  expect(stackFrames[0]).toMatchObject({ line: 3, source: { name: 'b.snoop' } });
});

test('says where its rerun differs, and shows that where the record makes no sense here', async () => {
  const { header, log } = traceAt(1);
  log[4 * 5 + 1] = 77;
  const client = clientWith(packed({ header, log }));
  await client.launch('x.snooptrace');
  await client.run();
  expect(complaints(client)).toEqual([
    expect.stringMatching(
      /runs it differently than snoopscope 0\.0\.1 did, from event 5 on.*What you see is the rerun: .* snoopscope 0\.0\.1 shows the record\./,
    ),
  ]);
});

describe('a rerun that differs', () => {
  /** The recorded run of another version, in which the calls failed for another reason. */
  function otherwise({ header, log }: Trace): Trace {
    for (let at = 0; at < log.length; at += EVENT_WIDTH)
      if (log[at] === NOTE.done && log[at + 3] === -9) log[at + 3] = -22;
    return { header, log };
  }

  test('leaves the recorded run to be seen, both ways, and to be continued', async () => {
    const recorded = otherwise(traceAt(1));
    const client = clientWith(packed(recorded));
    await client.launch('x.snooptrace');
    const stop = await client.run();
    expect(complaints(client)).toEqual([
      expect.stringMatching(/differently than snoopscope 0\.0\.1 did, .*What you see is the recorded run\./),
    ]);
    const typed = async (expression: string) =>
      (await client.request('evaluate', { expression, context: 'repl' })).result;
    await client.move('continue', { threadId: stop.threadId });
    expect(await typed('trace 30')).toMatch(/EINVAL/);
    expect(await typed('trace 30')).not.toContain('→ -1 EBADF');
    await client.move('reverseContinue', { threadId: stop.threadId });
    expect(await client.request('snoopscope/position')).toMatchObject({ position: 0, steps: recorded.header.steps });
    // Somebody else moves after what was recorded: that is made, and fails as it does in this version.
    await client.move('snoopscope/seek', { position: 1 });
    const { targets } = await client.request('stepInTargets', {
      frameId: (await client.request('stackTrace', { threadId: stop.threadId })).stackFrames[0].id,
    });
    const other = targets.find(({ label }: { label: string }) => !label.includes('recorded'));
    await client.move('stepIn', { threadId: stop.threadId, targetId: other.id });
    await client.move('continue', { threadId: stop.threadId });
    expect(await typed('trace 30')).toMatch(/→ -1 EINVAL.*→ -1 EBADF/s);
    expect(await typed('branches')).toContain('from branch 1 after 1');
  });

  test('names the folder that is missing where it cannot be saved', async () => {
    const client = new DapClient({
      ...repositoryFiles(),
      readBytes: async () => packed(traceAt(1)),
      writeBytes: async () => {
        throw Object.assign(new Error('open'), { code: 'ENOENT' });
      },
    });
    await client.launch('x.snooptrace');
    await client.run();
    await expect(client.request('snoopscope/save', { path: '/gone/a' })).rejects.toThrow(
      '/gone/a.snooptrace cannot be written: its folder does not exist.',
    );
  });

  test('leaves what parts from it to be seen, too', async () => {
    const saved: Uint8Array[] = [];
    const first = new DapClient({
      ...repositoryFiles(),
      readBytes: async () => packed(traceAt(1)),
      writeBytes: async (_, bytes) => void saved.push(bytes),
    });
    await first.launch('x.snooptrace');
    const { threadId } = await first.run();
    const frameId = (await first.request('stackTrace', { threadId })).stackFrames[0].id;
    const { targets } = await first.request('stepInTargets', { frameId });
    const other = targets.find(({ label }: { label: string }) => !label.includes('recorded'));
    await first.move('stepIn', { threadId, targetId: other.id });
    await first.move('continue', { threadId });
    await first.request('snoopscope/save', { path: 'two.snooptrace' });
    const { header, block, withBlock } = decodeTrace(saved[0] ?? expect.fail());
    expect(header.branches).toHaveLength(1);
    const client = clientWith(packed(otherwise(withBlock(inflateSync(block)))));
    await client.launch('x.snooptrace');
    await client.run();
    // Told about the first branch only: the second differs because of it.
    expect(complaints(client)).toEqual([
      expect.stringContaining('Branch 1: This version of Snoopscope runs it differently'),
    ]);
    const typed = async (expression: string) =>
      (await client.request('evaluate', { expression, context: 'repl' })).result;
    expect(await typed('branches')).toContain('2: ');
    expect(await typed('trace 30')).toMatch(/EINVAL/);
    expect(await typed('trace 30')).not.toContain('→ -1 EBADF');
  });
});

test('is refused when it is damaged or told to be another run', async () => {
  const bytes = packed(traceAt(1));
  expect(decodeTrace(bytes).inflatedBytes).toBe(inflateSync(decodeTrace(bytes).block).length);
  const launch = async (content: Uint8Array, more: object = {}): Promise<string | undefined> => {
    const client = clientWith(content);
    await client.initialize();
    const { success, message } = await client.send('launch', { program: 'x.snooptrace', ...more });
    expect(success).toBe(false);
    return message;
  };
  for (let length = 0; length < bytes.length; length += 101)
    expect(await launch(bytes.subarray(0, length))).toMatch(
      /^x\.snooptrace: (The trace is damaged|This is not a trace|The file is empty)/,
    );
  const changed = Uint8Array.from(bytes);
  changed[bytes.length - 9] = changed[bytes.length - 9]! ^ 4;
  expect(await launch(changed)).toContain('The trace is damaged');
  expect(await launch(bytes, { kernel: 'v6.1' })).toContain('`kernel` of the launch configuration is for scenarios');
  expect(await launch(bytes, { schedule: 'a' })).toContain('`schedule`');
});

describe('a session with branches', () => {
  const race = `kernel v5.11
machine {
  cpu intel count=2
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [x], 1
  wbinvd
}
vcpu 1 cpu=1 {
  mov eax, [x]
  mov [x], 3
}
`;
  const saved = new Map<string, Uint8Array>();
  const files: FileAccessor = {
    ...repositoryFiles({ 'races/race.snoop': race }),
    readBytes: async (name) => saved.get(name) ?? expect.fail(name),
    writeBytes: async (name, bytes) => void saved.set(name, bytes),
  };
  const typed = async (client: DapClient, expression: string): Promise<string> =>
    (await client.request('evaluate', { expression, context: 'repl' })).result;

  test('is saved with them, from the console and by a request, and opens where it was', async () => {
    const client = new DapClient(files);
    await client.launch('races/race.snoop');
    const { threadId } = await client.run();
    await client.move('continue', { threadId });
    const atWbinvd = { source: { path: 'races/race.snoop' }, line: 14 };
    const [at] = (await client.request('gotoTargets', atWbinvd)).targets;
    await client.move('goto', { threadId, targetId: at.id });
    // Somebody else moves than did.
    const { targets } = await client.request('stepInTargets', { frameId: 0 });
    const other = targets.find(({ label }: { label: string }) => !label.endsWith('(recorded)')) ?? expect.fail();
    await client.move('stepIn', { threadId, targetId: other.id });
    await client.move('evaluate', { expression: 'set x = 7', context: 'repl' });
    await client.move('continue', { threadId });
    const branches = await typed(client, 'branches');
    expect(branches).toMatch(/^1: .*ended\n2: .* from branch 1 after .*\n3: .* from branch 2 .*by hand \(here\)$/);
    expect(await typed(client, 'save what-if')).toBe('The run and its 3 branches are saved: races/what-if.snooptrace');
    const answer = await client.request('snoopscope/save', { path: 'elsewhere/again.snooptrace' });
    expect(answer).toMatchObject({ path: 'races/elsewhere/again.snooptrace', branches: 3, branch: 3 });

    const again = new DapClient(files);
    await again.launch('races/what-if.snooptrace');
    const stop = await again.run();
    expect(stop.text).toContain('as saved');
    expect(complaints(again)).toEqual([]);
    expect(await typed(again, 'branches')).toBe(branches);
    for (const line of ['trace 200', 'diff branch 1', 'diff branch 2', '[x]'])
      expect([line, await typed(again, line)]).toEqual([line, await typed(client, line)]);
    const position = await again.request('snoopscope/position');
    expect(position).toMatchObject({ branch: 3, branches: 3 });
    // A trace of a trace is the same one.
    await typed(again, 'save copy');
    expect(saved.get('races/copy.snooptrace')).toEqual(saved.get('races/what-if.snooptrace'));
  });

  test('says in which branch its rerun differs', async () => {
    const bytes = saved.get('races/what-if.snooptrace') ?? expect.fail();
    const { block, withBlock } = decodeTrace(bytes);
    const { header, log } = withBlock(inflateSync(block));
    const event = firstEventOf(header, 2) + 1;
    log[event * 4 + 1] = log[event * 4 + 1]! + 1;
    saved.set('changed.snooptrace', packed({ header, log }));
    const client = new DapClient(files);
    await client.launch('changed.snooptrace');
    await client.run();
    expect(complaints(client)).toEqual([expect.stringMatching(/^Branch 2: This version of Snoopscope runs it diff/)]);
  });

  test('with branches that cannot be is refused', async () => {
    const bytes = saved.get('races/what-if.snooptrace') ?? expect.fail();
    const { block, withBlock } = decodeTrace(bytes);
    const { header, log } = withBlock(inflateSync(block));
    const [one, two] = header.branches as [TraceBranch, TraceBranch];
    const made: readonly (readonly [object, string])[] = [
      [{ branch: 4 }, 'opens in a branch that it does not have'],
      [{ branches: [{ ...one, from: 2 }, two] }, 'branch 2 parts from branch 2, which does not come before it'],
      [{ branches: [one, { ...two, after: 100_000 }] }, 'branch 3 parts from branch 2 where that has ended'],
      [{ branches: [{ ...one, cursor: one.steps + 1 }, two] }, 'the cursor of branch 2'],
      [{ branches: [one, { ...two, changes: [7] }] }, '`branches` of its header'],
    ];
    for (const [change, problem] of made) {
      saved.set('made.snooptrace', packed({ header: { ...header, ...change } as Trace['header'], log }));
      const client = new DapClient(files);
      await client.initialize();
      const { success, message } = await client.send('launch', { program: 'made.snooptrace' });
      expect([success, message]).toEqual([false, expect.stringContaining(problem)]);
    }
  });

  test('cannot be saved where nothing can be written, or without a name', async () => {
    const client = new DapClient(repositoryFiles());
    await client.launch('scenarios/wbinvd/local-cpu-not-flushed.snoop');
    await client.run();
    await expect(typed(client, 'save a')).rejects.toThrow('Files cannot be written here');
    expect(await typed(client, 'save')).toContain('Save as what?');
  });
});
