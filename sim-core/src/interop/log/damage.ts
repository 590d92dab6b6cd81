/** What happens to logs before anybody reads them: a terminal's colours, another encoding, pages of zeros after a crash. */

/** Colours and cursor movements of a terminal (ECMA-48 control sequences), as `script` and `tee` keep them. */
const CONTROL = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

export function withoutControls(text: string): string {
  return text.includes('\u001b') ? text.replace(CONTROL, '') : text;
}

/** The encoding that the byte-order mark at the beginning says. PowerShell redirects to UTF-16. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/**
 * A line with NULs: a host that crashed leaves them where its last writes did not reach the disk. What precedes them is cut
 * off; what follows was written after the reboot.
 */
export function afterNuls(line: string): string | undefined {
  const at = line.lastIndexOf('\0');
  return at < 0 ? undefined : line.slice(at + 1);
}
