/** What the machine holds at the end of a run, as far as a scenario can speak of it. */
import type { Model } from '../engine/model.ts';
import { LINE } from '../memory/memory.ts';

export interface FinalValue {
  /** As a condition writes it: `gpu.r0`, `[x]`, `exits(vcpu0, WBINVD)`. */
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

/** Registers of every actor, what the conditions mention, and each word where copies of it differ. */
export function finalValues(model: Model, state: Int32Array): FinalValue[] {
  const values: FinalValue[] = [];
  const add = (name: string, value: number, text = String(value)): void => {
    if (!values.some((known) => known.name === name)) values.push({ name, value, text });
  };
  for (const [actor, registers] of model.registers.entries()) {
    const owner = model.world.topology.actors[actor]?.name;
    for (const [name, slot] of registers) add(`${owner}.${name}`, state[slot]!);
  }
  for (const condition of model.conditions) {
    if (!condition.applies) continue;
    for (const term of condition.terms) add(term.name, term.read(state), term.text(term.read(state)));
  }
  for (const [word, { name }] of model.world.topology.words.entries()) {
    values.push({ name: `[${name}]`, value: newest(model, state, word), text: copiesText(model, state, word) });
  }
  return values.filter(({ name }, index) => values.findLastIndex((other) => other.name === name) === index);
}

/** Where each copy of a word is: `0 in DRAM, 1 modified in cpu0's cache`. */
function copiesText(model: Model, state: Int32Array, word: number): string {
  const copies = modifiedCopies(model, state, word).map(({ cpu, value }) => `${value} modified in cpu${cpu}'s cache`);
  return [`${state[model.world.memory.dram.base + word]} in DRAM`, ...copies].join(', ');
}

function newest(model: Model, state: Int32Array, word: number): number {
  return modifiedCopies(model, state, word)[0]?.value ?? state[model.world.memory.dram.base + word]!;
}

function modifiedCopies(model: Model, state: Int32Array, word: number): { cpu: number; value: number }[] {
  const { memory, topology } = model.world;
  const line = topology.words[word]!.line;
  return Array.from({ length: topology.cpu.count }, (_, cpu) => cpu)
    .filter((cpu) => state[memory.lineState.base + cpu * topology.lines.length + line] === LINE.modified)
    .map((cpu) => ({ cpu, value: state[memory.cached.base + cpu * topology.words.length + word]! }));
}
