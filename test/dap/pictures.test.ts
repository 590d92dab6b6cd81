// Pictures of the run that is debugged: they follow the cursor, and the cursor follows them.
import { expect, test } from 'vitest';
import { DapClient } from './client.ts';

const scenario = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const endless = 'test/dap/scenarios/endless.snoop';

async function launched(file: string, options: object = {}): Promise<DapClient> {
  const client = new DapClient();
  await client.launch(file, options);
  await client.run();
  return client;
}

test('at the entry there is nothing yet; at the finding there is its chain of causes', async () => {
  const client = await launched(scenario);
  const { picture: first } = await client.request('snoopscope/picture', { picture: 'timeline' });
  expect(first.notices).toEqual(['Nothing has happened yet: the run has no steps.']);
  await client.move('continue', { threadId: 1 });
  await client.move('continue', { threadId: 1 });
  const { position } = await client.request('snoopscope/position');
  const { picture } = await client.request('snoopscope/picture', { picture: 'timeline', chain: true });
  expect(picture.cursor).toBe(position);
  expect(picture.chain.headline).toContain('stale-read');
  expect(picture.chain.links.length).toBeGreaterThan(3);
  const { event } = picture.chain.links[0];
  await client.move('snoopscope/seek', { event });
  const { picture: earlier } = await client.request('snoopscope/picture', { picture: 'memory' });
  const cells = earlier.pages[0].lines[0].words[0].cells;
  expect(
    cells.map(({ letter, text }: { letter?: string; text: string }) => `${letter ?? ''} ${text}`.trim()),
  ).toContain('M 1');
  await client.move('snoopscope/seek', { finding: 'next' });
  expect((await client.request('snoopscope/position')).position).toBe(position);
  expect((await client.send('snoopscope/seek', { finding: 'next' })).message).toContain('Nothing is found later');
});

test('memory and topology mark what has changed since a position', async () => {
  const client = await launched(scenario);
  await client.move('continue', { threadId: 1 });
  await client.move('continue', { threadId: 1 });
  const changed = async (picture: string, since: number): Promise<number> =>
    JSON.stringify((await client.request('snoopscope/picture', { picture, since })).picture).split('"changed":true')
      .length;
  for (const picture of ['memory', 'topology'])
    expect(await changed(picture, 0)).toBeGreaterThan(await changed(picture, 66));
});

test('what is asked for wrongly is refused by name', async () => {
  const client = await launched(scenario);
  expect((await client.send('snoopscope/picture', { picture: 'map' })).message).toContain('timeline, topology, memory');
  expect((await client.send('snoopscope/picture', { picture: 'timeline', chain: 3 })).message).toContain(
    'not a finding',
  );
  expect((await client.send('snoopscope/picture', { picture: 'timeline', first: 'x' })).message).toContain(
    'is a number',
  );
  expect((await client.send('snoopscope/seek', { event: 1e9 })).message).toContain('There is no event');
  expect((await client.send('snoopscope/seek', {})).message).toContain('Say where to');
});

test('a picture of a long run comes in slices, and is given up when the run moves on', async () => {
  const client = await launched(endless, { maxSteps: 60_000 });
  await client.move('continue', { threadId: 1 });
  const [abandoned] = await Promise.all([
    client.send('snoopscope/picture', { picture: 'timeline' }),
    client.move('snoopscope/seek', { position: 10 }),
  ]);
  expect(abandoned.success).toBe(false);
  expect(abandoned.message).toContain('moved on');
  const { picture } = await client.request('snoopscope/picture', { picture: 'timeline', cells: 100 });
  expect(picture.cursor).toBe(10);
  expect(picture.lanes.some(({ cells }: { cells?: unknown[] }) => (cells?.length ?? 0) > 10)).toBe(true);
});
