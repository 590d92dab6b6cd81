/** Texts of a scenario inside a C program: they are data, whatever characters they have. */

/** A C string literal. Nothing in it ends the literal, begins an escape or a trigraph, or leaves ASCII. */
export function cString(text: string): string {
  const bytes = utf8(text).map((byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\' || character === '?') return `\\${character}`;
    // Three octal digits, so that a digit that follows is not taken for one of them.
    return byte >= 0x20 && byte < 0x7f ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${bytes.join('')}"`;
}

/** One line inside a C comment. */
export function cComment(text: string): string {
  return [...text]
    .map((character) => (character >= ' ' && character <= '~' ? character : '?'))
    .join('')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *')
    .replace(/\\$/, '\\ ')
    .replaceAll('??', '? ?');
}

/** A title as programs print it: on one line, whatever its characters. */
export function oneLine(text: string): string {
  return text
    .replace(/[\ud800-\udfff]/gu, '?')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

/** An identifier made from a name of the scenario; the prefix keeps it apart from everything else in the program. */
export function cName(prefix: string, name: string): string {
  return `${prefix}_${name.replace(/[^A-Za-z0-9]/g, '_')}`;
}

function utf8(text: string): number[] {
  const escaped = encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, '?'));
  return [...escaped.matchAll(/%([0-9A-F]{2})|./gs)].map(([one, hex]) => (hex ? parseInt(hex, 16) : one.charCodeAt(0)));
}
