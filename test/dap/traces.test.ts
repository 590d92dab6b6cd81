// A trace in the debugger: opened without its scenario, at the saved cursor, and held against its rerun.
import { deflateSync, inflateSync } from 'node:zlib';
import {
  decodeTrace,
  elaborate,
  encodeTrace,
  parse,
  profileNamed,
  Run,
  type Trace,
  traceBlock,
  traceOfRun,
} from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
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

test('says where its rerun differs', async () => {
  const { header, log } = traceAt(1);
  log[4 * 5 + 1] = 77;
  const client = clientWith(packed({ header, log }));
  await client.launch('x.snooptrace');
  await client.run();
  expect(complaints(client)).toEqual([
    expect.stringMatching(/runs it differently than snoopscope 0\.0\.1 did, from event 5 on/),
  ]);
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
  changed[bytes.length - 9] = (changed[bytes.length - 9] as number) ^ 4;
  expect(await launch(changed)).toContain('The trace is damaged');
  expect(await launch(bytes, { kernel: 'v6.1' })).toContain('`kernel` of the launch configuration is for scenarios');
  expect(await launch(bytes, { schedule: 'a' })).toContain('`schedule`');
});
