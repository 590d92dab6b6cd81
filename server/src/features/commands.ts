/** What the lenses do in editors without commands of their own: a run, verdicts and outcomes as text. All in slices. */
import {
  checking,
  counted,
  type Diagnostic,
  grouping,
  plainLine,
  Run,
  reporting,
  traceText,
  verdictLines,
} from '@snoopscope/sim-core';
import type { CommandName } from '../protocol.ts';
import { includedScenario, type Snapshot } from '../snapshot.ts';
import { runnableOnce } from './elaboration.ts';

/** What a command answers. */
export interface CommandAnswer {
  /** For people; the first line says what it is of. */
  readonly text: string;
  /** Of a check: the verdict in a few words, for a lens. */
  readonly verdict?: string;
}

export function* answerOf(snapshot: Snapshot, command: CommandName): Generator<unknown, CommandAnswer> {
  const { lines, verdict } = yield* COMMANDS[command](snapshot);
  return { text: `${lines.join('\n')}\n`, ...(verdict !== undefined && { verdict }) };
}

interface Answer {
  readonly lines: readonly string[];
  readonly verdict?: string;
}

const COMMANDS: Readonly<Record<CommandName, (snapshot: Snapshot) => Generator<unknown, Answer>>> = {
  run,
  check,
  explore,
};

/** Micro-steps of a run, and states of a search: a longer one is for the command line. */
const MAX_STEPS = 50_000;
const SEARCH = { maxStates: 200_000, maxBytes: 256 * 1024 ** 2 };
const STEPS_AT_A_TIME = 200;

function* run(snapshot: Snapshot): Generator<unknown, Answer> {
  const { model, missing, changed } = yield* runnableOnce(snapshot);
  if (model === undefined || missing !== 'nothing' || changed.size > 0) return NOT_EXECUTABLE;
  const done = new Run(model, { maxSteps: MAX_STEPS });
  for (let step = 0; done.advance(); step++) if (step % STEPS_AT_A_TIME === 0) yield;
  const lineText = (file: number, line: number): string => model.sources[file]?.parsed.lines[line]?.text.trim() ?? '';
  return { lines: [`A run on ${snapshot.profile.name}`, ...traceText(done, { lineText, explain: true })] };
}

function* check(snapshot: Snapshot): Generator<unknown, Answer> {
  const { scenario } = snapshot;
  const { kernels, diagnostics, left } = yield* checking(scenario, {
    includes: includedScenario(snapshot),
    explore: SEARCH,
  });
  if (kernels.length === 0) return refusal(diagnostics);
  const groups = yield* grouping(kernels);
  const limitText = () => 'A limit was reached; `snoopscope check` takes others.';
  const lines = verdictLines(scenario, groups, { left, limitText }).map(plainLine);
  const verdicts = groups.map(({ name, passed, skipped }) =>
    skipped !== undefined
      ? `skipped, ${skipped}`
      : `${passed === undefined ? 'open' : passed ? 'passed' : 'FAILED'} on ${name}`,
  );
  return {
    lines,
    verdict: [...verdicts.slice(0, MOST_VERDICTS), ...(verdicts.length > MOST_VERDICTS ? ['…'] : [])].join(', '),
  };
}

/** A lens is one line. */
const MOST_VERDICTS = 4;

function refusal(diagnostics: readonly Diagnostic[]): Answer {
  return { lines: diagnostics.map(({ line, message }) => `line ${line + 1}: ${message}`) };
}

function* explore(snapshot: Snapshot): Generator<unknown, Answer> {
  const { scenario, profile } = snapshot;
  const options = { includes: includedScenario(snapshot), profiles: [profile], explore: SEARCH };
  const { kernels, diagnostics } = yield* checking(scenario, options);
  const [verdict] = kernels;
  if (verdict === undefined) return refusal(diagnostics);
  const { kernel, states, outcomes, terms, findings, complete } = yield* reporting(verdict, SEARCH);
  const lines = [
    `${complete ? 'All interleavings' : 'A part of the interleavings'} on ${kernel}: ${counted(states, 'state')}`,
    ...outcomes.map(({ values }) => `outcome  ${terms.map((term, index) => `${term} = ${values[index]}`).join(', ')}`),
    ...findings.map(({ finding }) => `finding  ${finding}`),
  ];
  return { lines };
}

const NOT_EXECUTABLE: Answer = { lines: ['The scenario has errors, so it cannot be run.'] };
