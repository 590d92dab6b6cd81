/** What happens to logs before anybody reads them: a terminal's colours, another encoding, pages of zeros after a crash. */

/**
 * What a terminal does not show, as `script` and `tee` keep it: control sequences (CSI), titles and links (OSC) up to their
 * terminator, character sets, and other escapes of two characters. Source: ECMA-48, sections 5.3 to 5.6.
 */
const CONTROL = new RegExp(
  ['\\[[0-?]*[ -/]*[@-~]', '\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)', '[ -/]+[0-~]', '[0-Z\\\\^-~]']
    .map((form) => `\\x1b${form}`)
    .join('|'),
  'g',
);
const BACKSPACE = '\b';
/** A character that was overstruck, as `man` prints bold. */
const OVERSTRUCK = new RegExp(`[^${BACKSPACE}]${BACKSPACE}`, 'g');

/** A line as a terminal shows it. Carriage returns at its ends do not count. */
export function asShown(line: string): string {
  let text = line;
  if (text.includes('\u001b')) text = text.replace(CONTROL, '');
  if (text.includes(BACKSPACE)) text = text.replace(OVERSTRUCK, '');
  return text.includes('\r') ? text.replace(/^\r+|\r+$/g, '') : text;
}

/** The encoding that the byte-order mark at the beginning says. PowerShell redirects to UTF-16. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/**
 * A line with NULs: a host that crashed leaves them where its last writes did not reach the disk. What precedes them is cut
 * off; `rest` follows them, and was written after the reboot.
 */
export function aroundNuls(line: string): { readonly isCut: boolean; readonly rest: string } {
  const at = line.lastIndexOf('\0');
  return { isCut: at > 0 && /[^\0]/.test(line.slice(0, at)), rest: line.slice(at + 1) };
}
