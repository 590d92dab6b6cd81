// What an exploration hands to a debugger: a schedule, a finding, and how many steps of it make one of that kind.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { elaborate, explorationReport, explore, parse, profileNamed, verdictOf } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { severalStaleReads } from '../explore/several-stale-reads.ts';
import { DapClient, repositoryFiles, root } from './client.ts';

test('the schedule and the count of each finding of an exploration lead to its own line', async () => {
  const { text, stale } = severalStaleReads(
    await readFile(path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8'),
  );
  const profile = profileNamed('v5.11')!;
  const { model } = elaborate(parse(text), { profile });
  if (!model) throw new Error('the scenario is not valid');
  const { findings } = explorationReport(verdictOf(model, profile, explore(model)));
  const places: object[] = [];
  for (const { finding, nth, schedule, operands } of findings.filter((one) => one.finding === 'stale-read')) {
    const client = new DapClient(repositoryFiles({ 'several.snoop': text }));
    await client.launch('several.snoop', {
      kernel: profile.name,
      schedule,
      stopOnFinding: finding,
      stopOnFindingCount: nth,
    });
    const { threadId, reason } = await client.run();
    expect(reason).toBe('exception');
    // The read is over: the debugger stands on the line after it, or at the end of its device.
    await client.move('stepBack', { threadId });
    const [frame] = await client.stack(threadId);
    places.push({ ...operands, line: (frame?.line ?? 0) - 1 });
  }
  expect(places).toEqual(stale);
});
