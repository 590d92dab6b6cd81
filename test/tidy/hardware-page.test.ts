// The page of hardware rules says for each where it is in the code and what shows it: both have to be there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/hardware.md'), 'utf8');
const COLUMNS = ['rule', 'manual and section', 'in the code', 'shown by', 'left out'];

/** The cells of each rule. A row that has nothing but its first cell is a heading. */
const rules = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split('|').length === COLUMNS.length + 2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map((cells) => cells.slice(1, -1))
  .filter(([rule, ...others]) => rule !== 'rule' && rule !== '---' && others.some((cell) => cell !== ''));

test('the page has its table, with every cell filled', () => {
  expect(page).toContain(`| ${COLUMNS.join(' | ')} |`);
  expect(rules.length).toBeGreaterThan(20);
  expect(rules.filter((cells) => cells.some((cell) => cell === ''))).toEqual([]);
});

describe.each(rules)('%s', (_rule, _manual, code = '', shown = '') => {
  test('is in the code that it names', () => {
    const places = code.split(';').map((place) => /^\s*`([^`]+)`\s*(.*)$/.exec(place));
    expect(places).not.toContain(null);
    const missing = places.flatMap((place) => {
      const [, file = '', names = ''] = place ?? [];
      const full = path.join(root, 'sim-core/src', file);
      if (!existsSync(full)) return [file];
      const text = readFileSync(full, 'utf8');
      const wanted = names.split(',').map((name) => name.trim());
      return wanted.filter((name) => name !== '' && !new RegExp(`\\b${name}\\b(\\(|,| =)`).test(text));
    });
    expect(missing).toEqual([]);
  });

  test('is shown by what it names', () => {
    const named = [...shown.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');
    expect(named).not.toEqual([]);
    const missing = named.filter((name) =>
      name.endsWith('.ts')
        ? !existsSync(path.join(root, name))
        : globSync(`scenarios/${name}.snoop`, { cwd: root }).length === 0,
    );
    expect(missing).toEqual([]);
  });
});

test('every part of the machine that follows a manual is in the table', () => {
  const named = new Set([...page.matchAll(/`([\w-]+\/[\w-]+\.ts)`/g)].map(([, file]) => file));
  const parts = globSync('{memory,cpu,pcie}/*.ts', { cwd: path.join(root, 'sim-core/src') }).filter((file) =>
    / \* Sources: .*(Intel SDM|PCIe)/.test(readFileSync(path.join(root, 'sim-core/src', file), 'utf8')),
  );
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.map((file) => file.replaceAll('\\', '/')).filter((file) => !named.has(file))).toEqual([]);
});
