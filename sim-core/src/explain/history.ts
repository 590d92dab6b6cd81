/** Questions about the past of a run, answered from its log. Cost of each: linear in the events looked at. */

import type { Model } from '../engine/model.ts';
import type { AnyRoutine } from '../engine/routine.ts';
import type { Run } from '../engine/run.ts';
import { translatesByFirstStage } from '../iommu/domain.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { LINE } from '../memory/memory.ts';
import type { Source } from '../ops/op.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import type { Field } from '../state/layout.ts';
import { NOTE } from '../state/machine.ts';
import type { IommuModel } from '../topology.ts';

export class History {
  readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  get model(): Model {
    return this.run.model;
  }

  get log(): Int32Array {
    return this.run.log;
  }

  /** Operand 1 to 3 of an event. */
  operand(event: number, index: 1 | 2 | 3): number {
    return this.log[event * EVENT_WIDTH + index]!;
  }

  /** What a slot held just before an event. */
  valueAt(slot: number, event: number): number {
    for (let e = event - 1; e >= 0; e--) {
      if (this.log[e * EVENT_WIDTH] === slot) return this.operand(e, 2);
    }
    return this.model.layout.initial[slot]!;
  }

  /** The sum of what a field's slots held just before an event. */
  valueSum(field: Field, event: number): number {
    let sum = 0;
    for (let slot = field.base; slot < field.base + field.size; slot++) sum += this.valueAt(slot, event);
    return sum;
  }

  /** The whole state just before an event. */
  stateAt(event: number): Int32Array {
    const state = this.model.layout.initial.slice();
    for (let e = 0; e < event; e++) {
      const slot = this.log[e * EVENT_WIDTH]!;
      if (slot >= 0) state[slot] = this.operand(e, 2);
    }
    return state;
  }

  /** The last event before `event` at which a slot took a value, or -1. */
  lastChange(slot: number, event: number, value: number): number {
    return this.lastChangeWhere(slot, event, (_old, now) => now === value);
  }

  lastChangeWhere(slot: number, event: number, wanted: (old: number, value: number) => boolean): number {
    for (let e = event - 1; e >= 0; e--) {
      if (this.log[e * EVENT_WIDTH] === slot && wanted(this.operand(e, 1), this.operand(e, 2))) return e;
    }
    return -1;
  }

  /** The last event before `event`, in the same step, whose code is wanted; -1 when there is none. */
  before(event: number, wanted: (code: number) => boolean): number {
    const first = this.run.step(this.run.stepOfEvent(event)).firstEvent;
    for (let e = event - 1; e >= first; e--) if (wanted(this.log[e * EVENT_WIDTH]!)) return e;
    return -1;
  }

  lastBefore(event: number, wanted: (code: number, a: number, b: number) => boolean): number {
    for (let e = event - 1; e >= 0; e--) {
      if (wanted(this.log[e * EVENT_WIDTH]!, this.operand(e, 1), this.operand(e, 2))) return e;
    }
    return -1;
  }

  /** The first event in [from, to) that is wanted, or -1. */
  find(from: number, to: number, wanted: (code: number, a: number, b: number) => boolean): number {
    for (let e = from; e < to; e++) {
      if (wanted(this.log[e * EVENT_WIDTH]!, this.operand(e, 1), this.operand(e, 2))) return e;
    }
    return -1;
  }

  /** All events in [from, to) of one happening. */
  collect(from: number, to: number, code: number): number[] {
    const events: number[] = [];
    for (let e = from; e < to; e++) if (this.log[e * EVENT_WIDTH] === code) events.push(e);
    return events;
  }

  /** The actor whose step an event belongs to; -1 for the environment. */
  actorOf(event: number): number {
    return event < 0 ? -1 : this.run.step(this.run.stepOfEvent(event)).actor;
  }

  actorText(event: number): string {
    const actor = this.actorOf(event);
    return actor < 0 ? 'the environment' : this.actorName(actor);
  }

  actorName(actor: number): string {
    return this.model.world.topology.actors[actor]?.name ?? 'somebody';
  }

  /** The statement that an event belongs to, as [first event, end event): from its first step to its `done`. */
  statementAround(event: number): [number, number] {
    const actor = this.actorOf(event);
    let first = this.run.stepOfEvent(event);
    const { node } = this.run.step(first);
    for (let s = first - 1; s >= 0; s--) {
      const info = this.run.step(s);
      if (info.actor !== actor) continue;
      if (
        this.find(info.firstEvent, info.endEvent, (code, a) => code === NOTE.done && a === actor) >= 0 ||
        info.node !== node
      )
        break;
      first = s;
    }
    const from = this.run.step(first).firstEvent;
    let to = this.run.events;
    for (let e = from; e < this.run.events; e++) {
      if (this.log[e * EVENT_WIDTH] === NOTE.done && this.operand(e, 1) === actor) {
        to = e;
        break;
      }
    }
    return [from, to];
  }

  /** The routines that the actor of an event is in, outermost first. */
  stackAt(event: number): AnyRoutine[] {
    const actor = this.actorOf(event);
    if (actor < 0) return [];
    const { routines } = this.model.world.routines;
    const stack: number[] = [];
    const [first] = this.statementAround(event);
    for (let e = first; e <= event; e++) {
      const code = this.log[e * EVENT_WIDTH]!;
      if (this.operand(e, 1) !== actor) continue;
      if (code === NOTE.call) stack.push(this.operand(e, 2));
      else if (code === NOTE.return) stack.pop();
    }
    return stack.map((routine) => routines[routine]!);
  }

  /** The innermost routine that runs in the step of an event: a kernel function or an instruction. */
  routineName(event: number): string {
    if (this.actorOf(event) < 0) return 'the environment';
    return this.stackAt(event).at(-1)?.name ?? this.statementRoutine(event);
  }

  /** Where the innermost function at an event is to be read. */
  sourceAt(event: number): Source[] {
    const routine = this.stackAt(event).findLast(({ kind }) => kind === 'kernel');
    return routine ? [{ document: 'linux', place: `${routine.source} ${routine.name}()` }] : [];
  }

  /** `in kvm_put_kvm() (qemu, line 12)`: in which function, by whom, at which line. */
  doneBy(event: number): string {
    const routine = this.stackAt(event).findLast(({ kind }) => kind === 'kernel');
    return `${routine ? `in ${routine.name}() ` : ''}(${this.placeText(event)})`;
  }

  /** The last step of an actor before an event, or -1. */
  lastStepOf(actor: number, event: number): number {
    return this.lastBefore(event, (code, a) => code === NOTE.step && a === actor);
  }

  /** A field of the state by its name; it must exist. */
  fieldNamed(name: string): Field {
    const field = this.model.layout.fields.find((one) => one.name === name);
    if (!field) throw new Error(`no field ${name}`);
    return field;
  }

  /** Does a VT-d unit translate by first-level tables, which have no SNP bit? */
  isFirstStage(unit: IommuModel): boolean {
    return translatesByFirstStage(unit, this.model.world.topology.iommus, (id) => this.hasChange(id));
  }

  /** Does this kernel have a change? Asked about a run that is over, it does not count as consulted. */
  hasChange(id: ChangeId): boolean {
    return this.model.world.kernel.profile.changes.has(id);
  }

  /** Where an event comes from, for people: `vcpu0, line 12`. */
  placeText(event: number): string {
    if (event < 0) return 'the start';
    const info = this.run.step(this.run.stepOfEvent(event));
    if (info.actor < 0) return this.model.environment[info.node]?.name ?? 'the environment';
    const node = this.#statementNode(event);
    return `${this.actorText(event)}, line ${(node?.place.line ?? 0) + 1}`;
  }

  wordName(word: number): string {
    return this.model.world.topology.words[word]?.name ?? `word ${word}`;
  }

  kernelName(): string {
    return this.model.world.kernel.profile.name;
  }

  /** pCPUs whose caches hold a version of a word, modified, just before an event. */
  holders(event: number, word: number, version: number): number[] {
    const { memory, topology } = this.model.world;
    const line = topology.words[word]!.line;
    const cpus = Array.from({ length: topology.cpu.count }, (_, cpu) => cpu);
    return cpus.filter(
      (cpu) =>
        this.valueAt(memory.lineState.base + cpu * topology.lines.length + line, event) === LINE.modified &&
        this.valueAt(memory.cachedVersion.base + cpu * topology.words.length + word, event) >= version,
    );
  }

  combiningHolders(event: number, word: number): number[] {
    const { memory, topology } = this.model.world;
    const cpus = Array.from({ length: topology.cpu.count }, (_, cpu) => cpu);
    return cpus.filter((cpu) => this.valueAt(memory.wcValid.base + cpu * topology.words.length + word, event) !== 0);
  }

  cachedValue(event: number, cpu: number, word: number): number {
    const { memory, topology } = this.model.world;
    return this.valueAt(memory.cached.base + cpu * topology.words.length + word, event);
  }

  statementRoutine(event: number): string {
    const node = this.#statementNode(event);
    return node?.kind === 'statement' ? node.routine.name : '';
  }

  #statementNode(event: number): Model['nodes'][number] | undefined {
    const actor = this.actorOf(event);
    const done = this.find(event, this.run.events, (code, a) => code === NOTE.done && a === actor);
    // A statement that never ended is still at its own node.
    const id = done >= 0 ? this.operand(done, 2) : this.run.executor.machine.state[this.model.tasks.node.base + actor];
    return this.model.nodes[id!];
  }
}
