/**
 * A variable that is watched for changes: anything that the Variables view shows, and any expression.
 *
 * It is found again by the names that lead to it, so it stays what it is over restarts and other kernels. What it reads
 * of the state is recorded while it is computed, and it is not computed again before one of those slots changes.
 */
import { compileExpression, type Expression, type Model } from '@snoopscope/sim-core';
import { type EvaluationPlace, evaluateExpression } from './evaluate.ts';
import type { Moment } from './moment.ts';
import type { Observer } from './observe.ts';
import { RequestError } from './request-error.ts';
import { DECIMAL, type Item } from './scopes/item.ts';
import { wordItem } from './scopes/memory.ts';
import { SCOPES } from './scopes/table.ts';
import { WatchedMachine } from './watched-machine.ts';

/** Where a variable is found. */
export interface VariablePlace {
  readonly root: { readonly scope: string } | { readonly expression: string } | { readonly words: readonly string[] };
  /** The actor whose scopes or registers are meant; the environment is called as in the list of threads. */
  readonly actor: string;
  /** From the root inwards. */
  readonly names: readonly string[];
  /** Whose accesses are meant, where it is not anybody's. */
  readonly accessor?: Accessor;
}

/** Modes of data breakpoints. */
export type Accessor = 'cpu' | 'device';

/** The protocol's id of a variable: a text that means the same in a later session. */
export function dataIdOf({ root, actor, names, accessor }: VariablePlace): string {
  return JSON.stringify([...(accessor ? [`by ${accessor}`] : []), ...rootOf(root), actor, ...names]);
}

function rootOf(root: VariablePlace['root']): readonly string[] {
  if ('words' in root) return ['words', root.words.join(' ')];
  return 'scope' in root ? ['scope', root.scope] : ['expression', root.expression];
}

/** The place that an id names; undefined when it is none of ours. */
export function placeOf(dataId: unknown): VariablePlace | undefined {
  const all = partsOf(dataId);
  const accessor = ACCESSORS.find((one) => all[0] === `by ${one}`);
  const [kind, root, actor, ...names] = accessor ? all.slice(1) : all;
  if (root === undefined || actor === undefined) return undefined;
  const more = { actor, names, ...(accessor && { accessor }) };
  if (kind === 'words') return { root: { words: root.split(' ') }, ...more };
  if (kind === 'scope') return { root: { scope: root }, ...more };
  return kind === 'expression' ? { root: { expression: root }, ...more } : undefined;
}

const ACCESSORS: readonly Accessor[] = ['cpu', 'device'];

function partsOf(dataId: unknown): readonly string[] {
  try {
    const parts: unknown = JSON.parse(String(dataId));
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    return [];
  }
}

/** What people read: `noncoherent_dma_count`, `vcpu0.eax`, `gpu.r0 == 1`. */
export function labelOf({ root, actor, names }: VariablePlace): string {
  if ('words' in root) return root.words.join(', ');
  if ('expression' in root) return [root.expression, ...names].join(' ▸ ');
  return root.scope === 'Actor' ? `${actor}.${names.join(' ▸ ')}` : names.slice(-2).join(' ▸ ');
}

/** What a variable is at one position: its value and those below it, by their names from it on. */
export type Reading = ReadonlyMap<string, string>;

export class Watch {
  readonly label: string;
  /** What comes before the name of a part that has changed: of a range of words each is called by its own name. */
  readonly whole: string;
  readonly #place: VariablePlace;
  readonly #actor: number;
  readonly #machine: WatchedMachine;
  readonly #moment: Moment;
  readonly #observer: Observer;
  /** An expression that counts happenings, which no slot holds: any step may change it. */
  readonly #counting: Expression | undefined;

  constructor(model: Model, observer: Observer, place: VariablePlace, names: Moment) {
    this.label = labelOf(place);
    this.whole = 'words' in place.root && place.root.words.length > 1 ? '' : this.label;
    this.#place = place;
    this.#actor = model.world.topology.actors.findIndex(({ name }) => name === place.actor);
    this.#machine = new WatchedMachine(model.layout);
    this.#moment = names.sibling(this.#machine);
    this.#observer = observer;
    this.#counting = countingExpression(model, place, this.#actor);
  }

  /** What it has read of the state. */
  get slots(): ReadonlySet<number> {
    return this.#machine.reads;
  }

  /** Is it an expression that counts happenings, so that any step may change it? */
  get counts(): boolean {
    return this.#counting !== undefined;
  }

  /** The variable in a state; undefined when it does not exist there. */
  read(state: Int32Array, position: number): Reading | undefined {
    if (this.#counting) return new Map([['', this.#counted(this.#counting, state, position)]]);
    this.#moment.show(state, position);
    this.#machine.reads.clear();
    const item = this.#find(position);
    if (!item) return undefined;
    const reading = new Map<string, string>();
    flatten(item, '', reading);
    return reading;
  }

  #counted(expression: Expression, state: Int32Array, position: number): string {
    if (!expression.plain) return this.#observer.text(expression, state, position);
    return DECIMAL.number(this.#observer.value(expression, state, position));
  }

  #find(position: number): Item | undefined {
    const { root, names } = this.#place;
    let item = 'expression' in root ? this.#evaluated(root.expression, position) : undefined;
    if ('words' in root) item = this.#words(root.words);
    let items = 'scope' in root ? this.#scope(root.scope) : item?.children?.(DECIMAL);
    for (const name of names) {
      item = items?.find((one) => one.name === name);
      items = item?.children?.(DECIMAL);
    }
    return item;
  }

  /** Several words as one variable that has no value of its own. */
  #words(names: readonly string[]): Item | undefined {
    const { words } = this.#moment.model.world.topology;
    const items = names.map((name) =>
      wordItem(
        this.#moment,
        words.findIndex((word) => word.name === name),
        DECIMAL,
      ),
    );
    return items.length === 1 ? items[0] : { name: '', value: '', children: () => items };
  }

  #scope(name: string): readonly Item[] | undefined {
    const scope = SCOPES.find((one) => one.name === name);
    return scope?.items({ moment: this.#moment, actor: this.#actor })?.(DECIMAL);
  }

  /** An expression that has no value here, such as one of a VM that does not exist yet, does not exist either. */
  #evaluated(expression: string, position: number): Item | undefined {
    const place: EvaluationPlace = {
      model: this.#moment.model,
      moment: this.#moment,
      observer: this.#observer,
      state: this.#machine.state,
      position,
    };
    try {
      return evaluateExpression(place, { position, actor: this.#actor, reveal: 0 }, expression, DECIMAL);
    } catch (error) {
      if (error instanceof RequestError) return undefined;
      throw error;
    }
  }
}

function countingExpression(model: Model, { root, names }: VariablePlace, actor: number): Expression | undefined {
  if (!('expression' in root) || names.length > 0) return undefined;
  const compiled = compileExpression(model, root.expression, { actor });
  return 'problem' in compiled || compiled.extras.length === 0 ? undefined : compiled;
}

/** Deeper than this nothing in the scopes goes. */
const DEEPEST = 8;

function flatten(item: Item, name: string, into: Map<string, string>, depth = 0): void {
  into.set(name, item.value);
  // What says everything itself need not be opened: its children are other views of it.
  if (item.whole || depth >= DEEPEST) return;
  for (const child of item.children?.(DECIMAL) ?? [])
    flatten(child, name === '' ? child.name : `${name} ▸ ${child.name}`, into, depth + 1);
}

/** `x: 0 → 1`, one for each value that differs; empty when nothing does. */
export function differences(label: string, before: Reading, after: Reading): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) return [];
    const what = [label, name].filter((part) => part !== '').join(' ▸ ');
    return [`${what}: ${old ?? 'none'} → ${now ?? 'none'}`];
  });
}
