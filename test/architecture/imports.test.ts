// The compiler enforces the arrows between packages (project references). These are the rules it cannot see:
// who may use which library, and which of the machine's parts may know each other.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** A module that only the named folders may import. */
const homes: Readonly<Record<string, readonly string[]>> = {
  vscode: ['client/vscode'],
  'vscode-languageclient': ['client/vscode'],
  'vscode-languageserver': ['server'],
  'vscode-languageserver-textdocument': ['server'],
  '@vscode/debugadapter': ['debug-adapter'],
  '@vscode/debugprotocol': ['debug-adapter'],
};

/** Of the parts in this list, the ones that each part may import. As in the kernel, only kvm-vfio knows both sides. */
const parts: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  iommu: ['memory'],
  pcie: ['memory', 'iommu'],
  vfio: ['memory', 'iommu', 'pcie'],
  kvm: ['memory'],
  cpu: ['memory', 'kvm'],
  'kvm-vfio': ['memory', 'iommu', 'pcie', 'vfio', 'kvm', 'cpu'],
};

const sources = globSync(
  ['sim-core/src/**/*.ts', 'server/src/**/*.ts', 'debug-adapter/src/**/*.ts', 'client/*/src/**/*.ts'],
  {
    cwd: root,
  },
).map((file) => ({
  file: file.replaceAll('\\', '/'),
  imports: importsOf(readFileSync(path.join(root, file), 'utf8')),
}));

test('a library is imported where it belongs only', () => {
  expect(sources.length).toBeGreaterThan(0);
  const strays = sources.flatMap(({ file, imports }) =>
    imports
      .filter((name) => homes[packageOf(name)]?.every((home) => !file.startsWith(`${home}/`)))
      .map((name) => `${file} imports ${name}`),
  );
  expect(strays).toEqual([]);
});

test('sim-core imports nothing outside itself', () => {
  const strays = sources
    .filter(({ file }) => file.startsWith('sim-core/'))
    .flatMap(({ file, imports }) =>
      imports.filter((name) => !name.startsWith('.')).map((name) => `${file} imports ${name}`),
    );
  expect(strays).toEqual([]);
});

test('the parts of the machine know each other in one direction', () => {
  const strays = sources.flatMap(({ file, imports }) => {
    const part = /^sim-core\/src\/([^/]+)\//.exec(file)?.[1] ?? '';
    const allowed = parts[part];
    if (!allowed) return [];
    const known = imports.map((name) => path.posix.join(path.posix.dirname(file), name).split('/')[2] ?? '');
    return known
      .filter((other) => other !== part && other in parts && !allowed.includes(other))
      .map((other) => `${file} knows ${other}`);
  });
  expect(strays).toEqual([]);
});

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');
}

// `@vscode/debugadapter/lib/logger` → `@vscode/debugadapter`
function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}
