// One name, one meaning: what a source file exports has a name that no other file exports. Where rooms rightly own the
// same word, docs/GLOSSARY.md says so, in a table that is read here.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const DECLARED =
  /^export (?:declare |abstract |async )*(?:type|interface|class|enum|const|let|function\*?) ([A-Za-z_$][\w$]*)/gm;

/** Files by the names that they export. */
const files = new Map<string, string[]>();
for (const source of globSync(['{sim-core,server,debug-adapter,client/*}/src/**/*.ts', 'scripts/**/*.mjs'], {
  cwd: root,
})) {
  const file = source.replaceAll('\\', '/');
  for (const [, name] of readFileSync(path.join(root, file), 'utf8').matchAll(DECLARED))
    files.set(name!, [...(files.get(name!) ?? []), file]);
}

/** The names that the table under "Names that rooms share" excepts, each with its files. */
const shared = new Map(
  section('Names that rooms share').flatMap((row) => {
    const [, names = '', of = ''] = row.split('|');
    return quoted(names).map((name) => [name, quoted(of)] as const);
  }),
);

test('a name is exported by one file, except those that the glossary says rooms share', () => {
  expect(files.size).toBeGreaterThan(1500);
  const repeated = [...files].filter(
    ([name, of]) => new Set(of.filter((file) => !isShared(name, file))).size > (shared.has(name) ? 0 : 1),
  );
  expect(repeated.map(([name, of]) => `${name}: ${of.join(', ')}`)).toEqual([]);
});

test('what the glossary excepts is needed', () => {
  const needless = [...shared].filter(
    ([name, of]) => new Set(files.get(name)).size < 2 || !of.every((file) => isDeclaredIn(name, file)),
  );
  expect(needless).toEqual([]);
});

function isShared(name: string, file: string): boolean {
  return shared.get(name)?.includes(file) ?? false;
}

function isDeclaredIn(name: string, file: string): boolean {
  return files.get(name)?.includes(file) ?? false;
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);
}

/** Rows of a table of the glossary. */
function section(title: string): string[] {
  const text = readFileSync(path.join(root, 'docs/GLOSSARY.md'), 'utf8');
  const [, after = ''] = text.split(`## ${title}\n`);
  const rows = after
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.slice(2);
}
