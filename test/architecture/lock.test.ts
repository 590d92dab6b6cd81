// `npm ci` refuses a lock file that lacks a platform's package, and npm leaves one out when the registry at hand does not have it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

interface Entry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const file = path.resolve(import.meta.dirname, '../../package-lock.json');
const packages: Readonly<Record<string, Entry>> = JSON.parse(readFileSync(file, 'utf8')).packages;

test('package-lock.json has an entry for every platform', () => {
  const places = Object.keys(packages);
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  expect(wanted).not.toEqual([]);
  expect(wanted.filter((name) => !places.some((place) => place.endsWith(`node_modules/${name}`)))).toEqual([]);
});

test('package-lock.json names no host to download from', () => {
  const hosts = Object.values(packages).filter(({ resolved = '' }) => resolved.includes('://'));
  expect(hosts).toEqual([]);
});
