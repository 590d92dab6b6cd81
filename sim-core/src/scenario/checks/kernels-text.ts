import { type Profile, VERSIONS } from '../../kernel/profiles.ts';
import { joined } from './check.ts';

/** `v3.13 to v5.11, v6.1 and series-v1`: neighbouring releases as ranges. */
export function kernelsText(profiles: readonly Profile[]): string {
  const indices = profiles
    .flatMap(({ name }) => {
      const index = (VERSIONS as readonly string[]).indexOf(name);
      return index < 0 ? [] : [index];
    })
    .sort((left, right) => left - right);
  const parts: string[] = [];
  for (let at = 0; at < indices.length; ) {
    let end = at;
    while (indices[end + 1] === indices[end]! + 1) end++;
    const [first, last] = [VERSIONS[indices[at]!], VERSIONS[indices[end]!]];
    parts.push(first === last ? `${first}` : `${first} to ${last}`);
    at = end + 1;
  }
  parts.push(...profiles.filter(({ name }) => !(VERSIONS as readonly string[]).includes(name)).map(({ name }) => name));
  return joined(parts, 'and');
}

/** A range of a table in words: `v6.6 and later`, `v4.9 to v5.18`, `kernels up to v4.11`. */
export function rangeText(on: string): string {
  const [from, to] = on.split('..');
  if (to === undefined || from === to) return from ?? '';
  if (from === '') return `kernels up to ${to}`;
  return to === '' ? `${from} and later` : `${from} to ${to}`;
}
