/** What a program can see of a run: names, errnos, registers of vCPUs, words. */
import type { Model } from '../../engine/model.ts';
import { guestRegister } from './guest-code.ts';
import { cName, cString } from './text.ts';

/** Statements that print what names, words and registers hold at the end. */
export function printedFinalValues(model: Model, guests: boolean): string[] {
  return [
    ...[...model.names.keys()].map((name) => `printf("# final ${name} = %lld\\n", (long long)${cName('N', name)});`),
    ...model.world.topology.words.map(
      ({ name, address }) => `printf("# final [${name}] = %d\\n", *(volatile int *)0x${address.toString(16)}ul);`,
    ),
    ...registers(model, guests).map(({ name, value }) => `printf("# final ${name} = %d\\n", ${value});`),
  ];
}

function registers(model: Model, guests: boolean): { readonly name: string; readonly value: string }[] {
  return model.world.topology.actors.flatMap(({ kind, name }, actor) =>
    kind === 'vcpu' && guests
      ? [...(model.registers[actor]?.keys() ?? [])].flatMap((register) => {
          const index = guestRegister(register);
          return index === undefined
            ? []
            : [{ name: `${name}.${register}`, value: `atomic_load(&S->reg[${actor}][${index}])` }];
        })
      : [],
  );
}

/** Statements that write an outcome: what conditions mention and a program sees, and names that threads bind. */
export function outcomeCode(model: Model, bound: readonly string[]): string[] {
  const lines = new Map<string, string>();
  for (const { terms, applies } of model.conditions) {
    if (!applies) continue;
    for (const { name } of terms) {
      const value = observed(model, name);
      if (value !== undefined) lines.set(name, outcomeLine(name, value));
    }
  }
  // What threads bind is of interest even where conditions are about what a program cannot see.
  for (const name of bound) {
    if (!lines.has(name)) lines.set(name, outcomeLine(name, cName('N', name)));
  }
  return [...lines.values()];
}

function observed(model: Model, term: string): string | undefined {
  if (model.names.has(term)) return cName('N', term);
  const { words, actors } = model.world.topology;
  const word = words.find(({ name }) => term === `[${name}]`);
  if (word) return `*(volatile int *)0x${word.address.toString(16)}ul`;
  const actor = actors.findIndex(({ name }) => term.startsWith(`${name}.`));
  if (actor < 0) return undefined;
  const member = term.slice((actors[actor]?.name.length ?? 0) + 1);
  if (member === 'err') return `atomic_load(&S->err[${actor}])`;
  const register = actors[actor]?.kind === 'vcpu' ? guestRegister(member) : undefined;
  return register === undefined ? undefined : `atomic_load(&S->reg[${actor}][${register}])`;
}

function outcomeLine(term: string, value: string): string {
  return `end += sprintf(end, "%s=%lld; ", ${cString(term)}, (long long)${value});`;
}
