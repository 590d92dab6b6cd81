// Kernels that the workspace names in snoopscope.json, in the language server.
import { expect, test } from 'vitest';
import { connected } from './client.ts';

const URI = 'file:///workspace/sub/a.snoop';
const FILE = 'file:///workspace/snoopscope.json';
const TEXT =
  'kernel ours\nmachine {\n  cpu intel\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\nexists kvm > 0 on ours\n';

function server(text: string | undefined): { files: Record<string, string>; client: ReturnType<typeof connected> } {
  const files: Record<string, string> = text === undefined ? {} : { [FILE]: text };
  return { files, client: connected({ readFile: async (uri) => files[uri] }) };
}

test('a name of the file nearest above a document is a kernel there', async () => {
  const { client } = server('{"kernels": {"ours": "v5.14~wbinvd-includes-local-cpu"}}');
  await client.initialize();
  await client.open(URI, TEXT);
  expect(await client.diagnostics(URI, ({ diagnostics }) => diagnostics.length === 0)).toEqual([]);
  const hover = await client.at<{ contents: { value: string } }>('hover', URI, { line: 0, column: 8 });
  expect(hover.contents.value).toContain('ours is v5.14~wbinvd-includes-local-cpu, as snoopscope.json names it.');
  expect(hover.contents.value).toContain('Without *KVM: X86: Fix missing local pCPU');
  const offers = await client.at<{ label: string }[]>('completion', URI, { line: 0, column: 7 });
  expect(offers.map(({ label }) => label)).toContain('ours');
});

test('a change of the file changes what documents mean', async () => {
  const { client, files } = server(undefined);
  await client.initialize();
  await client.open(URI, TEXT);
  const unknown = await client.diagnostics(URI, ({ diagnostics }) => diagnostics.length > 0);
  expect(unknown.map(({ code }) => code)).toEqual(['unknown-kernel', 'unknown-kernel']);
  files[FILE] = '{"kernels": {"ours": "6.8.0-45-generic"}}';
  await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: FILE, type: 1 }] });
  const near = await client.diagnostics(URI, ({ diagnostics }) =>
    diagnostics.some(({ code }) => code === 'nearest-kernel'),
  );
  expect(near.map(({ code }) => code)).toEqual(['nearest-kernel', 'nearest-kernel']);
});

test('what is wrong in the file is said once', async () => {
  const { client } = server('{"kernels": {"ours": "v6.66"}}');
  await client.initialize();
  await client.open(URI, TEXT);
  expect(await client.message(/snoopscope\.json/)).toContain('`kernels.ours`: There is no kernel `v6.66`');
});

test('what is wrong in the file is a diagnostic in it, until it is put right', async () => {
  const { client, files } = server('{\n  "kernels": {\n    "good": "v6.1",\n    "ours": "v6.66"\n  }\n}\n');
  await client.initialize();
  await client.open(URI, TEXT);
  const [problem] = await client.diagnostics(FILE, ({ diagnostics }) => diagnostics.length > 0);
  expect(problem).toMatchObject({
    severity: 1,
    range: { start: { line: 3, character: 4 }, end: { line: 3, character: 10 } },
  });
  expect(problem?.message).toContain('`kernels.ours`: There is no kernel `v6.66`');
  files[FILE] = '{"kernels": {"ours": "v6.6"}}';
  await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: FILE, type: 2 }] });
  expect(await client.diagnostics(FILE, ({ diagnostics }) => diagnostics.length === 0)).toEqual([]);
});

test('a file that is not JSON is marked as a whole', async () => {
  const { client } = server('{"kernels": {\n');
  await client.initialize();
  await client.open(URI, TEXT);
  const [problem] = await client.diagnostics(FILE, ({ diagnostics }) => diagnostics.length > 0);
  expect(problem?.message).toMatch(/^It is not JSON: /);
  expect(problem?.range.end).toEqual({ line: 1, character: 0 });
});
