/** The kernels that a scenario speaks of, and what it does on each: those that decide alike are looked at once. */
import type { Model } from '../engine/model.ts';
import { profilesNamed } from '../judge/check.ts';
import { answersAlike, NEWEST, type Profile } from '../kernel/profiles.ts';
import { kernelOf } from '../kernel/releases.ts';
import type { ParsedScenario } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';
import type { ReadInclude } from '../scenario/elaborate/scenario-sources.ts';
import { type Elaboration, elaborating } from '../scenario/elaborate.ts';
import type { Mended } from './mended.ts';
import { type ObservedRuns, observing } from './observe.ts';

/** Kernels on which the scenario does the same. */
export interface KernelGroup {
  readonly profiles: readonly Profile[];
  readonly observed: ObservedRuns;
}

export interface PredictOptions {
  readonly includes?: ReadInclude;
  /** The kernel that a tool has chosen; it is looked at beside those that the conditions name. */
  readonly profile?: Profile;
  /** Exactly these kernels, whatever the scenario names. */
  readonly profiles?: readonly Profile[];
  /** One that the caller has already made. */
  readonly elaborated?: Elaboration;
  /** Of an earlier text of the scenario: what is equal in both is not run again, and the answer is the same. */
  readonly before?: readonly KernelGroup[];
  /** What can be executed of a scenario with errors, when the caller has made it or wants it kept. */
  readonly mending?: () => Generator<void, Mended | undefined>;
  /** Told what the predictions are read from; `whole`: nothing of the scenario had to be left out. */
  readonly observed?: (groups: readonly KernelGroup[], whole: boolean) => void;
}

/** A scenario with more statements is looked at on its plain kernel only: each elaboration would hold everybody up. */
const MOST_NODES = 5_000;

/** Undefined when the scenario cannot be executed: diagnostics of the text or the elaborator say why. */
export function* observingKernels(
  parsed: ParsedScenario,
  options: PredictOptions,
): Generator<void, readonly KernelGroup[] | undefined> {
  const { includes } = options;
  const groups: { profiles: Profile[]; observed: ObservedRuns }[] = [];
  for (const profile of options.profiles ?? kernelsOf(parsed, options.profile)) {
    const alike = groups.find(({ observed }) => decidesAs(profile, observed.model));
    if (alike !== undefined) {
      alike.profiles.push(profile);
      continue;
    }
    const like = groups.at(-1)?.observed.model ?? options.elaborated?.model ?? options.before?.[0]?.observed.model;
    const { model } =
      options.elaborated?.model?.world.kernel.profile === profile
        ? options.elaborated
        : yield* elaborating(parsed, { profile, ...(like && { like }), ...(includes && { includes }) });
    if (model === undefined) return undefined;
    yield;
    const before = options.before?.find(({ observed }) => observed.model.world.kernel.profile === profile);
    groups.push({ profiles: [profile], observed: yield* observing(model, before?.observed) });
    if (model.nodes.length > MOST_NODES) break;
  }
  return groups;
}

/** The kernel of a plain run first. The newest one, which is only a default, does not count beside kernels that conditions name. */
function kernelsOf(parsed: ParsedScenario, chosen: Profile | undefined): readonly Profile[] {
  const named = profilesNamed(parsed);
  const plain = plainKernel(parsed, chosen);
  const meant = chosen !== undefined || contentsOfKind(parsed, 'kernel').length > 0 || named.includes(plain);
  return meant ? [...new Set([plain, ...named])] : named;
}

/** The kernel that a plain run uses. */
export function plainKernel(parsed: ParsedScenario, chosen: Profile | undefined): Profile {
  return chosen ?? kernelOf(parsed) ?? NEWEST;
}

/** Would this kernel have answered everything that the model asked as its own one did? */
function decidesAs(profile: Profile, { world: { kernel } }: Model): boolean {
  return answersAlike(kernel.consulted, profile, kernel.profile);
}
