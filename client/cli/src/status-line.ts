/** The one line on a terminal that says how far a long command is, and that leaves no trace. */
import type { Output } from './io.ts';

export interface StatusLine {
  /** Replaces the line. Does nothing unless the output is a terminal. */
  readonly show: (text: string) => void;
  /** Takes the line away, before anything else is printed. */
  readonly clear: () => void;
}

/** Back to the first column and delete to the end of the line. */
export const ERASE_LINE = '\r\u001b[K';
/** The terminal cuts what does not fit instead of wrapping it: characters may be two columns wide. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

/** A command that is done before this shows nothing. */
const FIRST_MS = 300;
/** Between two versions of the line: as fast as one can read figures, whatever the command's own rounds are. */
const AGAIN_MS = 100;

export function statusLine(output: Output): StatusLine {
  let shown = false;
  let next = performance.now() + FIRST_MS;
  return {
    show(text) {
      if (performance.now() < next) return;
      // Asked each time, because the user may have resized the terminal.
      const { columns } = output;
      if (columns === undefined || !output.erases || output.closed) return;
      output.write(`${ERASE_LINE}${NO_WRAP}${cut(text.replace(/\s+/g, ' '), columns - 1)}${WRAP}`);
      shown = true;
      next = performance.now() + AGAIN_MS;
    },
    clear() {
      if (shown && !output.closed) output.write(ERASE_LINE);
      shown = false;
    },
  };
}

/** The first `columns` characters; what is cut ends in an ellipsis. */
function cut(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
