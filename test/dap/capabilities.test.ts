// The table of capabilities in the documentation says what the adapter says, and leaves nothing of the protocol out.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DapClient, root } from './client.ts';

const page = readFileSync(path.join(root, 'docs/reference/debug-adapter.md'), 'utf8');

/** First cells of the rows of a section's table. */
function rows(text: string): string[] {
  return [...text.matchAll(/^\| `([\w/-]+)` \|/gm)].map(([, name]) => name!);
}

const [capabilities = '', filters = '', requests = ''] = page.split(/^## /m);

test('each capability is in the table, and the table has no others', async () => {
  const offered = await new DapClient().request('initialize', { adapterID: 'test' });
  const named = Object.keys(offered).filter((name) => offered[name] !== false);
  expect(rows(capabilities).sort()).toEqual(named.sort());
});

test('what is not offered is named as well', () => {
  const declarations = readFileSync(
    path.join(root, 'node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts'),
    'utf8',
  );
  const members = /interface Capabilities \{(.*?)^\s\}/ms.exec(declarations)?.[1] ?? '';
  const all = [...members.matchAll(/^\s+(\w+)\?:/gm)].map(([, name]) => name!);
  expect(all.length).toBeGreaterThan(40);
  expect(all.filter((name) => !capabilities.includes(`\`${name}\``))).toEqual([]);
});

test('each filter is in its table, with what it says and whether it is set from the start', async () => {
  const offered = await new DapClient().request('initialize', { adapterID: 'test' });
  const written = offered.exceptionBreakpointFilters.map(
    ({ filter, default: set, description }: { filter: string; default: boolean; description: string }) =>
      `| \`${filter}\` | ${set ? 'yes' : 'no'} | ${description} |`,
  );
  expect(filters.split('\n').filter((line) => line.startsWith('| `'))).toEqual(written);
});

test('each request of our own is in its table, and known', async () => {
  const client = new DapClient();
  await client.launch('test/dap/scenarios/endless.snoop');
  await client.run();
  for (const name of rows(requests))
    expect([name, (await client.send(name, {})).message ?? '']).toEqual([
      name,
      expect.not.stringContaining('does not know'),
    ]);
  expect(rows(requests).length).toBeGreaterThan(5);
});
