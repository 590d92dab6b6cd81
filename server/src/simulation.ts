/**
 * What the server asks the simulator about a scenario: what keeps it from being executed, what its
 * calls return, and what kernels will say to its statements.
 *
 * In a browser this is a bundle of its own, fetched for the first scenario: without it the server knows the language and
 * its words, with it the machine. What goes in and out is plain data, so each bundle may have its own copy of the tables.
 */
import { type Diagnostic, predicting } from '@snoopscope/sim-core';
import { commandText } from './features/commands.ts';
import { elaboratingOnce } from './features/elaboration.ts';
import { type ResultHint, resultHints } from './features/results.ts';
import { stateNotes } from './features/states.ts';
import type { CommandName } from './protocol.ts';
import { includedScenario, type Snapshot } from './snapshot.ts';

export interface Simulation {
  /** What keeps the scenario from being executed on its kernel; yields every few milliseconds. */
  problems(snapshot: Snapshot): Generator<unknown, readonly Diagnostic[]>;
  /** What each system call of a plain run returns; yields between portions of a few hundred micro-steps. */
  hints(snapshot: Snapshot): Generator<unknown, readonly ResultHint[]>;
  /** A run, verdicts or outcomes, as text. */
  command(snapshot: Snapshot, name: CommandName): Generator<unknown, string>;
  /** The state after each line of a plain run, as Markdown by line. */
  states(snapshot: Snapshot): Generator<unknown, ReadonlyMap<number, string>>;
  /** What kernels will say to the statements; `chosen`: the snapshot's kernel was chosen by the user. */
  predictions(snapshot: Snapshot, chosen: boolean): Generator<unknown, readonly Diagnostic[]>;
}

export const simulation: Simulation = {
  *problems(snapshot) {
    return (yield* elaboratingOnce(snapshot)).diagnostics;
  },
  hints: resultHints,
  states: stateNotes,
  command: commandText,
  *predictions(snapshot, chosen) {
    return yield* predicting(snapshot.scenario, {
      ...(chosen && { profile: snapshot.profile }),
      includes: includedScenario(snapshot),
      elaborated: yield* elaboratingOnce(snapshot),
    });
  },
};
