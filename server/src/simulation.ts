/**
 * What the server asks the simulator about a scenario: what keeps it from being executed, what its
 * calls return, and what kernels will say to its statements.
 *
 * In a browser this is a bundle of its own, fetched for the first scenario: without it the server knows the language and
 * its words, with it the machine. What goes in and out is plain data, so each bundle may have its own copy of the tables.
 */
import { type Diagnostic, predicting } from '@snoopscope/sim-core';
import { callableAt, callsFrom, callsTo } from './features/call-hierarchy.ts';
import { commandText } from './features/commands.ts';
import { elaboratingOnce } from './features/elaboration.ts';
import { includesAfter } from './features/moved-files.ts';
import { refactoringsOf } from './features/refactorings.ts';
import { type ResultHint, resultHints } from './features/results.ts';
import { setUpOffers } from './features/setups.ts';
import { stateNotes } from './features/states.ts';
import { typeDefinitionAt } from './features/type-definition.ts';
import { workspaceNames } from './features/workspace-symbols.ts';
import type { CommandName } from './protocol.ts';
import { includedScenario, type Snapshot } from './snapshot.ts';

/** What is asked now and then, and needs no simulator: it comes with it, so that the server itself stays small. */
export interface Extras {
  readonly callableAt: typeof callableAt;
  readonly callsFrom: typeof callsFrom;
  readonly callsTo: typeof callsTo;
  readonly includesAfter: typeof includesAfter;
  readonly refactoringsOf: typeof refactoringsOf;
  readonly setUpOffers: typeof setUpOffers;
  readonly typeDefinitionAt: typeof typeDefinitionAt;
  readonly workspaceNames: typeof workspaceNames;
}

export interface Simulation {
  readonly extras: Extras;
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
  extras: {
    callableAt,
    callsFrom,
    callsTo,
    includesAfter,
    refactoringsOf,
    setUpOffers,
    typeDefinitionAt,
    workspaceNames,
  },
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
