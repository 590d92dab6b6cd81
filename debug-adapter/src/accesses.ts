/**
 * Who wrote a variable and who read it, from the run's log. For a word of memory every write counts, also of the value
 * that was there; for a register or a bound name every statement that sets it; for anything else every change of what the
 * variable depends on.
 */
import {
  BUFFERED,
  describeEvent,
  EDIT,
  EVENT_WIDTH,
  type LineContent,
  type Model,
  NOTE,
  type Run,
} from '@snoopscope/sim-core';
import { editText } from './edits.ts';
import type { RunCursor } from './run-cursor.ts';
import { differences, type VariablePlace, Watch } from './watch.ts';

export interface Access {
  /** The step in which it happened; the position after it is the step + 1. */
  readonly step: number;
  /** The step of the statement that stored it: an earlier one when the store has waited in a buffer. */
  readonly issued: number;
  readonly kind: 'write' | 'read';
  readonly text: string;
}

/** Accesses before a position. */
export interface Accesses {
  /** The latest first. */
  readonly latest: readonly Access[];
  /** The last write, wherever it is among all. */
  readonly write: Access | undefined;
  /** How many more there are before the latest; `some` where counting would take as long as finding them. */
  readonly more: number | 'some';
}

/** The latest accesses before a position, so many at most; the latest of each kind if no number is given. */
export function accessesOf(cursor: RunCursor, place: VariablePlace, position: number, most?: number): Accesses {
  const { model, run } = cursor;
  const matches = matcher(cursor, place);
  const changed = changedBy(cursor, place);
  const word = wordOf(model, place);
  const issuedBy = word >= 0 && model.world.topology.cpu.storeBuffer ? storesOf(run, word) : undefined;
  const latest: Access[] = [];
  let write: Access | undefined;
  let more = 0;
  const end = position >= run.steps ? run.events : run.step(position).firstEvent;
  let step = -1;
  let first = end;
  /** The step of the last access of each kind. */
  const seen = { read: -1, write: -1 };
  for (let event = end - 1; event >= 0; event--) {
    const kind = matches(event);
    if (!kind || (most === undefined && seen[kind] >= 0)) continue;
    if (event < first) {
      step = run.stepOfEvent(event);
      first = run.step(step).firstEvent;
    }
    // A step that writes in several events is one write.
    if (seen[kind] === step || !changed(event, step)) continue;
    seen[kind] = step;
    const isShown = latest.length < (most ?? 2);
    if (!isShown && word < 0) return { latest, write, more: 'some' };
    if (!isShown) more++;
    if (!isShown && (kind === 'read' || write)) continue;
    const issued = kind === 'write' ? (issuedBy?.get(step) ?? step) : step;
    const access: Access = { step, issued, kind, text: accessText(cursor, event, step) };
    if (kind === 'write') write ??= access;
    if (isShown) latest.push(access);
    if (most === undefined && latest.length === 2) break;
  }
  return { latest, write, more };
}

/**
 * Did a step make something else of what is put together from several parts? A descriptor that is reserved changes nothing
 * of the VM that it will once lead to.
 */
function changedBy(cursor: RunCursor, place: VariablePlace): (event: number, step: number) => boolean {
  const { model, run } = cursor;
  if (wordOf(model, place) >= 0) return () => true;
  const watch = new Watch(model, cursor.observer, place, cursor.moment);
  const at = run.cursor();
  const reading = (position: number): ReturnType<Watch['read']> => {
    at.seek(position);
    return watch.read(at.state, position);
  };
  return (event, step) => {
    // A statement that sets a register sets it to the same value, too.
    if (run.log[event * EVENT_WIDTH] === NOTE.done) return true;
    const [before, after] = [reading(step), reading(step + 1)];
    return before === undefined || after === undefined ? before !== after : differences('', before, after).length > 0;
  };
}

/** By the step in which a store of a word took effect: the step in which it was executed. A CPU's stores keep their order. */
function storesOf(run: Run, word: number): ReadonlyMap<number, number> {
  const waiting = new Map<number, number[]>();
  const issued = new Map<number, number>();
  for (let event = 0; event < run.events; event++) {
    const at = event * EVENT_WIDTH;
    const [code, cpu] = [run.log[at]!, run.log[at + 1]!];
    if (code === NOTE.buffered && run.log[at + 3] === word && STORES.has(run.log[at + 2]!)) {
      const queue = waiting.get(cpu);
      if (queue) queue.push(run.stepOfEvent(event));
      else waiting.set(cpu, [run.stepOfEvent(event)]);
    } else if (code === NOTE.access && run.log[at + 2] === word && (run.log[at + 3]! & 1) !== 0) {
      const first = waiting.get(cpu)?.shift();
      if (first !== undefined) issued.set(run.stepOfEvent(event), first);
    }
  }
  return issued;
}

const STORES: ReadonlySet<number> = new Set([BUFFERED.indexOf('store'), BUFFERED.indexOf('movnti')]);

/** What was done: the access itself where an event says it, else all that the step did; '' if that changed nothing. */
function accessText(cursor: RunCursor, event: number, step: number): string {
  const { model, run, names, stepTexts, track } = cursor;
  const said = (at: number): boolean => {
    const code = run.log[at * EVENT_WIDTH]!;
    return code === NOTE.access || code === NOTE.tlp;
  };
  if (track.isEdit(step)) return editText(cursor, step);
  if (said(event)) return describeEvent(model, run.log, event, names)?.text ?? '';
  // The store or TLP that made the new version of a word is beside it in the same step.
  const word = run.log[event * EVENT_WIDTH]! - model.world.memory.latest.base;
  const { firstEvent, endEvent } = run.step(step);
  for (let at = firstEvent; at < endEvent; at++) {
    const detail = run.log[at * EVENT_WIDTH + 3]!;
    if (said(at) && run.log[at * EVENT_WIDTH + 2] === word && (detail & 1) !== 0)
      return describeEvent(model, run.log, at, names)?.text ?? '';
  }
  return stepTexts.happenings(step).length > 0 ? stepTexts.of(step).join('; ') : '';
}

export type Matcher = (event: number) => Access['kind'] | undefined;

function matcher(cursor: RunCursor, place: VariablePlace): Matcher {
  const { model, run } = cursor;
  const word = wordOf(model, place);
  if (word >= 0) return wordMatcher(model, run, word);
  const slots = slotsOf(cursor, place);
  const setters = settersOf(model, slots);
  return (event) => {
    const at = event * EVENT_WIDTH;
    const code = run.log[at]!;
    if (code === NOTE.done) return setters.has(run.log[at + 2]!) ? 'write' : undefined;
    return code >= 0 && slots.has(code) ? 'write' : undefined;
  };
}

/** A write of a word makes a new version of it. */
export function wordMatcher(model: Model, run: Run, word: number): Matcher {
  const { memory, topology } = model.world;
  const version = memory.latest.base + word;
  // Who changes a value in the debugger changes copies of the same version.
  const cpus = Array.from({ length: topology.cpu.count }, (_, cpu) => cpu);
  const copies = new Set([
    memory.dram.base + word,
    ...cpus.map((cpu) => memory.cached.base + cpu * topology.words.length + word),
  ]);
  return (event) => {
    const at = event * EVENT_WIDTH;
    const code = run.log[at]!;
    if (code === version || (copies.has(code) && isByHand(run, event))) return 'write';
    if ((code !== NOTE.access && code !== NOTE.tlp) || run.log[at + 2] !== word) return undefined;
    // Of both, the lowest bit of the detail says that it writes.
    const isWrite = (run.log[at + 3]! & 1) !== 0;
    return isWrite ? undefined : 'read';
  };
}

/** Is a change part of a step that the user has made by hand? */
function isByHand({ log }: Run, event: number): boolean {
  let at = event * EVENT_WIDTH;
  while (at > 0 && log[at]! >= 0) at -= EVENT_WIDTH;
  return log[at] === NOTE.environment && log[at + 1] === EDIT;
}

/** The word of memory that a variable is, or -1. */
export function wordOf(model: Model, { root, names }: VariablePlace): number {
  const { words } = model.world.topology;
  const named = (name: string | undefined): number => words.findIndex((word) => word.name === name);
  if ('words' in root) return root.words.length === 1 ? named(root.words[0]) : -1;
  if ('scope' in root) return root.scope === 'Memory' && names.length > 0 ? named(names[0]) : -1;
  return names.length > 0 ? -1 : named(/^\[?\s*([A-Za-z_]\w*)\s*\]?$/.exec(root.expression)?.[1]);
}

function slotsOf({ model, observer, moment, state, position }: RunCursor, place: VariablePlace): ReadonlySet<number> {
  const watch = new Watch(model, observer, place, moment);
  watch.read(state, position);
  // `noncoherent(vm)` is about the VM, not about when its descriptor got a name.
  const bound = new Set(model.names.values());
  const others = new Set([...watch.slots].filter((slot) => !bound.has(slot)));
  return others.size > 0 ? others : watch.slots;
}

/** Statements that set a register or a name, whatever it holds: no slot changes when it is the same value again. */
function settersOf(model: Model, slots: ReadonlySet<number>): ReadonlySet<number> {
  const setters = new Set<number>();
  // What is made of several slots is written by what changes it.
  if (slots.size !== 1) return setters;
  for (const node of model.nodes) {
    if (node.kind !== 'statement') continue;
    const content = model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
    const slot =
      content?.kind === 'action' || content?.kind === 'syscall' ? targetOf(model, node.actor, content) : undefined;
    if (slot !== undefined && slots.has(slot)) setters.add(node.id);
  }
  return setters;
}

type Setting = Extract<LineContent, { kind: 'action' | 'syscall' }>;

/** The slot of the register or name that a line sets. */
function targetOf({ names, registers, world }: Model, actor: number, content: Setting): number | undefined {
  if (content.bind) return registers[actor]?.get(content.bind.text) ?? names.get(content.bind.text);
  if (content.kind !== 'action' || content.op.text !== 'mov') return undefined;
  const [first] = content.operands;
  if (first?.kind === 'name') return registers[actor]?.get(first.name);
  if (first?.kind !== 'memory' || !first.member) return undefined;
  const device = world.topology.devices.findIndex(({ name }) => name === first.name.text);
  return world.pcie.registerSlot(device, first.member.text);
}
