/** What made a search large: looked at when a limit ended it, so that its user knows what to leave out. */
import type { Model } from '../../engine/model.ts';
import type { Space } from '../space.ts';
import { HOLE } from '../states/store.ts';

export interface SearchCost {
  /** Kinds of what the environment may do, and about how many stored states were first reached by them; the most first. */
  readonly environment: readonly { readonly kind: string; readonly states: number }[];
  /** Bits of a stored state, as far as they are known to belong to something. */
  readonly bits: number;
  /** Words of memory and registers with their bits, the most first. `asked`: a condition mentions it. */
  readonly parts: readonly { readonly name: string; readonly bits: number; readonly asked: boolean }[];
}

/** States that are looked at; of more, as many at equal distances. */
const MOST_LOOKED_AT = 50_000;

export function costOf({ model, store, slotValues }: Space): SearchCost {
  const byMove = new Int32Array(model.moves.length);
  // A user who cancels waits for this.
  const stride = Math.ceil(store.count / MOST_LOOKED_AT);
  for (let state = 1; state < store.count; state += stride) {
    if (store.parent(state) === HOLE) continue;
    const move = store.move(state);
    byMove[move] = byMove[move]! + stride;
  }
  const kinds = new Map<string, number>();
  model.moves.forEach((move, index) => {
    if (move.kind !== 'environment' || move.inevitable) return;
    const kind = kindOf(move.name);
    kinds.set(kind, (kinds.get(kind) ?? 0) + byMove[index]!);
  });
  const nameOf = partNames(model);
  const widths = new Map<string, number>();
  let bits = 0;
  for (const slot of slotValues.varying) {
    const { width } = slotValues.valuesOf(slot);
    bits += width;
    const name = nameOf(slot);
    if (name !== undefined) widths.set(name, (widths.get(name) ?? 0) + width);
  }
  const asked = askedAbout(model);
  return {
    environment: [...kinds].map(([kind, states]) => ({ kind, states })).toSorted((a, b) => b.states - a.states),
    bits,
    parts: [...widths]
      .map(([name, width]) => ({ name, bits: width, asked: asked(name) }))
      .toSorted((a, b) => b.bits - a.bits),
  };
}

/** `evict(x,cpu0)` is one of `evict`. */
export function kindOf(move: string): string {
  return /^\w+/.exec(move)?.[0] ?? move;
}

/** Which word or register a slot belongs to: its value, a copy in a cache, the version of either. */
function partNames({ layout, registers, world }: Model): (slot: number) => string | undefined {
  const { actors, words } = world.topology;
  const ofSlot = new Map(
    registers.flatMap((own, actor) =>
      [...own].map(([name, slot]) => [slot, `${actors[actor]?.name}.${name}`] as const),
    ),
  );
  const names = new Set(words.map(({ name }) => name));
  return (slot) => {
    const labels = [...layout.slotName(slot).matchAll(/\[([^\]]+)\]/g)].map(([, label]) => label!);
    return ofSlot.get(slot) ?? labels.find((label) => names.has(label));
  };
}

function askedAbout({ conditions }: Model): (name: string) => boolean {
  const texts = conditions.flatMap(({ applies, text }) => (applies ? text : []));
  const mentioned = new Set(texts.flatMap((text) => text.match(/[\w.]+/g) ?? []));
  return (name) => mentioned.has(name);
}
