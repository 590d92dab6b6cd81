/**
 * Which upstream change turns a verdict: found by switching single changes between two kernels on and off.
 *
 * A verdict here is whether a proposition is reachable, whatever versions its condition is written for: `exists P` and
 * `~exists P` ask the same. Only changes that the model asked for while it explored one of the two kernels can matter.
 */

import type { Model, ScheduledMove } from '../engine/model.ts';
import { type Finding, MONITORS } from '../engine/monitors/table.ts';
import {
  type Exploration,
  type ExploreLimit,
  type ExploreOptions,
  movesOf,
  SLICE_MOVES,
} from '../explore/exploration.ts';
import { exploringSchedule } from '../explore/scheduled.ts';
import { Search } from '../explore/search.ts';
import { CHANGES, type Change, type ChangeId } from '../kernel/changes.ts';
import { PROFILES, type Profile, profileWith } from '../kernel/profiles.ts';
import type { ParsedScenario } from '../scenario/ast.ts';
import { scheduleText } from '../scenario/elaborate/schedule.ts';
import { behavesAs, profilesNamed } from './check.ts';

/** One question whose answer may turn. */
export interface Question {
  /** `gpu.r0 == 0`, or a finding that no condition mentions: `unexpected-result`. */
  readonly text: string;
  /** 0-based line of the first condition that asks it; absent for a finding. */
  readonly line?: number;
}

/** A `schedule` line, and the finding at which a debugger is to stop on the way. */
export interface AnswerWay {
  readonly schedule: string;
  readonly finding?: Finding;
}

/** Answers on one kernel, by the text of the question. */
export type Answers = ReadonlyMap<string, string>;

export interface Turn {
  readonly question: Question;
  readonly from: Profile;
  readonly to: Profile;
  readonly before: string;
  readonly after: string;
  /** The changes that turn it: nearly always one. */
  readonly changes: readonly (Change & { readonly added: boolean })[];
  /** Of several: does each of them turn it alone, or only all of them together? */
  readonly relation: 'each' | 'together';
  /** Does taking them out of the newer kernel turn it back? */
  readonly revertsAlone: boolean;
}

/** The scenario that is asked about. */
export interface BisectRequest {
  readonly parsed: ParsedScenario;
  /** Its model on a kernel; throws when its text is wrong. */
  readonly modelOf: (profile: Profile) => Model;
  readonly explore: ExploreOptions;
  /** Asked after each slice: true ends the work with what is known. */
  readonly interrupted: () => boolean;
}

/** How far it is. */
export interface BisectProgress {
  /** The kernel that is being explored. */
  readonly kernel: string;
  /** Counting from 1. */
  readonly exploration: number;
  readonly states: number;
}

interface Explored {
  readonly model: Model;
  readonly exploration: Exploration;
  readonly answers: Answers;
}

type Slices<Result> = Generator<BisectProgress, Result>;

/** From the oldest to the newest release that a scenario is for; every release when it names only one. */
export function releasesOf(parsed: ParsedScenario): readonly Profile[] {
  const mainline = PROFILES.filter((profile) => profile.mainline);
  const indices = profilesNamed(parsed)
    .map((profile) => mainline.indexOf(profile))
    .filter((index) => index >= 0);
  return indices.length < 2 ? mainline : mainline.slice(Math.min(...indices), Math.max(...indices) + 1);
}

export class Bisection {
  readonly #request: BisectRequest;
  /** What was explored, with the changes that it asked for. */
  readonly #explored: Explored[] = [];
  readonly questions: readonly Question[];
  explorations = 0;
  /** What stopped the first exploration of a kernel that left a question open: turns next to it are not known. */
  limit: ExploreLimit | undefined;

  constructor(request: BisectRequest) {
    this.#request = request;
    this.questions = questionsOf(request.parsed);
  }

  /** Finds every turn between neighbours in a list of kernels. */
  *turning(profiles: readonly Profile[]): Slices<Turn[]> {
    const turns: Turn[] = [];
    let before = profiles[0] && (yield* this.answering(profiles[0]));
    for (let i = 1; i < profiles.length && before && !this.#request.interrupted(); i++) {
      const to = profiles[i]!;
      const after = yield* this.answering(to);
      for (const [text, answer] of after) {
        const old = before.get(text);
        if (old === undefined || old === answer || old === OPEN || answer === OPEN) continue;
        const turn = yield* this.#explaining(profiles[i - 1]!, to, text, old, answer);
        if (turn) turns.push(turn);
      }
      before = after;
    }
    if (this.#request.interrupted()) this.limit ??= { kind: 'stopped' };
    return turns;
  }

  /** What the scenario comes to on a kernel; explored only if no kernel that behaves the same was. */
  *answering(profile: Profile): Slices<Answers> {
    const model = withAllConditions(this.#request.modelOf(profile));
    const known = this.#exploredFor(model);
    if (known) return known.answers;
    const exploration = yield* this.#exploring(model);
    const answers = answersOf(model, exploration);
    if ([...answers.values()].includes(OPEN)) this.limit ??= exploration.limit;
    this.#explored.push({ model, exploration, answers });
    return answers;
  }

  /** What was found out about a kernel, or one that behaves as it does; undefined when nothing was. */
  known(profile: Profile): Answers | undefined {
    return this.#exploredFor(withAllConditions(this.#request.modelOf(profile)))?.answers;
  }

  /**
   * By the text of the question: a way to an execution that decides it on a kernel that was explored, or behaves as one
   * that was. A proposition that no execution makes true has none.
   */
  ways(profile: Profile): ReadonlyMap<string, AnswerWay> {
    const known = this.#exploredFor(withAllConditions(this.#request.modelOf(profile)));
    const ways = new Map<string, AnswerWay>();
    if (!known) return ways;
    const { exploration } = known;
    const lineOf = (schedule: readonly ScheduledMove[]): string =>
      scheduleText(known.model, movesOf(schedule), exploration.granularity);
    for (const [index, { line, finding }] of known.model.conditions.entries()) {
      const witness = exploration.conditions[index]?.witness;
      if (witness)
        ways.set(propositionOf(known.model, line), { schedule: lineOf(witness), ...(finding && { finding }) });
    }
    for (const { finding, schedule } of exploration.findings) {
      if (!ways.has(finding)) ways.set(finding, { schedule: lineOf(schedule), finding });
    }
    return ways;
  }

  #exploredFor(model: Model): Explored | undefined {
    return this.#explored.find(({ model: explored }) => behavesAs(model, explored));
  }

  *#exploring(model: Model): Slices<Exploration> {
    this.explorations++;
    const { interrupted, explore } = this.#request;
    const kernel = model.world.kernel.profile.name;
    const progress = (states: number): BisectProgress => ({ kernel, exploration: this.explorations, states });
    if (model.onlySchedule) {
      const slices = exploringSchedule(model, interrupted);
      for (;;) {
        const { done, value } = slices.next();
        if (done) return value;
        yield progress(value.states);
      }
    }
    const search = new Search(model, explore);
    while (search.step(SLICE_MOVES)) {
      yield progress(search.progress().states);
      if (interrupted()) search.stop({ kind: 'stopped' });
    }
    return search.result();
  }

  /** Undefined when not every answer is known that it would rest on. */
  *#explaining(from: Profile, to: Profile, text: string, before: string, after: string): Slices<Turn | undefined> {
    let open = false;
    const asking = function* (
      self: Bisection,
      changes: readonly ChangeId[],
      base: Profile,
    ): Slices<string | undefined> {
      // Nothing more is asked once the user does not want to wait.
      open ||= self.#request.interrupted();
      const answer = open ? OPEN : (yield* self.answering(toggled(base, changes))).get(text);
      open ||= answer === OPEN;
      return answer;
    };
    const all = differences(from, to);
    const alone: ChangeId[] = [];
    for (const id of all) if ((yield* asking(this, [id], from)) === after) alone.push(id);
    let needed = alone.length > 0 ? alone : all;
    if (alone.length === 0) {
      // Each change that is not needed is taken away; what stays turns the verdict, and nothing less of it does.
      for (const id of all) {
        const fewer = needed.filter((other) => other !== id);
        if ((yield* asking(this, fewer, from)) === after) needed = fewer;
      }
    }
    const revertsAlone = (yield* asking(this, needed, to)) === before;
    if (open) return undefined;
    return {
      question: this.questions.find((question) => question.text === text) ?? { text },
      from,
      to,
      before,
      after,
      changes: needed.map((id) => ({
        ...(CHANGES.find((change) => change.id === id) as Change),
        added: to.changes.has(id),
      })),
      relation: alone.length > 0 ? 'each' : 'together',
      revertsAlone,
    };
  }
}

function toggled(profile: Profile, ids: readonly ChangeId[]): Profile {
  const adds = ids.filter((id) => !profile.changes.has(id));
  const lacks = ids.filter((id) => profile.changes.has(id));
  return profileWith(profile, adds, lacks);
}

function differences(from: Profile, to: Profile): ChangeId[] {
  return CHANGES.map(({ id }) => id).filter((id) => from.changes.has(id) !== to.changes.has(id));
}

/** The answer of an exploration that a limit stopped before it knew. */
const OPEN = 'open';

/** The same question is asked of every kernel, also of those that the condition is not written for. */
function withAllConditions(model: Model): Model {
  return { ...model, conditions: model.conditions.map((condition) => ({ ...condition, applies: true })) };
}

function questionsOf(parsed: ParsedScenario): Question[] {
  const questions: Question[] = [];
  for (const [line, { content, text }] of parsed.lines.entries()) {
    if (content.kind !== 'condition') continue;
    const { start, end } = content.condition.span;
    const proposition = text.slice(start, end).trim();
    if (!questions.some((question) => question.text === proposition)) questions.push({ text: proposition, line });
  }
  return questions;
}

/** `reachable` or not for the proposition of each condition, and for each finding that occurs. */
function answersOf(model: Model, exploration: Exploration): Answers {
  const answers = new Map<string, string>();
  const open = exploration.complete ? undefined : OPEN;
  for (const [index, condition] of model.conditions.entries()) {
    const explored = exploration.conditions[index];
    if (!explored) continue;
    answers.set(propositionOf(model, condition.line), reachText(explored.positive, explored.negative, open));
  }
  for (const { finding, fails } of MONITORS) {
    if (fails !== 'always') continue;
    const occurs = exploration.findings.some((found) => found.finding === finding);
    if (!model.tracked.has(finding)) answers.set(finding, occurs ? 'occurs' : (open ?? 'does not occur'));
  }
  return answers;
}

function propositionOf({ sources }: Model, line: number): string {
  const { content, text } = sources[0]?.parsed.lines[line] ?? {};
  if (content?.kind !== 'condition' || text === undefined) throw new Error(`line ${line + 1} is not a condition`);
  return text.slice(content.condition.span.start, content.condition.span.end).trim();
}

function reachText(positive: number, negative: number, open: string | undefined): string {
  if (positive === 0) return open ?? 'never';
  if (negative === 0) return open ?? 'always';
  return 'sometimes';
}
