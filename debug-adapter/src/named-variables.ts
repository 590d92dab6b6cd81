/** Variables by the name that the scopes give them, where it is not an expression: `kvm->lock`, `wbinvd_dirty_mask`. */
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import { DECIMAL, type Item } from './scopes/item.ts';
import { SCOPES } from './scopes/table.ts';
import type { VariablePlace } from './watch.ts';

export interface NamedVariable {
  readonly item: Item;
  readonly place: VariablePlace;
}

/** How deep groups within groups are searched. */
const DEPTH = 3;

/** The variable of a name, as an actor's frame shows it; undefined when there is none, an error when there are several. */
export function namedVariable({ model, moment }: RunCursor, actor: number, wanted: string): NamedVariable | undefined {
  const name = wanted.trim().replace(/\s+/g, ' ');
  const by = model.world.topology.actors[actor]?.name ?? '';
  const found: NamedVariable[] = [];
  const look = (items: readonly Item[], scope: string, names: readonly string[]): void => {
    for (const item of items) {
      const inside = [...names, item.name];
      // The only lock of its kind needs no owner.
      if (item.name.startsWith(`${name} of `) || inside.some((_, from) => inside.slice(from).join(' ') === name))
        found.push({
          item,
          place: { root: { scope }, actor: by, names: inside },
        });
      else if (names.length < DEPTH && item.children) look(item.children(DECIMAL), scope, inside);
    }
  };
  for (const scope of SCOPES) {
    const items = scope.fleeting ? undefined : scope.items({ moment, actor });
    if (items) look(items(DECIMAL), scope.name, []);
  }
  // A lock is shown with its object as well, and an object under each name that the actor has for it.
  const locks = found.filter(({ place }) => 'scope' in place.root && place.root.scope === 'Locks');
  const elsewhere = found.filter(({ place }) => 'scope' in place.root && place.root.scope !== 'Actor');
  const all = [locks, elsewhere, found].find(({ length }) => length > 0) ?? [];
  if (all.length > 1) throw new RequestError(`${name} is several variables: ${distinctNames(all).join(', ')}.`);
  if (all.length === 0 && name.includes('->'))
    throw new RequestError(`No lock is named ${name} here. The scope Locks lists all locks.`);
  return all[0];
}

/** What each of them can be asked for by: its name, after as many names of what it is in as tell it from the others. */
function distinctNames(all: readonly NamedVariable[]): string[] {
  const suffix = ({ place: { names } }: NamedVariable, length: number): string => names.slice(-length).join(' ');
  return all.map((one) => {
    const lengths = Array.from({ length: one.place.names.length }, (_, index) => index + 1);
    const enough = lengths.find(
      (length) => !all.some((other) => other !== one && suffix(other, length) === suffix(one, length)),
    );
    return `\`${suffix(one, enough ?? lengths.length)}\``;
  });
}
