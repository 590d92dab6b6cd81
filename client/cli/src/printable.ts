/** Text that cannot take over a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces.
const CONTROL = /\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A terminal would obey the control characters of a hostile file. Colours are our own, or do no harm. */
export function printable(text: string, colours: boolean): string {
  return text.replace(CONTROL, (found) => (colours && found.endsWith('m') && found.length > 1 ? found : '\u{fffd}'));
}
