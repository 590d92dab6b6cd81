// Comparing kernels, away from the editor's thread: what each proposition comes to on each of them, and what turns it.
import {
  type AnswerWay,
  Bisection,
  checkText,
  counted,
  type Diagnostic,
  elaborate,
  type Model,
  type ParsedScenario,
  type Profile,
  profileLike,
  type Question,
  releasesOf,
  type Turn,
} from '@snoopscope/sim-core';
import { limitNotice } from './limit-text.ts';
import { readTexts, type ScenarioTexts } from './scenario-texts.ts';

type ReadInclude = (path: string) => ParsedScenario | undefined;

export interface CompareJob extends ScenarioTexts {
  readonly kind: 'compare';
  /** Names of the kernels, oldest first; when left out, the releases from the oldest to the newest that conditions name. */
  readonly kernels?: readonly string[];
  readonly maxStates?: number;
}

export type CompareReply =
  /** How far it is, in words. */
  | { readonly kind: 'progress'; readonly said: string }
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  | ComparedReply;

export interface ComparedReply {
  readonly kind: 'compared';
  readonly questions: readonly Question[];
  /** Consecutive kernels with the same answers. */
  readonly rows: readonly ComparedRow[];
  readonly turns: readonly ComparedTurn[];
  readonly explorations: number;
  /** Why not all is known. */
  readonly limit?: string;
}

export interface ComparedRow {
  readonly kernels: readonly string[];
  /** One for each question. */
  readonly cells: readonly ComparedCell[];
}

export interface ComparedCell {
  /** `never`, `sometimes`, `always`; of a finding `occurs` and `does not occur`; `open`. */
  readonly answer: string;
  /** On the first kernel of the row. */
  readonly way?: AnswerWay;
}

export interface ComparedTurn {
  /** Index of the question. */
  readonly question: number;
  readonly from: string;
  readonly to: string;
  readonly before: string;
  readonly after: string;
  readonly changes: readonly {
    readonly subject: string;
    readonly commit?: string;
    readonly effect: string;
    readonly where: string;
    /** The newer kernel has it; otherwise it lost it. */
    readonly added: boolean;
  }[];
  readonly relation: Turn['relation'];
}

export interface CompareSurroundings {
  readonly send: (reply: CompareReply) => void;
  readonly pause: () => Promise<void>;
  readonly stop: AbortSignal;
}

const SLICE_MS = 20;
const PROGRESS_MS = 200;

export async function compareKernels(request: CompareJob, around: CompareSurroundings): Promise<void> {
  const { maxStates } = request;
  const { scenario: parsed, read } = readTexts(request);
  const profiles = request.kernels?.flatMap((name) => profileLike(name, parsed.named) ?? []) ?? releasesOf(parsed);
  const problems = errorsOf([...parsed.diagnostics, ...checkText(parsed, { includes: read })]);
  if (problems.length > 0) {
    around.send({ kind: 'broken', problems });
    return;
  }
  const bisection = new Bisection({
    parsed,
    modelOf: (profile) => modelOf(parsed, profile, read),
    explore: maxStates === undefined ? {} : { maxStates },
    interrupted: () => around.stop.aborted,
  });
  try {
    const turns = await inSlices(bisection, profiles, around);
    around.send(replyOf(bisection, profiles, turns));
  } catch (error) {
    if (!(error instanceof WrongText)) throw error;
    around.send({ kind: 'broken', problems: error.problems });
  }
}

/** What is wrong for this kernel alone. */
class WrongText extends Error {
  readonly problems: { line: number; message: string }[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super('The text is wrong.');
    this.problems = errorsOf(diagnostics);
  }
}

function modelOf(parsed: ParsedScenario, profile: Profile, includes: ReadInclude): Model {
  const { model, diagnostics } = elaborate(parsed, { profile, includes });
  if (!model) throw new WrongText(diagnostics);
  return model;
}

function errorsOf(diagnostics: readonly Diagnostic[]): { line: number; message: string }[] {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ line, message }) => ({ line, message }))
    .sort((a, b) => a.line - b.line);
}

async function inSlices(
  bisection: Bisection,
  profiles: readonly Profile[],
  { send, pause }: CompareSurroundings,
): Promise<Turn[]> {
  const slices = bisection.turning(profiles);
  let paused = performance.now();
  let told = paused;
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    const now = performance.now();
    if (now - told >= PROGRESS_MS) {
      told = now;
      const { kernel, exploration, states } = value;
      send({ kind: 'progress', said: `${kernel}, exploration ${exploration}: ${counted(states, 'state')}` });
    }
    if (now - paused < SLICE_MS) continue;
    await pause();
    paused = performance.now();
  }
}

function replyOf(bisection: Bisection, profiles: readonly Profile[], turns: readonly Turn[]): ComparedReply {
  const answers = profiles.map((profile) => bisection.known(profile));
  const turned = turns.filter(({ question }) => question.line === undefined).map(({ question }) => question.text);
  // Findings that nothing asks about matter where they turn.
  const questions = [...bisection.questions, ...[...new Set(turned)].map((text) => ({ text }))];
  const rows: { kernels: string[]; cells: ComparedCell[] }[] = [];
  for (const [index, profile] of profiles.entries()) {
    const of = questions.map(({ text }) => answers[index]?.get(text) ?? 'open');
    const last = rows.at(-1);
    if (last?.cells.every(({ answer }, i) => answer === of[i])) last.kernels.push(profile.name);
    else {
      const ways = bisection.ways(profile);
      rows.push({
        kernels: [profile.name],
        cells: questions.map(({ text }, i) => cellOf(of[i] ?? '', ways.get(text))),
      });
    }
  }
  return {
    kind: 'compared',
    questions,
    rows,
    turns: turns.map((turn) => turnOf(turn, questions)),
    explorations: bisection.explorations,
    ...(bisection.limit && { limit: limitNotice(bisection.limit) }),
  };
}

function cellOf(answer: string, way: AnswerWay | undefined): ComparedCell {
  return { answer, ...(way && { way }) };
}

function turnOf(
  { question, from, to, before, after, changes, relation }: Turn,
  all: readonly Question[],
): ComparedTurn {
  return {
    question: all.findIndex(({ text }) => text === question.text),
    from: from.name,
    to: to.name,
    before,
    after,
    changes: changes.map(({ subject, commit, effect, where, added }) => ({
      subject,
      ...(commit !== undefined && { commit }),
      effect,
      where,
      added,
    })),
    relation,
  };
}
