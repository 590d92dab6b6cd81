// Scenarios of the gallery with a few things changed, as an author leaves them: each is checked and predicted to the end.
//
// DOCUMENTS=50000 tries so many, and prints what took longest: the committed number is what a test run has time for.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Prng } from '../../sim-core/src/explore/prng.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import type { ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { checkingText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = globSync('**/*.snoop', { cwd: root }).sort();
const texts = files.map((file) => readFileSync(path.join(root, file), 'utf8'));
const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() !== '');
const words = [...new Set(lines.flatMap((line) => line.match(/[\w-]+|[^\s\w]/g) ?? []))];
const documents = Number(process.env.DOCUMENTS ?? 150);
const seed = Number(process.env.SEED ?? 20261128) || 1;

/** One to four changes: a line less, twice, moved or from elsewhere; a word less or another; a line cut off. */
function changed(text: string, random: Prng): string {
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

test(`${documents} changed scenarios are checked and predicted without a crash`, { timeout: 0 }, () => {
  const random = new Prng(seed);
  const included = new Map<string, ParsedScenario | undefined>();
  const includes = (relative: string) => {
    const known = files.find((file) => file.endsWith(relative.replace(/^[./]+/, '')));
    if (known !== undefined && !included.has(known)) included.set(known, parse(texts[files.indexOf(known)]!));
    return known === undefined ? undefined : included.get(known);
  };
  const crashes: string[] = [];
  const found = {
    errors: 0,
    predicted: 0,
    documents: 0,
    longestSliceMs: 0,
    longestMs: 0,
    slicesOverOneSecond: 0,
    over: '',
  };
  for (let number = 0; number < documents; number++) {
    const text = changed(texts[random.below(texts.length)]!, random);
    const started = performance.now();
    try {
      const scenario = parse(text);
      const errors = sliced(checkingText(scenario, { includes, advice: true }), found, text);
      const predictions = sliced(predicting(scenario, { includes }), found, text);
      if ([...scenario.diagnostics, ...errors].some(({ severity }) => severity === 'error')) found.errors++;
      if (predictions.length > 0) found.predicted++;
      for (const { line, span } of predictions) {
        expect(line).toBeLessThan(scenario.lines.length);
        expect(span.end).toBeLessThanOrEqual(scenario.lines[line]!.text.length);
      }
    } catch (error) {
      crashes.push(`${(error as Error).stack?.split('\n').slice(0, 4).join('\n')}\n${text}`);
    }
    found.documents++;
    found.longestMs = Math.max(found.longestMs, performance.now() - started);
  }
  if (process.env.DOCUMENTS !== undefined) process.stdout.write(`${JSON.stringify(found)}\n`);
  expect(crashes.slice(0, 2)).toEqual([]);
  expect(found.predicted).toBeGreaterThan(documents / 10);
});

/** To the end, with an eye on how long one slice keeps others waiting. */
function sliced<Result>(
  work: Generator<unknown, Result>,
  found: { longestSliceMs: number; slicesOverOneSecond: number; over: string },
  text: string,
): Result {
  for (;;) {
    const start = performance.now();
    const { done, value } = work.next();
    const took = performance.now() - start;
    if (took > 1000) {
      found.slicesOverOneSecond++;
      found.over = text;
    }
    found.longestSliceMs = Math.max(found.longestSliceMs, took);
    if (done === true) return value;
  }
}
