import type { Profile } from '../../kernel/profiles.ts';
import { profileLike } from '../../kernel/releases.ts';
import type { ParsedScenario } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { profilesIn } from '../elaborate/kernel-ranges.ts';
import { remembered } from '../remembered.ts';

/** The kernels that a scenario names itself. */
export interface KernelsAsked {
  /** The one of the tool or of the `kernel` line; a scenario without may run on any. */
  readonly plain?: Profile;
  /** That one and those after `on`; empty when the scenario names none. */
  readonly all: readonly Profile[];
}

export function kernelsAsked(scenario: ParsedScenario, chosen?: Profile): KernelsAsked {
  const { line, conditions } = written(scenario);
  const plain = chosen ?? line;
  return { ...(plain && { plain }), all: [...new Set([...(plain ? [plain] : []), ...conditions])] };
}

const written = remembered((scenario: ParsedScenario) => {
  const [kernel] = contentsOfKind(scenario, 'kernel');
  const line = kernel && profileLike(kernel.content.version.text, scenario.named);
  const ranges = contentsOfKind(scenario, 'condition').flatMap(({ content }) => content.on);
  return { line, conditions: ranges.length === 0 ? [] : profilesIn(ranges, scenario.named) };
});
