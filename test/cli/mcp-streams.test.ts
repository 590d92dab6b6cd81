// `snoopscope mcp` line by line: what a client that is not the SDK's gets for what it writes.
import { PassThrough } from 'node:stream';
import { COMMANDS, main } from '@snoopscope/cli';
import { serveMcp } from '@snoopscope/cli/mcp';
import { StandardStreams } from '@snoopscope/cli/mcp/standard-streams';
import { expect, test } from 'vitest';
import { root } from './command.ts';

const initialize = request(1, 'initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
});

function request(id: number, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** The answers to some lines that a client writes at once, before it ends the stream. */
async function answers(...lines: readonly string[]): Promise<{ id: unknown; result?: object; error?: object }[]> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const served = serveMcp(
    { commands: COMMANDS, main },
    root,
    new AbortController().signal,
    new StandardStreams(input, output),
  );
  input.end(lines.map((line) => `${line}\n`).join(''));
  await served;
  output.end();
  const text = (await output.toArray()).join('');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('what was asked before the stream ended is answered', async () => {
  const call = request(2, 'tools/call', { name: 'kernels', arguments: { kernel: 'v5.12' } });
  const [, answer] = await answers(initialize, call);
  expect(answer).toMatchObject({ id: 2, result: { content: [{ type: 'text' }, { text: 'Exit code 0: success.' }] } });
});

test('a line that is not a message is answered with an error, and the server lives on', async () => {
  const all = await answers('{ not JSON', '{"jsonrpc": "2.0"}', initialize, request(3, 'tools/list', {}));
  expect(all).toMatchObject([
    { id: null, error: { code: -32700, message: expect.stringMatching(/^Parse error: the line is not JSON\./) } },
    { id: null, error: { code: -32600, message: 'Invalid request: the line is not a message of JSON-RPC 2.0.' } },
    { id: 1 },
    { id: 3 },
  ]);
});

test.each([
  [{}, 'The call of a tool needs its `name`, a string.'],
  [{ name: 'check', arguments: [] }, '`arguments` must be an object.'],
])('a call with %o says what it lacks', async (params, message) => {
  const all = await answers(initialize, request(2, 'tools/call', params));
  const answer = all.find(({ id }) => id === 2);
  expect(answer).toMatchObject({ id: 2, error: { code: -32602, message } });
});
