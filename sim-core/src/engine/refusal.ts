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
import type { LocalKind, LocalValues } from './routine.ts';

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

/** Collects the refusals of one model. */
export class RefusalTable {
  readonly refusals: Refusal[] = [];
  readonly #sourceIn: (source: string) => string;

  /** `sourceIn` says what a source file is called in the kernel of the model. */
  constructor(sourceIn: (source: string) => string = (source) => source) {
    this.#sourceIn = sourceIn;
  }

  /** Declares refusals by name. `place` is the function they belong to, when it has no routine here. */
  add<const T extends Readonly<Record<string, RefusalSpec>>>(
    specs: T,
    place?: KernelPlace,
  ): { readonly [K in keyof T]: Refuse<T[K]> } {
    const here = place && { ...place, source: this.#sourceIn(place.source) };
    const made = Object.entries(specs).map(([name, [errno, found, object]]) => {
      const id = this.refusals.length;
      this.refusals.push({ id, errno, found, object, place: here });
      const refuse = (machine: Machine, looked: number = NONE): Errno => {
        machine.note(NOTE.refusal, id, looked, 0);
        return errno;
      };
      return [name, Object.assign(refuse, { errno })] as const;
    });
    return Object.fromEntries(made) as { readonly [K in keyof T]: Refuse<T[K]> };
  }
}
