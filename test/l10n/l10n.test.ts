// What the extension says in VS Code, in every language: nothing is missing, and nothing is left over.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const json = (file: string): Record<string, string> => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');
const english = json('package.nls.json');

/** `{0}`, and where links lead. */
const fixed = (text: string): string[] => [...text.matchAll(/\{\d+\}|\(command:[^)]+\)/g)].map(([all]) => all).sort();

/** The first argument of every l10n.t() in the sources. */
const said = globSync('client/vscode/src/**/*.ts', { cwd: root }).flatMap((file) => {
  const text = readFileSync(path.join(root, file), 'utf8');
  const calls = [...text.matchAll(/\bl10n\.t\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")?/g)];
  return calls.map(([, single, double]) => ({ file, text: (single ?? double)?.replaceAll("\\'", "'") }));
});

test('every text is written where it is said, so that it can be found', () => {
  expect(said.length).toBeGreaterThan(50);
  expect(said.filter(({ text }) => text === undefined)).toEqual([]);
});

test('the manifest and its texts have the same keys', () => {
  const used = new Set([...manifest.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key));
  expect([...used].sort()).toEqual(Object.keys(english).sort());
});

test('the manifest has no text of its own for people but its name, and what configurations are made of', () => {
  const { commands, views, viewsWelcome, walkthroughs, configuration } = JSON.parse(manifest).contributes;
  const titles = commands.map(({ title }: { title: string }) => title);
  const names = Object.values(views as Record<string, { name: string }[]>).flatMap((all) =>
    all.map(({ name }) => name),
  );
  const contents = viewsWelcome.map((welcome: { contents: string }) => welcome.contents);
  const steps = walkthroughs.flatMap(({ title, description, steps: all }: Walkthrough) => [
    title,
    description,
    ...all.flatMap((step) => [step.title, step.description, step.media.altText]),
  ]);
  const settings = Object.values(configuration.properties as Record<string, Setting>).map(
    ({ description, markdownDescription }) => description ?? markdownDescription,
  );
  for (const text of [...titles, ...names, ...contents, ...steps, ...settings]) expect(text).toMatch(/^%.+%$/);
});

interface Walkthrough {
  readonly title: string;
  readonly description: string;
  readonly steps: readonly {
    readonly title: string;
    readonly description: string;
    readonly media: { readonly altText: string };
  }[];
}

interface Setting {
  readonly description?: string;
  readonly markdownDescription?: string;
}

describe.each(['de'])('%s', (language) => {
  const nls = json(`package.nls.${language}.json`);
  const bundle = json(`client/vscode/l10n/bundle.l10n.${language}.json`);

  test('has every text of the manifest', () => {
    expect(Object.keys(nls)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(nls)) {
      expect(text.trim(), key).not.toBe('');
      expect(fixed(text), key).toEqual(fixed(english[key] ?? ''));
    }
  });

  test('has every text of the sources, and no other', () => {
    const texts = new Set(said.flatMap(({ text }) => text ?? []));
    expect(Object.keys(bundle).sort()).toEqual([...texts].sort());
    for (const [text, translated] of Object.entries(bundle)) {
      expect(translated.trim(), text).not.toBe('');
      expect(fixed(translated), text).toEqual(fixed(text));
    }
  });
});
