/** `1 state`, `2 states`, `3 branches`, `4 entries`. */
export function counted(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : plural(noun)}`;
}

function plural(noun: string): string {
  if (noun.endsWith('ch')) return `${noun}es`;
  return noun.endsWith('ry') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
