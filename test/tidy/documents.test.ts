// Documents say what is there: outputs are real, links lead somewhere, commands exist.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMMANDS, commandReference } from '@snoopscope/cli';
import { MONITORS, OPS } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { root, snoopscope, withoutStatus } from '../cli/command.ts';
import { withoutSizes } from '../cli/golden.ts';
import { consoleCalls, firstDifference, withOutput } from './console-blocks.ts';

const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .sort();

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

test('there are documents', () => {
  for (const name of [
    'README.md',
    'CONTRIBUTING.md',
    'docs/ARCHITECTURE.md',
    'docs/GLOSSARY.md',
    'docs/SOURCES.md',
    'docs/editors.md',
  ]) {
    expect(documents).toContain(name);
  }
});

describe.each(documents)('%s', (file) => {
  test('shows what the command prints', async () => {
    const outputs: string[] = [];
    for (const { words } of consoleCalls(read(file))) {
      const { stdout, stderr } = await snoopscope(words);
      outputs.push(`${stdout}${withoutStatus(stderr)}`.trimEnd());
    }
    if (process.env.UPDATE === '1' && outputs.length > 0) {
      writeFileSync(path.join(root, file), withOutput(read(file), outputs));
    }
    for (const [index, { line, words, shown }] of consoleCalls(read(file)).entries()) {
      const printed = withoutSizes(outputs[index] ?? '').split('\n');
      const difference = firstDifference(withoutSizes(shown.join('\n')).split('\n'), printed);
      expect(difference, `line ${line + 1}: ${words.join(' ')}`).toBe(undefined);
    }
  });

  test('links to files that exist', () => {
    const targets = [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target ?? '');
    const missing = targets.filter((target) => !existsSync(path.resolve(root, path.dirname(file), target)));
    expect(missing).toEqual([]);
  });

  test('names scripts and commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const names = [...read(file).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
    const known = [...COMMANDS.map((command) => command.name), 'help'];
    const meant = [...read(file).matchAll(/`(?:npm run -s )?snoopscope (?:-- )?([a-z]+(?:-[a-z]+)*)[^`]*`/g)].map(
      ([, name]) => name ?? '',
    );
    expect(meant.filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('docs/cli.md is what the table of commands says', () => {
  const page = path.join(root, 'docs/cli.md');
  if (process.env.UPDATE === '1') writeFileSync(page, commandReference());
  expect(read('docs/cli.md')).toBe(commandReference());
});

describe('docs/SOURCES.md', () => {
  const headings = [...read('docs/SOURCES.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading ?? '');
  const cited = new Set(
    globSync('sim-core/src/**/*.ts', { cwd: root }).flatMap((file) =>
      [...read(file).matchAll(/document: '([^']+)'/g)].map(([, name]) => name ?? ''),
    ),
  );

  test('has every document that is cited, once', () => {
    expect(headings).toEqual([...new Set(headings)]);
    expect([...cited].filter((name) => !headings.includes(name))).toEqual([]);
    for (const { name, sources } of [
      ...OPS,
      ...MONITORS.map((monitor) => ({ name: monitor.finding, sources: monitor.sources })),
    ]) {
      for (const { document } of sources) expect(headings, name).toContain(document);
    }
  });

  test('has no document that nobody cites', () => {
    const text = globSync('sim-core/src/**/*.ts', { cwd: root }).map(read).join('\n');
    expect(headings.filter((heading) => !cited.has(heading) && !text.includes(heading))).toEqual([]);
  });
});
