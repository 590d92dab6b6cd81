/** Which kernel wrote a log: what it, or a file about its machine, says; else the profile whose answers agree best. */
import { PROFILES, type Profile } from '../../kernel/profiles.ts';
import { kernelOfMachine } from '../../kernel/releases.ts';
import { bestProfile, compareWith, type LogOutcome } from './compare.ts';
import { type MachineChoices, unknownSnoopControl } from './machine-block.ts';
import type { MachineFacts } from './machine-facts.ts';
import type { Rebuilt } from './rebuild.ts';
import { scenarioText } from './scenario-text.ts';

export interface Imported {
  readonly text: string;
  readonly outcome: LogOutcome;
  /** How the kernel was found, as a sentence. */
  readonly kernel: string;
  /** With differences: profiles that agree with the log in everything, newest first. */
  readonly agreeing: readonly Profile[];
  /** When the scenario assumes that units can enforce snooping: which, and what it does if they cannot. */
  readonly otherwise?: { readonly units: readonly string[]; readonly outcome: LogOutcome };
}

/** The scenario for the kernel that was asked for, else for the one that the files name, else for the one that agrees. */
export function imported(rebuilt: Rebuilt, choices: MachineChoices, asked?: Profile): Imported {
  const named = asked ? { profile: asked, how: `${asked.name}, as asked for.` } : profileOfRelease(rebuilt.facts);
  if (named) {
    const text = scenarioText(rebuilt, choices, named.profile.name);
    const outcome = compareWith(rebuilt, text, named.profile);
    return {
      text,
      outcome,
      kernel: named.how,
      agreeing: outcome.differences.length > 0 ? agreeing(rebuilt, text) : [],
      ...otherwise(rebuilt, choices, named.profile),
    };
  }
  const best = bestProfile(rebuilt, scenarioText(rebuilt, choices, undefined));
  const { profile, differences } = best;
  const how = `${profile.name}, the ${differences.length === 0 ? 'newest release that agrees with the whole log' : 'release that agrees with the log best'}: no file says which kernel it was. \`--kernel\` chooses another.`;
  const text = scenarioText(rebuilt, choices, profile.name);
  return {
    text,
    outcome: compareWith(rebuilt, text, profile),
    kernel: how,
    agreeing: [],
    ...otherwise(rebuilt, choices, profile),
  };
}

function otherwise(rebuilt: Rebuilt, choices: MachineChoices, profile: Profile): Pick<Imported, 'otherwise'> {
  const units = unknownSnoopControl(rebuilt, choices);
  if (units.length === 0) return {};
  const text = scenarioText(rebuilt, { ...choices, unknownSnoopControl: false }, profile.name);
  // A unit that no file names has its name from us.
  const names = units.map((unit) => (rebuilt.facts.units.includes(unit) ? unit.name : 'the IOMMU'));
  return { otherwise: { units: names, outcome: compareWith(rebuilt, text, profile) } };
}

/** The profile of the release that the files name. */
export function profileOfRelease({ release, build }: MachineFacts): { profile: Profile; how: string } | undefined {
  const like = release === undefined ? undefined : kernelOfMachine(release, build);
  if (release === undefined || like === undefined) return undefined;
  const { profile, exact, kind, unknown } = like;
  return {
    profile,
    how: `${profile.name}: the files say ${release}${exact ? '' : `, which is ${kind}; ${unknown?.replace(/\.$/, '')}`}.`,
  };
}

/** Mainline releases with which there would be no difference. */
function agreeing(rebuilt: Rebuilt, text: string): Profile[] {
  const tried = PROFILES.filter(({ mainline }) => mainline).filter(
    (_, i, all) => i % STRIDE === 0 || i === all.length - 1,
  );
  return tried.filter((profile) => {
    const { model, differences } = compareWith(rebuilt, text, profile);
    return model !== undefined && differences.length === 0;
  });
}

/** Every so many releases are tried: enough to say where to look. */
const STRIDE = 3;
