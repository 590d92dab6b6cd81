// What every source file keeps to, and what the compiler and the linter do not see.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../cli/command.ts';

const code = globSync(['{sim-core,server,debug-adapter}/src/**/*.ts', 'client/*/src/**/*.ts'], { cwd: root }).map(
  slashes,
);
const tests = globSync(['test/**/*.ts', 'scripts/**/*.mjs'], { cwd: root }).map(slashes);
const documents = globSync(['*.md', 'docs/**/*.md', 'scenarios/**/*.snoop'], { cwd: root }).map(slashes);
const self = 'test/tidy/sources.test.ts';

function slashes(file: string): string {
  return file.replaceAll('\\', '/');
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** `file:line: text` of every line that matches. */
function hits(files: readonly string[], wanted: RegExp): string[] {
  return files
    .filter((file) => file !== self)
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) => (wanted.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
    );
}

test('there are files to look at', () => {
  expect(code.length).toBeGreaterThan(100);
  expect(tests.length).toBeGreaterThan(20);
});

describe('length', () => {
  const LIMIT = 420;
  /** Longer files, with the reason. One that has become shorter is to be taken out. */
  const longer: Readonly<Record<string, string>> = {};

  test(`files stay below ${LIMIT} lines`, () => {
    const lengths = [...code, ...tests].map((file) => ({ file, lines: read(file).split('\n').length }));
    expect(lengths.filter(({ file, lines }) => lines > LIMIT && !(file in longer))).toEqual([]);
    expect(lengths.filter(({ file, lines }) => lines <= LIMIT && file in longer)).toEqual([]);
  });
});

describe('what is not in the code', () => {
  test('notes to oneself', () => {
    expect(hits([...code, ...tests, ...documents], /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  test('tests that are left out, or alone', () => {
    expect(hits(tests, /\b(?:test|it|describe|suite)\.(?:only|skip|todo|fails)\b/)).toEqual([]);
  });

  test('paths of the machine of an author', () => {
    expect(hits([...code, ...tests, ...documents], /(?:^|["'`\s(])\/(?:home|root|Users|work|tmp)\//)).toEqual([]);
  });

  test('evaluated code', () => {
    expect(hits(code, /\beval\(|new Function\(/)).toEqual([]);
  });

  test('the console, which would break a protocol on stdout', () => {
    expect(hits(code, /(?<![.\w])console\.\w+\(/)).toEqual([]);
  });

  test('time, chance and promises in sim-core', () => {
    const simCore = code.filter((file) => file.startsWith('sim-core/'));
    expect(
      hits(
        simCore,
        /\bDate\b(?=[.(])|Math\.random|\basync\b|\bawait\b|setTimeout|setInterval|queueMicrotask|performance\./,
      ),
    ).toEqual([]);
  });

  test('kernel versions compared outside the table of changes and the ranges of conditions', () => {
    const allowed =
      /^sim-core\/src\/(?:kernel\/|scenario\/(?:checks\/empty-range|elaborate\/kernel-ranges|ranges)\.ts)/;
    const strays = code.filter((file) => file.startsWith('sim-core/') && !allowed.test(file));
    expect(hits(strays, /compareVersions/)).toEqual([]);
  });

  test('writers of the state besides the machine, and those that restore whole states', () => {
    const allowed =
      /^sim-core\/src\/(?:state\/machine|engine\/run|explain\/history|explore\/[\w/-]+|interop\/replay|interop\/ept\/replay|pictures\/run-values)\.ts$/;
    const strays = code.filter((file) => file.startsWith('sim-core/') && !allowed.test(file));
    expect(hits(strays, /\bstate\[[^\]]*\]\s*=[^=]|\bstate\.(?:set|fill|copyWithin)\(/)).toEqual([]);
  });

  test('catch-all files', () => {
    expect([...code, ...tests].filter((file) => /(?:^|\/)(?:utils?|helpers?|misc|common)\.\w+$/.test(file))).toEqual(
      [],
    );
  });

  test('modules that only pass on what others export, but index.ts', () => {
    const barrels = code.filter((file) => {
      const lines = read(file)
        .split('\n')
        .filter((line) => line.trim() !== '' && !/^\s*(?:\/\/|\/?\*)/.test(line));
      return !file.endsWith('/index.ts') && lines.length > 0 && lines.every((line) => /^export .* from /.test(line));
    });
    expect(barrels).toEqual([]);
  });
});

describe('one way to write a thing', () => {
  test('private members begin with #; only a constructor is `private`', () => {
    expect(hits([...code, ...tests], /^\s*(?:private|public)\s(?!constructor\b)/)).toEqual([]);
  });

  test('a number with its noun is counted(): there is one micro-step, too', () => {
    expect(hits(code, /\$\{(?![A-Z_]+\}|(?:DEBUGGER_)?LIMITS\.)[^{}]+\} (?:micro-steps|statements)\b/)).toEqual([]);
  });

  test('an element that is there is `x[i]!`; a cast would also hide a wrong type', () => {
    const cast = /(?:\]|\.(?:at|get|pop|shift)\([^()]*\)) as (?:number|string|bigint|boolean)\b(?! \|)/;
    expect(hits([...code, ...tests], cast)).toEqual([]);
  });
});

describe('one word for each thing', () => {
  const banned = [...read('docs/GLOSSARY.md').matchAll(/\*\*([^*]+)\*\*/g)]
    .map(([, word]) => word ?? '')
    .filter((word) => word !== 'bold');

  test('the glossary bans some', () => {
    expect(banned.length).toBeGreaterThan(5);
  });

  test.each(banned)('%s is not used', (word) => {
    expect(
      hits([...code, ...documents.filter((file) => file !== 'docs/GLOSSARY.md')], new RegExp(`\\b${word}s?\\b`, 'i')),
    ).toEqual([]);
  });

  test('the glossary has each word once', () => {
    const words = [...read('docs/GLOSSARY.md').matchAll(/^\| ([^|]+) \|/gm)]
      .map(([, word]) => word?.trim() ?? '')
      .filter((word) => word !== 'word' && !/^-+$/.test(word));
    expect(words.filter((word, index) => words.indexOf(word) !== index && word !== 'word')).toEqual([]);
  });
});

describe('index.ts', () => {
  test('only outsiders import the index of sim-core', () => {
    expect(
      hits(
        code.filter((file) => file.startsWith('sim-core/')),
        /from '[./]*index\.ts'/,
      ),
    ).toEqual([]);
  });
});
