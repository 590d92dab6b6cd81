// Headers of a client that writes them in its own way, cut into chunks anywhere, and JSON that is not a message.
import { SnoopscopeDebugSession } from '@snoopscope/debug-adapter';
import { expect, test, vi } from 'vitest';
import { CanonicalHeaders } from '../../debug-adapter/src/headers.ts';
import { repositoryFiles } from './client.ts';

const BODY = JSON.stringify({ seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'ü' } });
const LENGTH = Buffer.byteLength(BODY);
const CANONICAL = `Content-Length: ${LENGTH}\r\n\r\n${BODY}`;

async function passed(chunks: readonly Buffer[]): Promise<string> {
  const headers = new CanonicalHeaders();
  for (const chunk of chunks) headers.write(chunk);
  headers.end();
  return Buffer.concat(await headers.toArray()).toString();
}

test.each([
  `Content-Length: ${LENGTH}\r\n\r\n`,
  `content-length:${LENGTH}\r\n\r\n`,
  `CONTENT-LENGTH:   ${LENGTH} \r\n\r\n`,
  `content-type: application/json\r\ncontent-length: ${LENGTH}\r\n\r\n`,
])('%j', async (header) => {
  const twice = Buffer.from(`${header}${BODY}${header}${BODY}`);
  expect(await passed([twice])).toBe(CANONICAL + CANONICAL);
  const bytes = Array.from(twice, (byte) => Buffer.from([byte]));
  expect(await passed(bytes)).toBe(CANONICAL + CANONICAL);
});

test('what is not a header is passed on as it is, and ends nothing', async () => {
  const nonsense = `x: ${'y'.repeat(10_000)}\r\n`;
  expect(await passed([Buffer.from(nonsense), Buffer.from(CANONICAL)])).toBe(nonsense + CANONICAL);
});

test('JSON that is not a message is refused in words, and the session lives on', async () => {
  const session = new SnoopscopeDebugSession(repositoryFiles());
  const sent: unknown[] = [];
  session.onDidSendMessage((message) => sent.push(message));
  for (const junk of [null, 7, [], {}]) session.handleMessage(junk as never);
  const output = 'A message could not be read: it is not an object with a "type", such as "request".\n';
  const complaint = expect.objectContaining({ event: 'output', body: { category: 'stderr', output } });
  expect(sent).toEqual([complaint, complaint, complaint, complaint]);
  session.handleMessage({ seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'x' } } as never);
  await vi.waitFor(() => expect(sent).toContainEqual(expect.objectContaining({ request_seq: 1, success: true })));
});
