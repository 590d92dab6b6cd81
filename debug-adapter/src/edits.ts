/** Changing a value in the debugger: which slots it is in. What is recorded stays as it is; a changed state begins a branch. */
import { type Edit, LINE, type Model } from '@snoopscope/sim-core';
import { cpuOf } from './memory-view.ts';
import type { Moment } from './moment.ts';
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import { lineState } from './scopes/words.ts';

/** The slots of a variable that is called by its expression: a word, a register, a bound name, a count of KVM or VFIO. */
export function editsOf(moment: Moment, actor: number, expression: string, text: string): Edit[] {
  const value = numberOf(text);
  const { model } = moment;
  const word = wordNamed(model, expression);
  if (word >= 0) return wordEdits(moment, 'memory', word, value);
  const slot = slotOf(model, actor, expression.trim());
  if (slot !== undefined) return [{ slot, value }];
  throw new RequestError(
    `${expression.trim()} cannot be changed: words, registers and names that calls bind can. What KVM and VFIO believe changes through calls only.`,
  );
}

/** A word as one observer has it. */
export function wordEdits(moment: Moment, view: string, word: number, value: number): Edit[] {
  const { memory, topology } = moment.model.world;
  const words = topology.words.length;
  const line = topology.words[word]?.line ?? 0;
  const cached = (cpu: number): Edit[] =>
    lineState(moment, cpu, line) === LINE.invalid ? [] : [{ slot: memory.cached.base + cpu * words + word, value }];
  const dram: Edit = { slot: memory.dram.base + word, value };
  if (view === 'dram') return [dram];
  const cpu = cpuOf(view);
  if (cpu >= 0) {
    const own = cached(cpu);
    if (own.length > 0) return own;
    throw new RequestError(`cpu${cpu}'s cache does not hold ${topology.words[word]?.name}: change it in DRAM.`);
  }
  if (view !== 'memory') throw new RequestError(`${view} holds no memory of its own: change it in DRAM or in a cache.`);
  // Now that all copies have the value, none is old.
  const newest = moment.read(memory.latest, word);
  const version: Edit = { slot: memory.dramVersion.base + word, value: newest };
  const copies = Array.from({ length: topology.cpu.count }, (_, one) => one).filter((one) => cached(one).length > 0);
  const versions = copies.map((one): Edit => ({ slot: memory.cachedVersion.base + one * words + word, value: newest }));
  return [dram, version, ...copies.flatMap(cached), ...versions];
}

export function wordNamed({ world }: Model, expression: string): number {
  const name = /^\[?\s*([A-Za-z_]\w*)\s*\]?$/.exec(expression.trim())?.[1];
  return world.topology.words.findIndex((word) => word.name === name);
}

function slotOf({ names, registers, world }: Model, actor: number, expression: string): number | undefined {
  const [owner = '', register] = expression.split('.');
  if (register === undefined) return registers[actor]?.get(owner) ?? names.get(owner);
  const { actors, devices } = world.topology;
  const own = registers[actors.findIndex(({ name }) => name === owner)]?.get(register);
  return (
    own ??
    world.pcie.registerSlot(
      devices.findIndex(({ name }) => name === owner),
      register,
    )
  );
}

/** A value of 32 bits, as the model has them. */
export function numberOf(text: string): number {
  const trimmed = text.trim();
  const value = /^-?(0x[0-9a-f]+|\d+)$/i.test(trimmed)
    ? Number(trimmed.replace('-', '')) * (trimmed.startsWith('-') ? -1 : 1)
    : Number.NaN;
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return value;
  throw new RequestError(
    `${trimmed || 'Nothing'} is not a value here: write a whole number of 32 bits, such as 5 or 0x10.`,
  );
}

/** `x = 5`: what the user has changed in a step. */
export function editText({ model, track }: RunCursor, step: number): string {
  const deed = track.deedOf(step);
  const parts = typeof deed === 'number' ? [] : deed.flatMap((edit) => editPart(model, edit) ?? []);
  return [...new Set(parts)].join(', ') || 'changed in the debugger';
}

/** A word in DRAM or in a cache, a register or a bound name; versions of words go with their values. */
function editPart({ names, registers, world }: Model, { slot, value }: Edit): string | undefined {
  const { devices, words } = world.topology;
  const { cached, dram } = world.memory;
  const index = [dram, cached].flatMap(({ base, size }) =>
    slot >= base && slot < base + size ? [slot - base] : [],
  )[0];
  if (index !== undefined) return `${words[index % words.length]?.name} = ${value}`;
  for (const [name, own] of names) if (own === slot) return `${name} = ${value}`;
  for (const [actor, all] of registers.entries())
    for (const [name, own] of all) if (own === slot) return `${world.topology.actors[actor]?.name}.${name} = ${value}`;
  for (const [device, { name, registers: own }] of devices.entries()) {
    const register = own.find((one) => world.pcie.registerSlot(device, one) === slot);
    if (register !== undefined) return `${name}.${register} = ${value}`;
  }
  return undefined;
}
