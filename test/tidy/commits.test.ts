// docs/SOURCES.md has a table of the commits that the record of changes names, and what confirms each. `UPDATE=1` rewrites it.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHANGES, type Change } from '../../sim-core/src/kernel/changes.ts';

const file = new URL('../../docs/SOURCES.md', import.meta.url);
const pattern = /(<!-- commits:begin -->\n)([\s\S]*?)(<!-- commits:end -->)/;

/** What the table says about a change, as far as its commit is concerned. */
function statusOf({ commit, seen, posted, first }: Change): string {
  if (seen === 'lines') return 'id confirmed by lines, subject not';
  if (commit !== undefined) return seen === undefined ? '**unconfirmed**' : `confirmed: ${seen}`;
  if (posted !== undefined || first === undefined) return 'not merged';
  return 'no id known';
}

function table(): string {
  const rows = CHANGES.map((change) => {
    const { id, commit, subject } = change;
    return `| \`${id}\` | ${commit === undefined ? '' : `\`${commit}\``} | ${subject} | ${statusOf(change)} |`;
  });
  return ['| change | commit | subject | status |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

test('docs/SOURCES.md has each change with its commit and what confirms it', () => {
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(pattern);
  if (process.env.UPDATE === '1')
    writeFileSync(
      file,
      page.replace(pattern, (_, begin: string, __, end: string) => `${begin}${table()}\n${end}`),
    );
  expect(pattern.exec(readFileSync(file, 'utf8'))?.[2]?.trim()).toBe(table());
});

test('every change has a subject, and an id only with twelve digits', () => {
  for (const { id, commit, seen, subject } of CHANGES) {
    expect(subject, id).not.toBe('');
    expect(commit ?? '000000000000', id).toMatch(/^[0-9a-f]{12}$/);
    if (commit === undefined) expect(seen, id).toBe(undefined);
  }
  const commits = CHANGES.flatMap(({ commit }) => commit ?? []);
  expect(new Set(commits).size, 'no commit is that of two changes').toBe(commits.length);
});
