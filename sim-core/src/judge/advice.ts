/** What to do when a limit was reached: the next bound of switches and what it takes, what to bound, what to leave out. */
import { counted } from '../counted.ts';
import type { DroppedReduction, Exploration, ExploreLimit, Reductions } from '../explore/exploration.ts';

export type Advice =
  /** Interleavings with few switches first; `completed` says how many are covered (absent: that was not tried). */
  | {
      readonly kind: 'switches';
      readonly bound: number;
      /** The bound that a search was under way to when the limit ended it. */
      readonly asked?: number;
      readonly completed?: number;
      /** States up to the bound, estimated from those of the bounds before it. */
      readonly states?: number;
    }
  /** What the environment does that led to most of the states. `share`: part of all stored states, 0 to 1. */
  | { readonly kind: 'environment'; readonly move: string; readonly share: number }
  /** Words of memory or registers that take most of a state and that no condition mentions. */
  | {
      readonly kind: 'parts';
      readonly parts: readonly { readonly name: string; readonly bits: number }[];
      readonly bits: number;
    };

/** Limits after which another way of looking may show more. */
const MAY_GO_FURTHER: readonly ExploreLimit['kind'][] = ['states', 'bytes', 'depth', 'stopped', 'switches'];
/** What makes a smaller part of the states or of a state is not worth a word. */
const SMALL_SHARE = 0.1;
const MOST_PARTS = 3;

export function adviceOf({ limit, sampling, switches, cost, states }: Exploration): Advice[] {
  if (!limit || sampling || !MAY_GO_FURTHER.includes(limit.kind)) return [];
  const [most] = cost?.environment ?? [];
  const share = most ? most.states / Math.max(1, states) : 0;
  const bits = cost?.bits ?? 0;
  const all = cost?.parts ?? [];
  // Conditions about findings alone do not say which words matter.
  const parts = all.some(({ asked }) => asked)
    ? all.filter((part) => !part.asked && part.bits >= SMALL_SHARE * bits)
    : [];
  return [
    switchesAdvice(switches),
    ...(most && share >= SMALL_SHARE ? [{ kind: 'environment' as const, move: most.kind, share }] : []),
    ...(parts.length > 0
      ? [{ kind: 'parts' as const, parts: parts.slice(0, MOST_PARTS).map(({ name, bits }) => ({ name, bits })), bits }]
      : []),
  ];
}

function switchesAdvice(switches: Exploration['switches']): Advice {
  const sizes = switches?.states ?? [];
  const [last, before] = [sizes.at(-1), sizes.at(-2)];
  // Each further switch multiplies the states by less than the one before it did.
  const states = last !== undefined && before !== undefined ? Math.round((last * last) / before) : undefined;
  if (switches === undefined || switches.completed < 0) return { kind: 'switches', bound: 2 };
  const { asked, completed } = switches;
  const bound = completed + 1;
  return {
    kind: 'switches',
    bound,
    ...(bound <= asked && { asked }),
    completed,
    ...(states !== undefined && { states }),
  };
}

/** The ways in which a user asks for something, where the advice is shown. */
export interface HowToAsk {
  /** `--max-switches 3`. */
  readonly maxSwitches: (bound: number) => string;
  /** States that were explored in a second, if known: for times. */
  readonly statesPerSecond?: number;
}

export function adviceText(advice: Advice, how: HowToAsk): string {
  switch (advice.kind) {
    case 'switches':
      return switchesText(advice, how);
    case 'environment': {
      const { move, share } = advice;
      const objects = move === 'migrate' ? 'vCPUs' : 'words';
      return `\`${move}\` leads to ${percent(share)} of the states: allow it for the ${objects} that matter only, or bound it with \`allow ${move} … max=1\`.`;
    }
    case 'parts': {
      const { parts, bits } = advice;
      const names = parts.map((part) => `\`${part.name}\` (${percent(part.bits / bits)})`).join(', ');
      return `No condition mentions ${names}, yet they make that much of a state: leave out what the question does not need.`;
    }
  }
}

function switchesText(
  { bound, asked, completed, states }: Advice & { readonly kind: 'switches' },
  { maxSwitches, statesPerSecond }: HowToAsk,
): string {
  const visited =
    completed === undefined ? '' : ` All interleavings with at most ${counted(completed, 'switch')} were visited.`;
  const seconds = states !== undefined && statesPerSecond ? Math.ceil(states / statesPerSecond) : undefined;
  const time =
    seconds === undefined ? '' : `, ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`} at this pace`;
  const size = states === undefined ? '' : `, about ${rounded(states)} states${time}`;
  if (asked !== undefined)
    return `To get further: more time or states for ${maxSwitches(asked)}${size && `; those with at most ${counted(bound, 'switch')} are${size.slice(1)}`}.${visited}`;
  return `To get further: ${maxSwitches(bound)} visits interleavings with few switches first${size}.${visited}`;
}

/** With two digits, for people: `66k`, `5.1M`. */
function rounded(states: number): string {
  const [divisor, unit] = states < 1000 ? [1, ''] : states < 1e6 ? [1e3, 'k'] : [1e6, 'M'];
  return `${Number((states / divisor).toPrecision(2))}${unit}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

const DROPPED_WHY = {
  contradicted: 'what it took to be known turned out wrong too often',
  wasted: 'hardly two states have their actors at the same locations, so it costs more than it saves',
} as const;

/** Reductions that a search gave up, and why. */
export function droppedLines(
  dropped: readonly DroppedReduction[],
  nameOf: (reduction: keyof Reductions) => string = (reduction) => reduction,
): string[] {
  return Object.entries(DROPPED_WHY).flatMap(([why, text]) => {
    const names = dropped.filter((each) => each.why === why).map(({ reduction }) => nameOf(reduction));
    return names.length === 0 ? [] : [`gave up ${names.join(' and ')}: ${text}`];
  });
}
