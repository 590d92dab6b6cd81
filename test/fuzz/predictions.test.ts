// Scenarios of the gallery with a few things changed, as an author leaves them: each is checked and predicted to the end.
//
// DOCUMENTS=50000 tries so many, and prints what took longest: the committed number is what a test run has time for.
import { expect, test } from 'vitest';
import { Prng } from '../../sim-core/src/explore/prng.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import { checkingText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { changed, galleryIncludes, texts } from './changed.ts';

const documents = Number(process.env.DOCUMENTS ?? 150);
const seed = Number(process.env.SEED ?? 20261128) || 1;

test(`${documents} changed scenarios are checked and predicted without a crash`, { timeout: 0 }, () => {
  const random = new Prng(seed);
  const includes = galleryIncludes();
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
