/** Calls of the command in documents: what is printed below a call must be what it prints. */

export interface ConsoleCall {
  /** 0-based line of the call in the document. */
  readonly line: number;
  /** The words after `snoopscope --`. */
  readonly words: readonly string[];
  /** What the document shows; a line `…` stands for any lines. */
  readonly shown: readonly string[];
}

const PROMPT = '$ npm run -s snoopscope -- ';
export const ELISION = '…';

/** Every call in the ```console blocks of a Markdown document. */
export function consoleCalls(markdown: string): ConsoleCall[] {
  const calls: { line: number; words: string[]; shown: string[] }[] = [];
  let inside = false;
  for (const [number, line] of markdown.split('\n').entries()) {
    if (line.startsWith('```')) inside = line === '```console';
    else if (inside && line.startsWith(PROMPT))
      calls.push({ line: number, words: words(line.slice(PROMPT.length)), shown: [] });
    else if (inside) calls.at(-1)?.shown.push(line);
  }
  return calls;
}

/** Words of a shell line with plain and double-quoted words, which is all that the documents use. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** The first line that is shown and not printed there, or undefined when all is as printed. */
export function firstDifference(shown: readonly string[], printed: readonly string[]): string | undefined {
  let at = 0;
  let skipping = false;
  for (const line of shown) {
    if (line.trim() === ELISION) {
      skipping = true;
      continue;
    }
    const found = skipping ? printed.indexOf(line, at) : printed[at] === line ? at : -1;
    if (found < 0) return line;
    at = found + 1;
    skipping = false;
  }
  return skipping || at === printed.length ? undefined : `(missing) ${printed[at]}`;
}

/** The document with what each call prints, in their order; where something is left out, it stays as it is. */
export function withOutput(markdown: string, outputs: readonly string[]): string {
  const lines = markdown.split('\n');
  // From the end, so that the lines before keep their numbers.
  for (const [index, { line, shown }] of [...consoleCalls(markdown).entries()].toReversed()) {
    if (shown.some((text) => text.trim() === ELISION)) continue;
    lines.splice(line + 1, shown.length, ...(outputs[index] ?? '').split('\n'));
  }
  return lines.join('\n');
}
