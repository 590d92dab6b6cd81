/**
 * What a scenario calls the objects of the kernel: `vm`, not VM 0.
 *
 * An object is called by the first name that was bound to a descriptor of it and that still means it. It keeps the name
 * when the descriptor is closed and it lives on; an object that takes its place later does not inherit it. Grows with the
 * run. Cost of a question: a binary search; of growing: one look at each event.
 */

import type { Run } from '../engine/run.ts';
import { FILE_KIND_NAMES, type FileKind } from '../files/kinds.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

/** An open file, from when the call that made it has returned. */
interface OpenFile {
  readonly kind: FileKind;
  readonly position: number;
  readonly bindings: Binding[];
}

/** A name was given a value. */
interface Binding {
  readonly position: number;
  readonly name: string;
  readonly process: number;
  /** What the value names as a descriptor of the process, if anything. */
  readonly file: OpenFile | undefined;
}

const NOTHING = 0;
const NAME = 1;
const FILE = 2;
const DESCRIPTOR = 3;

export class ObjectNames {
  readonly #run: Run;
  /** By slot: what a change of it means here. */
  readonly #watched: Uint8Array;
  readonly #nameOfSlot: ReadonlyMap<number, string>;
  /** Descriptors, kinds and objects of files as they are after the last step that was looked at; other slots are stale. */
  readonly #values: Int32Array;
  #events = 0;
  /** Steps that have begun, and who made the last of them. */
  #steps = 0;
  #actor = -1;
  /** A call has returned in that step. */
  #done = false;
  /** Per actor: files and names that its call has changed, to be looked at when it returns. */
  readonly #files: Set<number>[];
  readonly #names: string[][];
  readonly #byObject = new Map<string, OpenFile[]>();
  readonly #byFile = new Map<number, OpenFile[]>();
  readonly #history = new Map<string, Binding[]>();

  constructor(run: Run) {
    const { layout, names, world } = run.model;
    const { files, topology } = world;
    this.#run = run;
    this.#values = layout.initial.slice();
    this.#watched = new Uint8Array(layout.initial.length);
    this.#nameOfSlot = new Map([...names].map(([name, slot]) => [slot, name]));
    for (const slot of names.values()) this.#watched[slot] = NAME;
    for (const field of [files.kind, files.object]) this.#watched.fill(FILE, field.base, field.base + field.size);
    this.#watched.fill(DESCRIPTOR, files.descriptor.base, files.descriptor.base + files.descriptor.size);
    this.#files = topology.actors.map(() => new Set());
    this.#names = topology.actors.map(() => []);
  }

  /** The name of the object of files of a kind, at a position of the run. */
  ofObject(kind: FileKind, object: number, position: number): string | undefined {
    this.#extend();
    return this.#nameOf(this.#byObject.get(keyOf(kind, object)), position);
  }

  /** The name that an object had when an event happened. */
  atEvent(kind: FileKind, object: number, event: number): string | undefined {
    return this.ofObject(kind, object, this.#run.stepOfEvent(event));
  }

  /** The name of an open file. */
  ofFile(file: number, position: number): string | undefined {
    this.#extend();
    return this.#nameOf(this.#byFile.get(file), position);
  }

  /** An open file as it was when an event happened: its kind, and its name if it has one. */
  fileAtEvent(file: number, event: number): { readonly kind: FileKind; readonly name: string | undefined } | undefined {
    const position = this.#run.stepOfEvent(event);
    const name = this.ofFile(file, position);
    const open = last(this.#byFile.get(file), position);
    return open && { kind: open.kind, name };
  }

  /** The process whose descriptor a name is; undefined when it is not bound yet. */
  processOf(name: string, position: number): number | undefined {
    this.#extend();
    return last(this.#history.get(name), position)?.process;
  }

  #nameOf(files: readonly OpenFile[] | undefined, position: number): string | undefined {
    return last(files, position)?.bindings.find(
      (binding) => binding.position <= position && last(this.#history.get(binding.name), position) === binding,
    )?.name;
  }

  #extend(): void {
    const { log } = this.#run;
    const watched = this.#watched;
    const end = this.#run.events * EVENT_WIDTH;
    let at = this.#events * EVENT_WIDTH;
    this.#events = this.#run.events;
    for (; at < end; at += EVENT_WIDTH) {
      const slot = log[at]!;
      if (slot >= 0) {
        if (watched[slot] !== NOTHING) this.#changed(slot, log[at + 2]!);
      } else if (slot === NOTE.step || slot === NOTE.environment) {
        this.#stepOver();
        this.#steps++;
        this.#actor = slot === NOTE.step ? log[at + 1]! : -1;
      } else if (slot === NOTE.done) this.#done = true;
    }
    this.#stepOver();
  }

  /** All events of a step have been looked at: names are bound after the call's end, in the same step. */
  #stepOver(): void {
    if (this.#done) this.#returned(this.#actor, this.#steps);
    this.#done = false;
  }

  #changed(slot: number, value: number): void {
    const { kind, object } = this.#run.model.world.files;
    const actor = this.#actor;
    this.#values[slot] = value;
    if (this.#watched[slot] === NAME) this.#names[actor]?.push(this.#nameOfSlot.get(slot) ?? '');
    else if (this.#watched[slot] === FILE)
      this.#files[actor]?.add(slot - (slot >= kind.base && slot < kind.base + kind.size ? kind.base : object.base));
  }

  /** A call has returned: the files that it has made are complete, and the names that it has bound mean something. */
  #returned(actor: number, position: number): void {
    const made = this.#files[actor]!;
    const bound = this.#names[actor]!;
    if (made.size + bound.length === 0) return;
    for (const file of made) this.#made(file, position);
    made.clear();
    for (const name of bound.splice(0)) this.#bound(actor, name, position);
  }

  #made(index: number, position: number): void {
    const { files } = this.#run.model.world;
    const kind = FILE_KIND_NAMES[this.#values[files.kind.base + index]!] ?? 'none';
    if (kind === 'none') return;
    const file: OpenFile = { kind, position, bindings: [] };
    append(this.#byObject, keyOf(kind, this.#values[files.object.base + index]!), file);
    append(this.#byFile, index, file);
  }

  #bound(actor: number, name: string, position: number): void {
    const { model } = this.#run;
    const { files, topology } = model.world;
    const process = Math.max(topology.actors[actor]?.process ?? 0, 0);
    const descriptors = files.descriptor.size / topology.processes.length;
    const fd = this.#values[model.names.get(name)!]!;
    const open =
      fd < 0 || fd >= descriptors ? 0 : (this.#values[files.descriptor.base + process * descriptors + fd] ?? 0);
    const binding: Binding = { position, name, process, file: this.#byFile.get(open - 1)?.at(-1) };
    binding.file?.bindings.push(binding);
    append(this.#history, name, binding);
  }
}

function keyOf(kind: FileKind, object: number): string {
  return `${kind} ${object}`;
}

function append<K, T>(lists: Map<K, T[]>, key: K, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The last of a list in ascending order whose position is not above the wanted one. */
function last<T extends { readonly position: number }>(all: readonly T[] | undefined, position: number): T | undefined {
  let low = 0;
  let high = all?.length ?? 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all?.[middle]?.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return all?.[low - 1];
}
