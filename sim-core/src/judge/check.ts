/**
 * Judging a scenario: each final condition on each kernel, over all interleavings.
 *
 * Kernels that do not differ in any change that the model consults behave the same; they are judged once. Cost: one
 * exploration for each set of kernels that may differ.
 */

import type { Model } from '../engine/model.ts';
import { type Finding, monitorOf } from '../engine/monitors/table.ts';
import { type Exploration, type ExploreOptions, type Progress, SLICE_MOVES } from '../explore/exploration.ts';
import { leavesOpen, searchOfFewSwitches, withFewSwitches } from '../explore/few-switches.ts';
import { exploringSchedule } from '../explore/scheduled.ts';
import { Search } from '../explore/search.ts';
import type { Profile } from '../kernel/profiles.ts';
import { answersAlike, NEWEST } from '../kernel/profiles.ts';
import { kernelOf } from '../kernel/releases.ts';
import type { Diagnostic, ParsedScenario } from '../scenario/ast.ts';
import { profilesIn } from '../scenario/elaborate/kernel-ranges.ts';
import type { ReadInclude } from '../scenario/elaborate/scenario-sources.ts';
import { type Elaboration, elaborating } from '../scenario/elaborate.ts';
import { toEnd } from '../to-end.ts';
import type { CoverageObserver } from './coverage/coverage-observer.ts';

export interface CheckOptions {
  readonly includes?: ReadInclude;
  /** The kernels to judge; those that the scenario's conditions name when left out. */
  readonly profiles?: readonly Profile[];
  readonly explore?: ExploreOptions;
  /** Sees what is executed. */
  readonly coverage?: CoverageObserver;
  /** Asked before each kernel but the first: true leaves it and those after it out. */
  readonly interrupted?: () => boolean;
}

/** What was found out about one kernel. */
export interface KernelVerdict {
  readonly profile: Profile;
  /** The kernel that was explored for it: itself, or an earlier one that behaves the same. */
  readonly judgedAs: Profile;
  readonly exploration: Exploration;
  readonly model: Model;
  readonly conditions: readonly ConditionVerdict[];
  /** Kinds of findings that fail the check: they were not expected. */
  readonly unexpected: readonly Finding[];
  /** Everything holds and nothing unexpected happened. Undefined while a limit kept it open. */
  readonly passed: boolean | undefined;
}

export interface ConditionVerdict {
  readonly index: number;
  readonly text: string;
  readonly line: number;
  /** Undefined when a limit was reached before it was decided. */
  readonly holds: boolean | undefined;
}

export interface CheckResult {
  readonly diagnostics: readonly Diagnostic[];
  readonly kernels: readonly KernelVerdict[];
  /** Kernels that it did not come to. */
  readonly left: readonly Profile[];
}

export function checkScenario(parsed: ParsedScenario, options: CheckOptions = {}): CheckResult {
  return toEnd(checking(parsed, options));
}

/**
 * The same in slices of some milliseconds: between two, a caller lets its user press Ctrl-C or shows the progress.
 * `explore.shouldStop` is asked after each slice.
 */
export function* checking(parsed: ParsedScenario, options: CheckOptions = {}): Generator<Progress, CheckResult> {
  const profiles = options.profiles ?? profilesNamed(parsed);
  const kernels: KernelVerdict[] = [];
  for (const [index, profile] of profiles.entries()) {
    if (index > 0 && options.interrupted?.()) return { diagnostics: [], kernels, left: profiles.slice(index) };
    const { model, diagnostics } = yield* modelling(parsed, profile, options, kernels.at(-1)?.exploration ?? NOTHING);
    if (!model) return { diagnostics, kernels: [], left: profiles.slice(index) };
    const same = kernels.find((known) => behavesAs(model, known.model));
    const watched = () => options.coverage?.watch(model) ?? model;
    kernels.push(same ? { ...same, profile } : yield* judging(watched(), profile, options.explore ?? {}));
    // Elaborating for dozens of kernels takes its time, too.
    if (same) yield same.exploration;
  }
  return { diagnostics: [], kernels, left: [] };
}

const NOTHING: Progress = { states: 0, transitions: 0, frontier: 0, depth: 0, bytes: 0 };

/** Elaborates, and says between two slices how far the exploration before it came. */
function* modelling(
  parsed: ParsedScenario,
  profile: Profile,
  { includes }: CheckOptions,
  before: Progress,
): Generator<Progress, Elaboration> {
  const slices = elaborating(parsed, { profile, ...(includes && { includes }) });
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    yield before;
  }
}

/** The kernels that a scenario speaks of: those of its conditions' ranges, else its `kernel` line, else the newest. */
export function profilesNamed(parsed: ParsedScenario): Profile[] {
  const contents = parsed.lines.map((line) => line.content);
  const ranges = contents.flatMap((content) => (content.kind === 'condition' ? content.on : []));
  if (ranges.length > 0) return profilesIn(ranges, parsed.named);
  return [kernelOf(parsed) ?? NEWEST];
}

function* judging(model: Model, profile: Profile, options: ExploreOptions): Generator<Progress, KernelVerdict> {
  if (model.onlySchedule) return verdictOf(model, profile, yield* exploringSchedule(model, options.shouldStop));
  const search = new Search(model, options);
  while (search.step(SLICE_MOVES)) {
    yield search.progress();
    if (options.shouldStop?.(search.progress())) search.stop({ kind: 'stopped' });
  }
  const exploration = search.result();
  if (!leavesOpen(exploration) || options.shouldStop?.(exploration)) return verdictOf(model, profile, exploration);
  const further = searchOfFewSwitches(model, options);
  while (further.step(SLICE_MOVES)) {
    yield exploration;
    if (options.shouldStop?.(exploration)) further.stop({ kind: 'stopped' });
  }
  return verdictOf(model, profile, withFewSwitches(exploration, further.result()));
}

/** What an exploration, however it was made, says about the conditions of its model. */
export function verdictOf(model: Model, profile: Profile, exploration: Exploration): KernelVerdict {
  const conditions = model.conditions.flatMap((condition, index): ConditionVerdict[] => {
    if (!condition.applies) return [];
    const counts = exploration.conditions[index];
    return [{ index, text: condition.text, line: condition.line, holds: counts?.holds }];
  });
  const kinds = [...new Set(exploration.findings.map((f) => f.finding))];
  const unexpected = kinds.filter((finding) => isUnexpected(model, finding, conditions.length));
  const failed = conditions.some((c) => c.holds === false) || unexpected.length > 0;
  const open = conditions.some((c) => c.holds === undefined) || !exploration.complete;
  return {
    profile,
    judgedAs: profile,
    exploration,
    model,
    conditions,
    unexpected,
    passed: failed ? false : open ? undefined : true,
  };
}

/** `conditions` is how many the scenario states for this kernel. */
function isUnexpected(model: Model, finding: Finding, conditions: number): boolean {
  if (model.tracked.has(finding)) return false;
  const { fails } = monitorOf(finding);
  return fails === 'always' || (fails === 'without-conditions' && conditions === 0);
}

/**
 * Would this kernel have taken every decision as the explored one did? The explored model knows which changes it asked
 * for; one that has the same answers to them, and the same conditions, ends in the same verdicts.
 */
export function behavesAs(model: Model, explored: Model): boolean {
  const { kernel } = explored.world;
  if (!answersAlike(kernel.consulted, model.world.kernel.profile, kernel.profile)) return false;
  return model.conditions.every((condition, i) => condition.applies === explored.conditions[i]?.applies);
}
