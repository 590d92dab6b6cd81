// Predictions that continue where those of the text before are equal, against predictions from the start.
//
// EDITS=5000 tries so many: the committed number is what a test run has time for.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../sim-core/src/explore/prng.ts';
import { commonSteps } from '../../sim-core/src/predict/common-steps.ts';
import type { KernelGroup } from '../../sim-core/src/predict/kernels.ts';
import { predicting } from '../../sim-core/src/predict/predict.ts';
import type { ParsedScenario } from '../../sim-core/src/scenario/ast.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { EVENT_WIDTH } from '../../sim-core/src/state/event.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { changed, galleryIncludes, texts } from './changed.ts';

const edits = Number(process.env.EDITS ?? 200);
const seed = Number(process.env.SEED ?? 20261129) || 1;
const EDITS_OF_TEXT = 6;

test(`after each of ${edits} edits predictions are those from the start`, { timeout: 0 }, () => {
  const random = new Prng(seed);
  const includes = galleryIncludes();
  let [executed, continued, rejoined] = [0, 0, 0];
  for (let edit = 0; edit < edits; ) {
    let text = texts[random.below(texts.length)]!;
    let scenario = parse(text);
    let { groups } = predicted(scenario, includes);
    for (let left = EDITS_OF_TEXT; left > 0 && edit < edits; left--, edit++) {
      const after = changed(text, random);
      const next = parse(after, scenario);
      const found = predicted(next, includes, groups);
      // Not what the earlier parse remembers either.
      const fresh = predicted(parse(after), includes);
      expect(found.diagnostics, after).toEqual(fresh.diagnostics);
      expect(seenOf(found.groups), after).toEqual(seenOf(fresh.groups));
      if (found.groups === undefined) continue;
      executed++;
      const [old, now] = [groups?.[0]?.observed, found.groups[0]?.observed];
      if (old && now && commonSteps(old.plain, old.unlogged, now.model) > 0) continued++;
      if (old?.inOthers && old.inOthers.asked === now?.inOthers?.asked) rejoined++;
      // An edit that nothing can be executed of is taken back.
      [text, scenario, groups] = [after, next, found.groups];
    }
  }
  if (process.env.EDITS !== undefined)
    process.stdout.write(`${JSON.stringify({ edits, executed, continued, rejoined })}\n`);
  expect(continued).toBeGreaterThan(edits / 20);
  expect(rejoined).toBeGreaterThan(0);
});

function predicted(
  scenario: ParsedScenario,
  includes: (path: string) => ParsedScenario | undefined,
  before?: readonly KernelGroup[],
) {
  let groups: readonly KernelGroup[] | undefined;
  const observed = (found: readonly KernelGroup[]): void => {
    groups = found;
  };
  const diagnostics = toEnd(predicting(scenario, { includes, observed, ...(before && { before }) }));
  return { diagnostics, groups };
}

/** Everything that was observed, event by event. */
function seenOf(groups: readonly KernelGroup[] | undefined): unknown {
  return groups?.map(({ profiles, observed }) => {
    const { model, plain, unlogged: _, inOthers: __, ...rest } = observed;
    const steps = Array.from({ length: plain.steps }, (_, step) => plain.step(step).firstEvent);
    return {
      ...rest,
      kernels: profiles.map(({ name }) => name),
      consulted: [...model.world.kernel.consulted].sort(),
      events: digest(plain.log.subarray(0, plain.events * EVENT_WIDTH)),
      steps: digest(Int32Array.from(steps)),
      end: plain.end,
    };
  });
}

function digest(numbers: Int32Array): string {
  return createHash('sha256').update(numbers).digest('hex');
}
