/** Slots that vary as variables of a Promela model. */
import type { Model } from '../../engine/model.ts';
import type { SlotValues } from '../../explore/states/slot-values.ts';
import type { AskedSlot } from './decisions.ts';

export interface Variable extends AskedSlot {
  readonly slot: number;
  readonly declaration: string;
}

const LONGEST_NAME = 60;

/** One variable for each slot that was seen to hold several values, as narrow as SPIN allows. */
export function variablesOf(model: Model, slotValues: SlotValues): Map<number, Variable> {
  const slots = [...slotValues.varying].sort((a, b) => a - b);
  return new Map(slots.map((slot) => [slot, variableOf(model, slotValues, slot)]));
}

function variableOf(model: Model, slotValues: SlotValues, slot: number): Variable {
  const { list } = slotValues.valuesOf(slot);
  const largest = Math.max(...list);
  // Numbers in place of values where those are negative, or need more bits than their numbers by far.
  const asTheyAre = Math.min(...list) >= 0 && largest < Math.max(16, list.length * 4);
  const numbers = new Map(list.map((value, number) => [value, number]));
  const encode = (value: number): number => {
    const number = numbers.get(value);
    if (number === undefined) throw new Error(`slot ${slot} was never seen to hold ${value}`);
    return asTheyAre ? value : number;
  };
  const width = Math.max(1, 32 - Math.clz32(asTheyAre ? largest : list.length - 1));
  const title = model.layout.slotName(slot);
  const name = `s${slot}_${title.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '')}`.slice(0, LONGEST_NAME);
  const meaning = asTheyAre ? '' : ` /* ${list.map((value, number) => `${number}: ${value}`).join(', ')} */`;
  const type = width === 1 ? 'bit ' : 'unsigned ';
  const bits = width === 1 ? '' : ` : ${width}`;
  const first = encode(slotValues.base[slot]!);
  return {
    slot,
    name,
    encode,
    values: list.length,
    declaration: `${type}${name}${bits} = ${first};${meaning}`,
  };
}
