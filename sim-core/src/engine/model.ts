/** A scenario elaborated for one kernel: everything that is constant while it runs. */
import type { ScenarioSource } from '../scenario/elaborate/scenario-sources.ts';
import type { FactQuestion } from '../scenario/facts.ts';
import type { Layout } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World } from '../world.ts';
import type { Finding } from './monitors/table.ts';
import type { ProgramNode } from './program.ts';
import type { TaskFields } from './task.ts';

export interface Model {
  readonly world: World;
  /** The scenario (0) and the files it includes: what `Place.file` counts in. */
  readonly sources: readonly ScenarioSource[];
  readonly layout: Layout;
  readonly tasks: TaskFields;
  /** Nodes of all actors' programs; an actor's `node` slot holds one of these. */
  readonly nodes: readonly ProgramNode[];
  /** Per actor: the node where its program ends. */
  readonly ends: readonly number[];
  /** Index of the actor `setup`, or -1. It runs first and alone. */
  readonly setup: number;
  readonly moves: readonly Move[];
  readonly environment: readonly EnvironmentMove[];
  /** Slots of the names that system calls bind: file-wide. */
  readonly names: ReadonlyMap<string, number>;
  /** Per actor: its registers by name (`eax`, `r0`). */
  readonly registers: readonly ReadonlyMap<string, number>[];
  /** Per actor: the slot of its last errno, for those that a condition asks about. */
  readonly errors: readonly (number | undefined)[];
  readonly conditions: readonly CompiledCondition[];
  /** The schedule written in the file, if any. */
  readonly schedule: readonly ScheduledMove[];
  readonly granularity: Granularity;
  /** The schedule is the only execution that is judged. */
  readonly onlySchedule: boolean;
  /** Findings that conditions mention. */
  readonly tracked: ReadonlySet<Finding>;
  /** The slot of the actor that moved last, plus one; only in searches that count switches. */
  readonly lastMover?: number;
}

export type Granularity = 'micro' | 'statement';

/** One thing that may happen next. Its index in `Model.moves` is what schedules and the explorer count in. */
export type Move =
  | { readonly kind: 'actor'; readonly actor: number; readonly alternative: number; readonly name: string }
  | {
      readonly kind: 'environment';
      readonly index: number;
      readonly name: string;
      /** It happens sooner or later, so nothing is final while it is possible. These come before the others. */
      readonly inevitable: boolean;
    };

/** What the environment may do at any time: what the scenario allows, and what the hardware does by itself. */
export interface EnvironmentMove {
  /** As in a schedule: `evict(x,cpu0)`. */
  readonly name: string;
  /** Does it, and says whether it was possible. Must write nothing when it was not. */
  readonly run: (machine: Machine) => boolean;
  /** It happens sooner or later: a posted write arrives. What is only allowed may also never happen. */
  readonly inevitable?: boolean;
}

export interface ScheduledMove {
  readonly move: number;
  readonly count: number;
}

export interface CompiledCondition {
  readonly quantifier: 'exists' | '~exists' | 'forall';
  /** The condition as it is in the file. */
  readonly text: string;
  readonly line: number;
  /** Does it apply to this profile? */
  readonly applies: boolean;
  /** Set when the whole proposition is a finding: it is about what happened, also where no execution ever ends. */
  readonly finding?: Finding;
  /** Its truth in a final state. */
  readonly holds: (state: Int32Array) => boolean;
  /** Registers, words and facts that it mentions, for the histogram of outcomes. */
  readonly terms: readonly {
    readonly name: string;
    readonly read: (state: Int32Array) => number;
    readonly text: (value: number) => string;
    /** Set when it asks a fact. */
    readonly fact?: FactQuestion;
  }[];
}
