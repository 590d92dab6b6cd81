/** Comparing kernels as the editor's worker does it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type CompareJob, type CompareReply, compareKernels } from '../../client/vscode/src/compare-worker.ts';

const gallery = path.join(import.meta.dirname, '../../scenarios');
const text = readFileSync(path.join(gallery, 'wbinvd/local-cpu-not-flushed.snoop'), 'utf8');

async function compared(job: Partial<CompareJob>, stop = new AbortController()): Promise<CompareReply> {
  const replies: CompareReply[] = [];
  const pause = async () => {};
  await compareKernels(
    { kind: 'compare', text, includes: {}, ...job },
    { send: (reply) => replies.push(reply), pause, stop: stop.signal },
  );
  return replies.at(-1)!;
}

test('an answer has a way into the debugger, except where nothing shows it', async () => {
  const reply = await compared({ kernels: ['v5.11', 'v5.12'] });
  if (reply.kind !== 'compared') throw new Error(reply.kind);
  const [old, mended] = reply.rows;
  expect(old?.cells[0]).toEqual({ answer: 'always', way: { schedule: 'schedule vcpu0*3 gpu*2' } });
  expect(old?.cells[1]).toMatchObject({ answer: 'always', way: { finding: 'stale-read' } });
  expect(mended?.cells).toEqual([{ answer: 'never' }, { answer: 'never' }]);
  expect(reply.turns[0]?.changes).toMatchObject([{ commit: 'c2162e13d6e2', added: true }]);
});

test('kernels that nothing tells apart are one row', async () => {
  const reply = await compared({ kernels: ['v6.1', 'v6.2'] });
  if (reply.kind !== 'compared') throw new Error(reply.kind);
  expect(reply.rows.map(({ kernels }) => kernels)).toEqual([['v6.1', 'v6.2']]);
  expect(reply.turns).toEqual([]);
});

test('a text that is wrong is not compared', async () => {
  const reply = await compared({ text: text.replace('KVM_CREATE_VCPU', 'KVM_CREATE_VCPV') });
  expect(reply).toMatchObject({ kind: 'broken', problems: [{ line: 30 }] });
});

test('what is stopped says that not all is known', async () => {
  const stop = new AbortController();
  stop.abort();
  const reply = await compared({}, stop);
  if (reply.kind !== 'compared') throw new Error(reply.kind);
  expect(reply.limit).toMatch(/cancelled/);
  expect(reply.rows.at(-1)?.cells[0]?.answer).toBe('open');
});
