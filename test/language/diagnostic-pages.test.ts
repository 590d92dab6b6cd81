// docs/reference/diagnostics has a page for each code: `npm run generate -- diagnostics` writes them.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { diagnosticPages, folder } from '../../scripts/diagnostic-pages.mjs';
import { root } from '../cli/command.ts';

const pages = diagnosticPages();

test('there is a page for each code, and no other', () => {
  expect(readdirSync(path.join(root, folder)).sort()).toEqual([...pages.keys()].sort());
});

test.each([...pages])('%s is up to date', (name, text) => {
  expect(readFileSync(path.join(root, folder, name), 'utf8')).toBe(text);
});

test('every page shows what its example gets', () => {
  // It takes a second file to show what is wrong in an included one.
  const silent = [...pages].filter(([, text]) => !/^> Line \d+: /m.test(text)).map(([name]) => name);
  expect(silent).toEqual(['broken-include.md', 'README.md']);
});
