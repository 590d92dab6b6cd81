// Scenarios of the gallery with a few things changed, as an author leaves them.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Prng } from '../../sim-core/src/explore/prng.ts';
import type { ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = globSync('**/*.snoop', { cwd: root }).sort();
export const texts = files.map((file) => readFileSync(path.join(root, file), 'utf8'));
const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '');
const words = [...new Set(lines.flatMap((line) => line.match(/[\w-]+|[^\s\w]/g) ?? []))];

/** One to four changes: a line less, twice, moved or from elsewhere; a word less or another; a line cut off. */
export function changed(text: string, random: Prng): string {
  const all = text.split('\n');
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(all.length);
    const line = all[at] ?? '';
    const tokens = [...line.matchAll(/[\w-]+|[^\s\w]/g)];
    const token = tokens[random.below(Math.max(1, tokens.length))];
    const changes: readonly (() => void)[] = [
      () => all.splice(at, 1),
      () => all.splice(at, 0, line),
      () => all.splice(random.below(all.length), 0, ...all.splice(at, 1)),
      () => all.splice(at, 0, lines[random.below(lines.length)] ?? ''),
      () => all.splice(at, 1, line.slice(0, random.below(line.length + 1))),
      () => {
        if (token === undefined) return;
        const other = random.below(2) === 0 ? '' : (words[random.below(words.length)] ?? '');
        all.splice(at, 1, line.slice(0, token.index) + other + line.slice(token.index + token[0].length));
      },
    ];
    changes[random.below(changes.length)]!();
  }
  return all.join('\n');
}

/** Reads what scenarios of the gallery include, wherever they are included from. The same file is the same object. */
export function galleryIncludes(): (relative: string) => ParsedScenario | undefined {
  const included = new Map<string, ParsedScenario>();
  return (relative) => {
    const known = files.find((file) => file.endsWith(relative.replace(/^[./]+/, '')));
    if (known !== undefined && !included.has(known)) included.set(known, parse(texts[files.indexOf(known)]!));
    return known === undefined ? undefined : included.get(known);
  };
}
