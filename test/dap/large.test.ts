// A scenario as large as the limits allow: it is loaded in slices, between which the adapter answers.
import { expect, test } from 'vitest';
import { manyStatements } from '../many-statements.ts';
import { DapClient, repositoryFiles } from './client.ts';

test('while it is loaded a disconnect is answered, and ends the loading', async () => {
  const client = new DapClient(repositoryFiles({ 'large.snoop': manyStatements(90_000).text }));
  await client.request('initialize', { adapterID: 'snoopscope' });
  const order: string[] = [];
  const launched = client.send('launch', { program: 'large.snoop' }).then((answer) => {
    order.push('launch');
    return answer;
  });
  const disconnected = client.send('disconnect').then((answer) => {
    order.push('disconnect');
    return answer;
  });
  expect(await disconnected).toMatchObject({ success: true });
  expect(await launched).toMatchObject({ success: false, message: expect.stringContaining('ended before') });
  expect(order).toEqual(['disconnect', 'launch']);
});
