// Exploring a scenario on one kernel, away from the editor's thread. Ending the worker cancels it.
import {
  type ExplorationReport,
  elaborate,
  estimate,
  explorationReport,
  PROFILES,
  type Profile,
  type Progress,
  parse,
  profileNamed,
  Search,
  SLICE_MOVES,
  verdictOf,
} from '@snoopscope/sim-core';

export interface ExploreRequest {
  readonly kind: 'explore';
  readonly text: string;
  /** Included files, by their paths relative to the scenario. */
  readonly includes: Readonly<Record<string, string>>;
  /** What the scenario says, else the newest, when left out. */
  readonly kernel?: string;
  readonly maxStates?: number;
  readonly maxBytes: number;
}

export type ExploreReply =
  | {
      readonly kind: 'progress';
      readonly progress: Progress;
      readonly seconds: number;
      /** States that there are at least, without any reduction: an estimate, once it takes long. */
      readonly unreduced?: number;
    }
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  | { readonly kind: 'explored'; readonly report: ExplorationReport; readonly seconds: number };

const PROGRESS_MS = 200;
/** Who waits longer than this wants to know how long it may take. */
const ESTIMATE_AFTER_MS = 2_000;
/** For shorter schedules than those that the exploration came across. */
const SHORTEN_MS = 5_000;

/** `send` gets progress and, last, what was found out. */
export function exploreScenario(request: ExploreRequest, send: (reply: ExploreReply) => void): void {
  const { includes, maxStates, maxBytes } = request;
  const parsed = parse(request.text);
  const own = parsed.lines.flatMap(({ content }) => (content.kind === 'kernel' ? [content.version.text] : []))[0];
  const profile = profileNamed(request.kernel ?? own ?? '') ?? (PROFILES.findLast((one) => one.mainline) as Profile);
  const read = (path: string) => (Object.hasOwn(includes, path) ? parse(includes[path] ?? '') : undefined);
  const { model, diagnostics } = elaborate(parsed, { profile, includes: read });
  const errors = [...parsed.diagnostics, ...diagnostics].filter(({ severity }) => severity === 'error');
  if (!model || errors.length > 0) {
    send({ kind: 'broken', problems: errors.map(({ line, message }) => ({ line, message })) });
    return;
  }
  const options = { maxBytes, ...(maxStates !== undefined && { maxStates }) };
  const began = performance.now();
  let told = began;
  let unreduced: number | undefined;
  const search = new Search(model, options);
  while (search.step(SLICE_MOVES)) {
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    if (told - began > ESTIMATE_AFTER_MS) unreduced ??= estimate(model).states.atLeast;
    const seconds = (told - began) / 1000;
    send({ kind: 'progress', progress: search.progress(), seconds, ...(unreduced !== undefined && { unreduced }) });
  }
  const exploration = search.result();
  const ended = performance.now();
  const shouldStop = () => performance.now() - ended > SHORTEN_MS;
  const report = explorationReport(verdictOf(model, profile, exploration), { ...options, shouldStop });
  send({ kind: 'explored', report, seconds: (ended - began) / 1000 });
}
