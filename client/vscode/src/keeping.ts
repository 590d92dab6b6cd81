/** What `make` gives for a name, made once. */
export function keeping<Value>(make: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, { readonly value: Value }>();
  return (name) => {
    const found = known.get(name) ?? { value: make(name) };
    known.set(name, found);
    return found.value;
  };
}
