// One name, one meaning: what a source file exports has a name that no other file exports. Where rooms rightly own the
// same word, docs/GLOSSARY.md says so, in a table that is read here.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const DECLARED = /^export (?:declare |abstract |async )*(?:type|interface|class|enum) ([A-Za-z_$][\w$]*)/gm;

/** Files by the names that they export. */
const files = new Map<string, string[]>();
for (const source of globSync(['{sim-core,server,debug-adapter,client/*}/src/**/*.ts', 'scripts/**/*.mjs'], {
  cwd: root,
})) {
  const file = source.replaceAll('\\', '/');
  for (const [, name] of readFileSync(path.join(root, file), 'utf8').matchAll(DECLARED))
    files.set(name!, [...(files.get(name!) ?? []), file]);
}

/** Names that several files may export: the table under "Names that rooms share". */
const shared = new Set(
  section('Names that rooms share').flatMap((row) =>
    [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  ),
);

test('a name is exported by one file, except those that the glossary says rooms share', () => {
  expect(files.size).toBeGreaterThan(500);
  const repeated = [...files].filter(([name, of]) => new Set(of).size > 1 && !shared.has(name));
  expect(repeated.map(([name, of]) => `${name}: ${of.join(', ')}`)).toEqual([]);
});

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
