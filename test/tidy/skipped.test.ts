// A test that is skipped says why at the end of `npm test`: tests skip through test/needs.ts, those in VS Code through
// `skip` of their runner, and both ask for the reason.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../cli/command.ts';

const SKIPS = /\b(?:test|it|describe|suite|context|this)\.(?:skip|skipIf|runIf|todo)\b/;
const MAY = ['test/needs.ts', 'test/vscode/suite/runner.ts'];

test('no test is skipped without a reason', () => {
  const files = globSync('test/**/*.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  expect(files).toEqual(expect.arrayContaining(MAY));
  const hits = files
    .filter((file) => !MAY.includes(file))
    .flatMap((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, i) => (SKIPS.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
  expect(hits).toEqual([]);
});
