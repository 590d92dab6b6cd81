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
  lit: ['client/views', 'client/playground'],
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

/**
 * The floors of sim-core, lowest first; files of the root folder go by their names. A value is imported from the same
 * floor or one below, and never in a circle between rooms. Types may look up: they are gone when the program runs.
 */
const floors = [
  ['state', 'kernel', 'limits', 'counted', 'is-record', 'topology', 'to-end', 'world'],
  ['engine', 'files', 'memory', 'iommu'],
  ['pcie', 'vfio', 'kvm', 'kvm-vfio', 'explore'],
  ['cpu'],
  ['ops'],
  ['create-world'],
  ['scenario', 'explain'],
  ['judge', 'interop', 'pictures'],
  ['predict'],
  ['index'],
];

/** The same inside explore. */
const exploreFloors = [
  ['bits', 'exploration', 'prng', 'sites', 'start', 'switches', 'tables'],
  ['states'],
  ['learn'],
  ['reduce', 'checkpoint', 'results'],
  ['expander', 'expansion', 'space', 'random', 'minimise', 'scheduled', 'state-graph'],
  ['search-options', 'restarts', 'search'],
  ['explore', 'parallel', 'shortest', 'few-switches'],
];

/** Folders whose rooms have floors. */
const houses = [
  { house: 'sim-core/src', floors },
  { house: 'sim-core/src/explore', floors: exploreFloors },
];

const sources = globSync(
  ['sim-core/src/**/*.ts', 'server/src/**/*.ts', 'debug-adapter/src/**/*.ts', 'client/*/src/**/*.ts'],
  {
    cwd: root,
  },
).map((file) => ({
  file: file.replaceAll('\\', '/'),
  imports: importsOf(readFileSync(path.join(root, file), 'utf8')),
  values: valueImportsOf(readFileSync(path.join(root, file), 'utf8')),
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

test.each(houses)('in $house values come from the same floor or one below', ({ house, floors }) => {
  const floorOf = (room: string): number => floors.findIndex((rooms) => rooms.includes(room));
  const strays = roomImports(house).flatMap(({ file, from, to }) => {
    if (floorOf(from) < 0) return [`${file}: the room ${from} is on no floor`];
    return floorOf(to) > floorOf(from) ? [`${file} imports from ${to}, which is above ${from}`] : [];
  });
  expect(strays).toEqual([]);
});

test.each(houses)('no rooms of $house import values from each other in a circle', ({ house }) => {
  const needs = new Map<string, Set<string>>();
  for (const { from, to } of roomImports(house)) needs.set(from, (needs.get(from) ?? new Set()).add(to));
  const circleFrom = (room: string, way: readonly string[]): string | undefined => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room].join(' → ');
    for (const next of needs.get(room) ?? []) {
      const circle = circleFrom(next, [...way, room]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  expect([...needs.keys()].flatMap((room) => circleFrom(room, []) ?? [])).toEqual([]);
});

test.each(houses)('docs/ARCHITECTURE.md has the floors of $house as they are tested', ({ floors }) => {
  const text = readFileSync(path.join(root, 'docs/ARCHITECTURE.md'), 'utf8');
  expect(text).toContain(floors.map((rooms) => rooms.join(', ')).join(' / '));
});

/** Every import of a value from one room of a house to another. */
function roomImports(house: string): { file: string; from: string; to: string }[] {
  const inside = (file: string): boolean => file.startsWith(`${house}/`);
  const roomOf = (file: string): string => file.split('/')[house.split('/').length]?.replace(/\.ts$/, '') ?? '';
  return sources
    .filter(({ file }) => inside(file))
    .flatMap(({ file, values }) =>
      values
        .map((name) => path.posix.join(path.posix.dirname(file), name))
        .filter(inside)
        .map((imported) => ({ file, from: roomOf(file), to: roomOf(imported) })),
    )
    .filter(({ from, to }) => from !== to);
}

// Imports that are still there when types are erased.
function valueImportsOf(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?([^;']*?)\bfrom\s+'(\.[^']+)';/gm)].flatMap(
    ([, type, names = '', name = '']) => {
      const listed = /^\{([^}]*)\}\s*$/
        .exec(names)?.[1]
        ?.split(',')
        .filter((word) => word.trim() !== '');
      return type || listed?.every((word) => word.trim().startsWith('type ')) ? [] : [name];
    },
  );
}

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
