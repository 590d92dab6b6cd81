/**
 * Why calls fail: every check of the modelled kernel that ends a call with an errno, declared once beside the functions
 * that make it.
 *
 * Failing a call emits one happening that names the check and the object it looked at, so that it is in the run's log and
 * not in the state: a search neither stores nor compares it, and cutting its log back forgets it. Which function failed
 * is not repeated there: it is the innermost one that runs then.
 */
import type { Errno } from '../kernel/errno.ts';
import { NONE } from '../state/ids.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { LocalKind, LocalValues, PlaceIn } from './routine.ts';

/**
 * A declaration: the errno, what the check found, and the kind of object it looked at. The text continues the sentence
 * "kvm_vfio_set_attr() found …"; `{}` in it is the object, `{x}` a number in hexadecimal.
 */
export type RefusalSpec = readonly [errno: Errno, found: string, object?: LocalKind];

/** In place of an errno: the call fails with what is declared for it. */
export const ANY_ERRNO = 0 as Errno;

/** What a search, a trace or an explanation reads of one. */
export interface Refusal {
  /** Its index in the table: what the event holds. */
  readonly id: number;
  readonly errno: Errno;
  readonly found: string;
  readonly object: LocalKind | undefined;
  /** The kernel's function, where it has no routine of its own here. */
  readonly place: KernelPlace | undefined;
}

export interface KernelPlace {
  readonly name: string;
  readonly source: string;
}

/** Emits why the call fails, and returns the errno that its function is to return. */
type Refuse<S extends RefusalSpec> = (S extends readonly [Errno, string, infer K extends LocalKind]
  ? (machine: Machine, object: LocalValues[K]) => Errno
  : (machine: Machine) => Errno) & {
  /** For a function that sets its result before it checks. */
  readonly errno: Errno;
};

type SpecOf<S> = S extends RefusalSpec ? S : S extends () => infer R ? Extract<R, RefusalSpec> : never;

function refusalOf(id: number, [errno, found, object]: RefusalSpec, place: KernelPlace | undefined): Refusal {
  return { id, errno, found, object, place };
}

/** A refusal that is not the same on every kernel. */
class KernelsRefusal implements Refusal {
  readonly id: number;
  readonly place: KernelPlace | undefined;
  readonly #spec: () => RefusalSpec;

  constructor(id: number, spec: () => RefusalSpec, place: KernelPlace | undefined) {
    this.id = id;
    this.#spec = spec;
    this.place = place;
  }

  get errno(): Errno {
    return this.#spec()[0];
  }

  get found(): string {
    return this.#spec()[1];
  }

  get object(): LocalKind | undefined {
    return this.#spec()[2];
  }
}

/** Collects the refusals of one model. */
export class RefusalTable {
  readonly refusals: Refusal[] = [];
  readonly #placeIn: PlaceIn;

  constructor(placeIn: PlaceIn = (name, source) => ({ name, source })) {
    this.#placeIn = placeIn;
  }

  /**
   * Declares refusals by name. `place` is the function they belong to, when it has no routine here. What depends on the
   * kernel is a function: it is asked when a call fails so, since of a kernel only what is asked for matters.
   */
  add<const T extends Readonly<Record<string, RefusalSpec | (() => RefusalSpec)>>>(
    specs: T,
    place?: KernelPlace,
  ): { readonly [K in keyof T]: Refuse<SpecOf<T[K]>> } {
    const here = place && this.#placeIn(place.name, place.source);
    const made: Record<string, Refuse<RefusalSpec>> = {};
    for (const name in specs) {
      const spec: RefusalSpec | (() => RefusalSpec) = specs[name]!;
      const id = this.refusals.length;
      const refusal = typeof spec === 'function' ? new KernelsRefusal(id, spec, here) : refusalOf(id, spec, here);
      this.refusals.push(refusal);
      const refuse = (machine: Machine, looked: number = NONE): Errno => {
        machine.note(NOTE.refusal, id, looked, 0);
        return refusal.errno;
      };
      made[name] = Object.defineProperty(refuse, 'errno', { get: () => refusal.errno }) as Refuse<RefusalSpec>;
    }
    return made as { readonly [K in keyof T]: Refuse<SpecOf<T[K]>> };
  }
}
