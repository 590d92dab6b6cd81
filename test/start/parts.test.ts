// What `npm start` keeps between its runs: the copy of the gallery, and who has which folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyGallery } from '../../scripts/start/gallery-copy.mjs';
import { takeSlot } from '../../scripts/start/slots.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-parts-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the copy of the gallery', () => {
  const gallery = () => path.join(folder, 'gallery');
  const copy = () => path.join(folder, 'copy');
  const write = (where: string, name: string, text: string) => {
    mkdirSync(path.dirname(path.join(where, name)), { recursive: true });
    writeFileSync(path.join(where, name), text);
  };
  const inCopy = (name: string) => readFileSync(path.join(copy(), name), 'utf8');

  beforeEach(() => {
    write(gallery(), 'a/one.snoop', 'one');
    write(gallery(), 'a/one.trace', 'golden');
    write(gallery(), 'two.snoop', 'two');
  });

  test('has the scenarios and no traces', async () => {
    expect(await copyGallery(gallery(), copy())).toEqual([]);
    expect(inCopy('a/one.snoop')).toBe('one');
    expect(inCopy('two.snoop')).toBe('two');
    expect(existsSync(path.join(copy(), 'a/one.trace'))).toBe(false);
  });

  test('follows the gallery where the user changed nothing', async () => {
    await copyGallery(gallery(), copy());
    write(gallery(), 'two.snoop', 'two, newer');
    rmSync(path.join(gallery(), 'a/one.snoop'));
    expect(await copyGallery(gallery(), copy())).toEqual([]);
    expect(inCopy('two.snoop')).toBe('two, newer');
    expect(existsSync(path.join(copy(), 'a/one.snoop'))).toBe(false);
  });

  test('keeps what the user changed, made or had there before', async () => {
    write(copy(), 'two.snoop', 'here first');
    expect(await copyGallery(gallery(), copy())).toEqual(['two.snoop']);
    write(copy(), 'a/one.snoop', 'edited');
    write(copy(), 'own.snoop', 'own');
    write(gallery(), 'a/one.snoop', 'one, newer');
    expect(await copyGallery(gallery(), copy())).toEqual(['a/one.snoop', 'two.snoop']);
    expect(['a/one.snoop', 'two.snoop', 'own.snoop'].map(inCopy)).toEqual(['edited', 'here first', 'own']);
  });

  test('brings back what the user deleted', async () => {
    await copyGallery(gallery(), copy());
    rmSync(path.join(copy(), 'two.snoop'));
    expect(await copyGallery(gallery(), copy())).toEqual([]);
    expect(inCopy('two.snoop')).toBe('two');
  });
});

describe('slots', () => {
  const module = path.resolve(import.meta.dirname, '../../scripts/start/slots.mjs');
  const fromAnother = () =>
    spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      `import { takeSlot } from ${JSON.stringify(module)}; console.log(takeSlot(${JSON.stringify(folder)}).number)`,
    ]).stdout.toString();

  test('one that a living process has is not given again, and is free when it has ended', () => {
    expect(fromAnother()).toBe('1\n');
    expect(takeSlot(folder).number).toBe(1);
    expect(fromAnother()).toBe('2\n');
    expect(fromAnother()).toBe('2\n');
  });

  test('one whose owner was killed is taken over', () => {
    mkdirSync(path.join(folder, '1'));
    writeFileSync(path.join(folder, '1/owner'), '999999999');
    expect(takeSlot(folder).number).toBe(1);
  });
});
