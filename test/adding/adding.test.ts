// CONTRIBUTING's table says what to write by hand to add a thing. Here one of each is added to a scratch copy of the
// repository, as the table says and with nothing else; the generator runs, and what a contributor would run passes.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { node, root } from '../../scripts/install.mjs';
import { THINGS } from './things.ts';

const rows = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| .* \| .* \|$/.test(line))
  .map((line) => line.slice(2, -2).split(' | ') as [string, string]);
const table = rows.slice(rows.findIndex(([first]) => first === 'to add') + 1);
const scratch = mkdtempSync(path.join(tmpdir(), 'snoopscope-adding-'));

afterAll(() => rmSync(scratch, { recursive: true }));

test('each row of the table has its thing here', () => {
  for (const { row } of THINGS)
    expect(
      table.filter(([first]) => first.startsWith(row)),
      row,
    ).toHaveLength(1);
  const kinds = table
    .slice(0, table.findIndex(([first]) => first === 'word') + 1)
    .filter(([first]) => !first.startsWith('---'));
  expect(kinds.filter(([first]) => !THINGS.some(({ row }) => first.startsWith(row)))).toEqual([]);
});

describe.each(THINGS)('$row', ({ row, files, lines }) => {
  test('the table names every file that is touched', () => {
    const [, cell = ''] = table.find(([first]) => first.startsWith(row)) ?? [];
    const named = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const patterns = named.map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replace(/<\w+>/g, '[\\w-]+')}$`));
    const touched = [...Object.keys(files), ...lines.map(({ file }) => file)];
    expect(touched.filter((file) => !patterns.some((pattern) => pattern.test(file)))).toEqual([]);
  });
});

describe('all of them in a scratch copy', () => {
  beforeAll(() => {
    copyRepository();
    for (const { files, lines } of THINGS) {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(scratch, file)), { recursive: true });
        writeFileSync(path.join(scratch, file), text);
      }
      for (const line of lines) insert(line);
    }
  });

  test('compiles', () => {
    expect(run('node_modules/typescript/bin/tsc', '-b')).toBe('');
  });

  test('the generator writes the rest, and the tests pass with it', () => {
    run('scripts/generate.mjs', 'grammar', ...CHECKED, '-t', TOUCHED);
    expect(readFileSync(path.join(scratch, 'syntaxes/snoop.tmLanguage.json'), 'utf8')).toContain('added');
    expect(readFileSync(path.join(scratch, 'docs/language.md'), 'utf8')).toContain('added-code');
    expect(readFileSync(path.join(scratch, 'test/cli/golden/added.golden.txt'), 'utf8')).toBe('added\n');
    expect(readFileSync(path.join(scratch, 'test/dap/transcripts/added.dap'), 'utf8')).toContain('    one = 1');
    expect(readFileSync(path.join(scratch, 'scenarios/cpu/added-finding.trace'), 'utf8')).toContain('added-finding');
    run('node_modules/vitest/vitest.mjs', 'run', ...CHECKED, '-t', TOUCHED, '--silent');
  });

  test('the scenario of the change turns, as the mutation page asks', () => {
    const row = { change: 'added-change', scenario: 'scenarios/cpu/added-change.snoop', kernel: 'v6.0' };
    const program = `import { verifyMutation } from './scripts/mutation.mjs'; console.log(verifyMutation(${JSON.stringify(row)}))`;
    expect(run('--input-type=module', '-e', program)).toBe('undefined\n');
  });
});

/** Where a contributor's change is judged. The gallery's page and the mutation page take minutes, and have tests of their own. */
const CHECKED = [
  'test/cli/output.test.ts',
  'test/dap/transcripts.test.ts',
  'test/diagnostics/diagnostics.test.ts',
  'test/language/docs.test.ts',
  'test/language/grammar.test.ts',
  'test/scenarios/gallery.test.ts',
  'test/tidy/tables.test.ts',
];
const TOUCHED = '[aA]dded|grammar|docs|language|table';

const RECORDINGS = 'test/conformance/recordings';

/** The files that git knows or would add, and node_modules with the packages of the copy. */
function copyRepository(): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of new Set(listed.split('\0'))) {
    if (file === '' || file.startsWith(`${RECORDINGS}/`) || file.startsWith('docs/images/')) continue;
    try {
      cpSync(path.join(root, file), path.join(scratch, file));
    } catch (error) {
      // Removed, and not yet committed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  // Large, and nothing is added to them.
  symlinkSync(path.join(root, RECORDINGS), path.join(scratch, RECORDINGS));
  const modules = path.join(scratch, 'node_modules');
  mkdirSync(path.join(modules, '@snoopscope'), { recursive: true });
  for (const name of readdirSync(path.join(root, 'node_modules'))) {
    if (name !== '@snoopscope') symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
  }
  const own = path.join(root, 'node_modules/@snoopscope');
  for (const name of readdirSync(own)) {
    const place = path.relative(root, realpathSync(path.join(own, name)));
    symlinkSync(path.join(scratch, place), path.join(modules, '@snoopscope', name));
  }
}

function insert({ file, after, line, inline }: (typeof THINGS)[number]['lines'][number]): void {
  const name = path.join(scratch, file);
  const text = readFileSync(name, 'utf8');
  const found = text.indexOf(after);
  expect(found, `${file} has no longer ${after}`).toBeGreaterThanOrEqual(0);
  const at = inline ? found + after.length : text.indexOf('\n', found) + 1;
  writeFileSync(name, `${text.slice(0, at)}${line}${inline ? '' : '\n'}${text.slice(at)}`);
}

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: scratch, encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(status, `${args.join(' ')}\n${stdout.slice(-6000)}${stderr.slice(-6000)}`).toBe(0);
  return stdout;
}
