/** A place in a run that a picture shows: the state there, what it was a step earlier, and what objects are called. */
import type { Model } from '../engine/model.ts';
import type { Run } from '../engine/run.ts';
import type { ObjectNames } from '../explain/object-names.ts';
import { nodeOfStep } from '../explain/statement-text.ts';
import type { FileKind } from '../files/kinds.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import type { Field } from '../state/layout.ts';

export interface PlaceOptions {
  /** What has changed since this position is marked; since the step before without. */
  readonly since?: number;
}

/** One state, ready to be read. */
export class Scene {
  readonly model: Model;
  readonly state: Int32Array;
  readonly #names: ObjectNames;
  readonly #position: number;

  constructor(model: Model, state: Int32Array, names: ObjectNames, position: number) {
    this.model = model;
    this.state = state;
    this.#names = names;
    this.#position = position;
  }

  read(field: Field, index = 0): number {
    return this.state[field.base + index]!;
  }

  /** What the scenario calls an object, or its kind and number. */
  name(kind: FileKind, object: number): string {
    return this.#names.ofObject(kind, object, this.#position) ?? `${WORDS[kind] ?? kind} ${object}`;
  }

  vcpu(index: number): string {
    const { kvm, topology } = this.model.world;
    const actor = topology.actors.find((_, i) => this.read(kvm.actorVcpu, i) === index + 1);
    return actor?.name ?? this.name('vcpu', index);
  }

  group(index: number): string {
    return `group ${this.model.world.topology.groups[index]?.number ?? index}`;
  }
}

const WORDS: Readonly<Partial<Record<FileKind, string>>> = {
  vm: 'VM',
  vcpu: 'vCPU',
  container: 'container',
  iommufd: 'iommufd',
  'kvm-vfio': 'kvm-vfio device',
};

/** Cursor and state as a {@link Cursor} has them; only read. */
export interface CursorPlace {
  readonly run: Run;
  readonly state: Int32Array;
  readonly position: number;
}

/** The scene at a cursor, and the one that changes are marked against. */
export function scenesOf(
  { run, state, position }: CursorPlace,
  names: ObjectNames,
  since: number,
): { readonly now: Scene; readonly before: Scene } {
  const earlier = state.slice();
  const { log } = run;
  for (let event = firstEvent(run, position) - 1; event >= firstEvent(run, since); event--) {
    const slot = log[event * EVENT_WIDTH]!;
    if (slot >= 0) earlier[slot] = log[event * EVENT_WIDTH + 1]!;
  }
  return {
    now: new Scene(run.model, state, names, position),
    before: new Scene(run.model, earlier, names, position),
  };
}

/** A position within the run that is not after the cursor's. */
export function sinceOf(position: number, { since }: PlaceOptions): number {
  return Math.max(0, Math.min(since ?? position - 1, position));
}

/** The first event after a position. */
export function firstEvent(run: Run, position: number): number {
  return position >= run.steps ? run.events : run.step(position).firstEvent;
}

/** Who made an event, and where in the scenario: `vcpu0, line 12`. */
export function doneBy(run: Run, event: number): string {
  const step = run.stepOfEvent(event);
  const { actor } = run.step(step);
  const node = nodeOfStep(run, step);
  const { environment, nodes, world } = run.model;
  if (actor < 0) return environment[node]?.name ?? 'the environment';
  return `${world.topology.actors[actor]?.name}, line ${(nodes[node]?.place.line ?? 0) + 1}`;
}
