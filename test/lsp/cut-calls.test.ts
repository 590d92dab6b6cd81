// Calls that strace cut in two are joined by a fix, and what it prints beside calls is removed by one.
import { expect, test } from 'vitest';
import { withCutCallFixes } from '../../server/src/features/cut-calls.ts';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { snapshotOf } from './marked.ts';

function fixesOf(text: string) {
  const snapshot = snapshotOf(text);
  return withCutCallFixes(snapshot, toEnd(checkingSnapshot(snapshot))).flatMap(({ line, fixes }) =>
    (fixes ?? []).map((fix) => ({ at: line + 1, ...fix })),
  );
}

function joined(text: string, at: number): string[] {
  const lines = text.split('\n');
  for (const { line, span, newText } of fixesOf(text).find((one) => one.at === at)?.edits ?? [])
    lines[line] = lines[line]!.slice(0, span.start) + newText + lines[line]!.slice(span.end);
  return lines.filter((line) => line.trim() !== '').slice(1, -1);
}

const LOG = `setup {
  ioctl(10, KVM_CREATE_VCPU, 0 <unfinished ...>
  ioctl(10, KVM_CREATE_VCPU, 1) = 12
  <... ioctl resumed>)       = 11
}
`;

test.each([2, 4])('both halves of a call have the fix: line %i', (at) => {
  expect(joined(LOG, at)).toEqual([
    '  ioctl(10, KVM_CREATE_VCPU, 0)       = 11',
    '  ioctl(10, KVM_CREATE_VCPU, 1) = 12',
  ]);
});

test('halves of calls of two threads are told apart', () => {
  const text = `setup {
  [pid 7] close(3 <unfinished ...>
  [pid 8] close(4 <unfinished ...>
  [pid 7] <... close resumed>) = 0
  [pid 8] <... close resumed>) = -1 EBADF (Bad file descriptor)
}
`;
  expect(joined(text, 4)[0]).toBe('  [pid 7] close(3) = 0');
  expect(joined(text, 5)[1]).toBe('  [pid 8] close(4) = -1 EBADF (Bad file descriptor)');
});

test('a call that never comes back is ended, and the meaning of that is the author’s', () => {
  const [fix, ...others] = fixesOf('thread a {\n  ioctl(11, KVM_RUN <unfinished ...>\n}\n');
  expect(others).toEqual([]);
  expect(fix).toMatchObject({ title: 'End the call here', meaning: 'changed' });
});

test('an end without a beginning, signals and ends of threads are removed', () => {
  const text = `setup {
  <... ioctl resumed>) = 0
  --- SIGINT {si_signo=SIGINT} ---
  1234 +++ exited with 0 +++
}
`;
  expect(fixesOf(text).map(({ at, title }) => [at, title])).toEqual([2, 3, 4].map((at) => [at, 'Remove the line']));
});
