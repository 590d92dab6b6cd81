// The scripts that run before anything is installed run on the user's Node, which may be 20.19; all else runs on the project's.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What Node's own modules got after 20.19, as far as scripts may want it. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  'node:fs': ['glob', 'globSync', 'openAsBlob'],
  'node:fs/promises': ['glob'],
  'node:module': ['enableCompileCache', 'findPackageJSON', 'registerHooks', 'stripTypeScriptTypes'],
  'node:util': ['getCallSites', 'diff', 'setTraceSigInt'],
  'node:zlib': ['zstdCompressSync', 'zstdDecompressSync', 'crc32'],
  'node:sqlite': ['*'],
};
/** Of the language, in Node 22 and later only. */
const NEWER_GLOBALS =
  /\bPromise\.(?:withResolvers|try)\b|\bimport\.meta\.main\b|\bArray\.fromAsync\b|\bnew WebSocket\b/;

test.each(['scripts/start.mjs', 'scripts/test.mjs', 'scripts/snoopscope.mjs'])('%s loads on Node 20.19', (entry) => {
  const files = loadedBy(path.join(root, entry));
  expect(files.length).toBeGreaterThan(1);
  const newer = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const names = [...text.matchAll(/^import \{([^}]*)\} from '(node:[\w/]+)'/gm)].flatMap(
      ([, all = '', module = '']) =>
        all
          .split(',')
          .map((name) => name.trim().split(' ')[0] ?? '')
          .filter((name) => NEWER[module]?.includes(name) || NEWER[module]?.includes('*')),
    );
    const globals = NEWER_GLOBALS.exec(text)?.[0];
    return [...names, ...(globals ? [globals] : [])].map((name) => `${path.relative(root, file)}: ${name}`);
  });
  expect(newer).toEqual([]);
  // Node 20 reads no TypeScript.
  expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
});

/** The file and all that its static imports lead to within the project. */
function loadedBy(entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)'/gm)) {
      const other = path.resolve(path.dirname(file), name);
      if (existsSync(other)) found.add(other);
    }
  }
  return [...found];
}
