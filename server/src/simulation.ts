/**
 * What the server asks the simulator about a scenario: what keeps it from being executed, what its
 * calls return, and what kernels will say to its statements; and with it what the server answers only on request.
 *
 * In a browser this is a bundle of its own, fetched for the first scenario or request: without it the server knows the
 * language, with it the machine and what to say about it. What goes in and out is plain data, so each bundle may have its
 * own copy of the tables.
 */
import { type Diagnostic, type KernelGroup, Notes, predicting } from '@snoopscope/sim-core';
import { type Extras, extras } from './extras.ts';
import { answerOf, type CommandAnswer } from './features/commands.ts';
import { checkingSnapshot } from './features/diagnostics.ts';
import { elaboratingOnce, mendingOnce } from './features/elaboration.ts';
import { type ResultHint, resultHints } from './features/results.ts';
import { lineNotes } from './features/states.ts';
import type { CommandName } from './protocol.ts';
import { includedScenario, type Snapshot } from './snapshot.ts';

export interface Simulation {
  readonly extras: Extras;
  /** What is wrong with the text, beyond what its parser found; yields every few milliseconds. */
  checking(snapshot: Snapshot): Generator<unknown, readonly Diagnostic[]>;
  /** What keeps the scenario from being executed on its kernel; yields every few milliseconds. */
  problems(snapshot: Snapshot): Generator<unknown, readonly Diagnostic[]>;
  /** What each system call returns, in a plain run until there are predictions; yields between portions of a few hundred micro-steps. */
  hints(snapshot: Snapshot): Generator<unknown, readonly ResultHint[]>;
  /** A run, verdicts or outcomes, as text. */
  command(snapshot: Snapshot, name: CommandName): Generator<unknown, CommandAnswer>;
  /** What each line's call returns and the state after it, as Markdown by line; by kernel once there are predictions. */
  notes(snapshot: Snapshot): Generator<unknown, ReadonlyMap<number, string>>;
  /** What kernels will say to the statements; `chosen`: the snapshot's kernel was chosen by the user. */
  predictions(snapshot: Snapshot, chosen: boolean): Generator<unknown, readonly Diagnostic[]>;
}

/** A worker that has this function wants what the script of the simulator defines, and does not run it as a worker. */
export interface TakesSimulation {
  takeSimulation?: (simulation: Simulation) => void;
}

/** What predictions of a snapshot were read from. */
const observed = new Notes<Snapshot, readonly KernelGroup[]>();
/** The same for the document that was predicted last: the next edit is most likely in it, and changes little. */
let last: { readonly uri: string; readonly groups: readonly KernelGroup[] } | undefined;

export const simulation: Simulation = {
  extras,
  checking: checkingSnapshot,
  *problems(snapshot) {
    return (yield* elaboratingOnce(snapshot)).diagnostics;
  },
  hints: (snapshot) => resultHints(snapshot, observed.get(snapshot)),
  notes: (snapshot) => lineNotes(snapshot, observed.get(snapshot) ?? []),
  command: answerOf,
  *predictions(snapshot, chosen) {
    return yield* predicting(snapshot.scenario, {
      ...(chosen && { profile: snapshot.profile }),
      includes: includedScenario(snapshot),
      elaborated: yield* elaboratingOnce(snapshot),
      ...(last?.uri === snapshot.uri && { before: last.groups }),
      mending: () => mendingOnce(snapshot),
      observed(groups, whole) {
        if (whole) observed.set(snapshot, groups);
        last = { uri: snapshot.uri, groups };
      },
    });
  },
};
