/** What a process wrote on stderr, where the log shows it (strace with `write`): the last lines. */
import { descriptorOf, type LogCall } from '../log/record.ts';

export interface StderrLine {
  readonly tid: number;
  readonly text: string;
}

export class Stderr {
  readonly lines: StderrLine[] = [];
  /** By thread: the line that is being written. QEMU writes its messages in pieces. */
  readonly #begun = new Map<number, string>();

  /** Takes a call, if it writes on stderr. */
  take({ name, args }: LogCall, tid: number): void {
    if (name !== 'write' || descriptorOf(args[0])?.fd !== 2) return;
    const quoted = /^"(.*)"(?:\.\.\.)?$/s.exec(args[1] ?? '')?.[1];
    if (quoted === undefined) return;
    const [first = '', ...others] = unescaped(quoted).split('\n');
    let line = (this.#begun.get(tid) ?? '') + first;
    for (const next of others) {
      this.#add(tid, line);
      line = next;
    }
    if (this.#begun.size < MOST_THREADS || this.#begun.has(tid)) this.#begun.set(tid, line.slice(0, LONGEST));
  }

  #add(tid: number, line: string): void {
    const text = line.trim().slice(0, LONGEST);
    if (text === '') return;
    this.lines.push({ tid, text });
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }
}

/** Lines that are kept, the last ones. */
const MOST_LINES = 20;
const MOST_THREADS = 64;
const LONGEST = 500;

/** As strace escapes strings. What cannot be printed becomes a blank: a log may hold anything. */
function unescaped(text: string): string {
  return text.replace(/\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))/gs, (_, octal, hex, sign) => {
    if (sign !== undefined) return ESCAPES[sign] ?? sign;
    const code = octal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal, 8);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: ' ', r: ' ', v: ' ', f: ' ' };
