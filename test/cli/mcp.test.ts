// `snoopscope mcp` as assistants use it: the SDK's own client, over a pipe in memory.
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { COMMANDS, main } from '@snoopscope/cli';
import { serveMcp } from '@snoopscope/cli/mcp';
import { CHANGES, ERRNOS, FACTS, LANGUAGE_WORDS, MONITORS, OPS, PROFILES } from '@snoopscope/sim-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

let client: Client;
const stop = new AbortController();
let served: Promise<void>;

beforeEach(async () => {
  const [near, far] = InMemoryTransport.createLinkedPair();
  served = serveMcp({ commands: COMMANDS, main }, root, stop.signal, far);
  client = new Client({ name: 'test', version: '1' });
  await client.connect(near);
});

afterEach(async () => {
  await client.close();
  await served;
});

async function call(name: string, input: Record<string, unknown>, signal?: AbortSignal): Promise<CallToolResult> {
  return (await client.callTool({ name, arguments: input }, undefined, {
    ...(signal && { signal }),
  })) as CallToolResult;
}

function textOf({ content }: CallToolResult): string {
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

const scenario = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const oneStore = `scenario "One store"
machine {
  cpu intel count=1
  memory x = 0
}
vcpu 0 {
  mov [x], 1
}
`;

test('eight tools, each with a schema and none that writes', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    'check',
    'run',
    'explore',
    'bisect',
    'report',
    'import',
    'kernels',
    'reference',
  ]);
  for (const { description, inputSchema, annotations } of tools) {
    expect(description).toMatch(/\.$/);
    expect(annotations).toMatchObject({ readOnlyHint: true, openWorldHint: false });
    for (const property of Object.values(inputSchema.properties ?? {})) expect(property).toHaveProperty('description');
    expect(Object.keys(inputSchema.properties ?? {})).not.toContain('checkpoint');
  }
  expect(client.getInstructions()).toContain('reference');
});

test.each([
  ['check', { file: scenario, kernel: 'v5.11' }, `check --kernel v5.11 ${scenario}`],
  ['run', { file: scenario, kernel: 'v5.11' }, `run --kernel v5.11 ${scenario}`],
  ['bisect', { file: scenario }, `bisect ${scenario}`],
  ['kernels', { kernel: 'v5.12' }, 'kernels v5.12'],
  ['kernels', { like: '6.8.0-45-generic' }, 'kernels --like 6.8.0-45-generic'],
])('%s %o answers what the command prints', async (name, input, line) => {
  const { exitCode, stdout } = await snoopscope(line);
  expect(textOf(await call(name, input))).toBe(`${stdout.trimEnd()}\nExit code ${exitCode}: success.`);
});

test('a scenario is given as text too, and as JSON the document of the command comes back', async () => {
  const answer = await call('explore', { scenario: oneStore, format: 'json' });
  const { stdout } = await snoopscope('explore --format json -', { stdin: oneStore });
  const { cost, ...document } = JSON.parse(stdout);
  expect(JSON.parse(textOf(answer))).toEqual({
    ...document,
    cost: expect.objectContaining({ bytesPerState: cost.bytesPerState }),
  });
  expect(answer.structuredContent).toMatchObject({ exitCode: 0, document: { complete: true, finals: 1 } });
});

test('what is wrong with the input is said, and the server lives on', async () => {
  const wrong = [
    ['check', {}, 'Give either `scenario`, the text, or `file`, a path.'],
    ['check', { file: scenario, scenario: oneStore }, 'Give either `scenario`, the text, or `file`, a path.'],
    ['check', { fille: scenario }, 'Did you mean `file`?'],
    ['check', { file: 7 }, '`file` must be a string.'],
    ['check', { file: 'missing.snoop' }, 'No such file.'],
    ['check', { file: '--help' }, '--help'],
    ['check', { scenario: 'vcpu 0 {' }, 'Exit code 2'],
    ['check', { file: scenario, kernel: 'v2.6' }, 'v2.6'],
    ['check', { file: scenario, 'max-states': -1 }, '`max-states` must be a whole number, 0 or more.'],
    ['explore', { file: scenario, seed: 3 }, '--seed needs --random'],
    ['check', { file: scenario, witness: 'yes' }, '`witness` must be true or false.'],
    ['check', { file: scenario, format: 'xml' }, '`format` must be one of text, json.'],
    ['report', {}, 'The argument `files` is missing: Paths of logs'],
    ['report', { files: [] }, '`files` must be an array of one or more strings.'],
    ['reference', { name: 'KVM_SET_DEVICE_ATR' }, 'Did you mean `KVM_SET_DEVICE_ATTR`?'],
    ['reference', { name: 'wbinvd', kernel: 'v2.6' }, 'is not a kernel'],
  ] as const;
  for (const [name, input, said] of wrong) {
    const answer = await call(name, input);
    expect(answer, `${name} ${JSON.stringify(input)}`).toMatchObject({ isError: true });
    expect(textOf(answer)).toContain(said);
  }
  await expect(client.callTool({ name: 'chek' })).rejects.toThrow('Did you mean `check`?');
  expect((await call('check', { file: scenario, kernel: 'v5.11' })).isError).toBeFalsy();
});

test('a failed condition and a limit are answers', async () => {
  const failing = await call('check', { file: path.join(root, scenario), 'max-states': 1 });
  expect(failing.isError).toBeFalsy();
  expect(textOf(failing)).toContain('Exit code 3: a limit was reached before the answer was known.');
});

test('a cancelled call ends its exploration', async () => {
  const cancel = new AbortController();
  const endless = call(
    'explore',
    { file: 'scenarios/races/add-against-wbinvd.snoop', random: 4_000_000_000 },
    cancel.signal,
  );
  cancel.abort('enough');
  await expect(endless).rejects.toThrow('enough');
});

test('the reference knows every word', async () => {
  const names = [
    ...OPS.map(({ name }) => name),
    ...ERRNOS.map(({ name }) => name),
    ...FACTS.map(({ name }) => name),
    ...MONITORS.map(({ finding }) => finding),
    ...LANGUAGE_WORDS.map(({ word }) => word),
    ...PROFILES.map(({ name }) => name),
    ...CHANGES.map(({ id }) => id),
  ];
  const unknown: string[] = [];
  for (const name of names) if ((await call('reference', { name })).isError) unknown.push(name);
  expect(unknown).toEqual([]);
  expect(textOf(await call('reference', {}))).toContain('# The scenario language');
});
