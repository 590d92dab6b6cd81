/**
 * What is found out about an object and kept with it, for as long as the object is in use. What the object says, and
 * what compares, copies or prints it, does not change.
 *
 * A WeakMap would do, but engines look into weak maps in full collections only: all that was ever found out about each
 * version of a large file would move to the old generation first, which takes longer than finding it out.
 */
export class Notes<Key extends object, Value> {
  readonly #place = Symbol('note');

  get(key: Key): Value | undefined {
    return (key as Noted<Value>)[this.#place];
  }

  set(key: Key, value: Value): void {
    Object.defineProperty(key, this.#place, { value, configurable: true });
  }
}

/** Makes a function of an object remember its value, which is never undefined, with the object. */
export function remembered<Key extends object, Value extends {}>(make: (key: Key) => Value): (key: Key) => Value {
  const notes = new Notes<Key, Value>();
  return (key) => {
    let value = notes.get(key);
    if (value === undefined) {
      value = make(key);
      notes.set(key, value);
    }
    return value;
  };
}

interface Noted<Value> {
  readonly [place: symbol]: Value | undefined;
}
