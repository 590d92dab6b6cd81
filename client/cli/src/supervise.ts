/**
 * A crash of V8 ends a process, and with it everything its threads knew. So an exploration with several threads runs in
 * a process of its own. It tells the one that was called now and then what it would print if it ended there, and that
 * one prints it when the other has crashed.
 */
import { fork } from 'node:child_process';
import { constants } from 'node:os';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** What is printed if nothing comes after it. */
export interface LastWords {
  readonly stdout: string;
  readonly exitCode: ExitCode;
}

/** Tells the process which began with `supervise`. */
const MARK = 'SNOOPSCOPE_SUPERVISED';
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Only explorations with threads are worth a second process. */
export function needsSupervision(words: readonly string[]): boolean {
  return words[0] === 'explore' && words.some((word) => /^--workers(=|$)/.test(word)) && !isSupervised();
}

/** Runs the program again in a process of its own and ends as that one does. */
export function supervise(program: string, words: readonly string[]): void {
  const child = fork(program, words, { env: { ...process.env, [MARK]: '1' }, stdio: 'inherit' });
  let last: LastWords | undefined;
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  child.on('message', (words) => {
    last = words as LastWords;
  });
  child.on('error', ({ message }) => {
    process.stderr.write(`snoopscope: error: The process of the exploration cannot be started: ${message}\n`);
    process.exitCode = EXIT.wrong;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code !== null && !isAbort(code) ? code : crashed(signal ?? `exit code ${code}`, last);
  });
}

/** How the process that is supervised tells its last words; undefined in any other. */
export function lastWords(): ((words: LastWords) => void) | undefined {
  if (!isSupervised() || !process.send) return undefined;
  return (words) => {
    // Who was called is gone when this one is told to end.
    if (process.connected) process.send?.(words);
  };
}

function isSupervised(): boolean {
  return process.env[MARK] === '1';
}

/** Windows has no signals: what aborts ends with a code that no program chooses. */
function isAbort(code: number): boolean {
  return code === 134 || code > 255;
}

function crashed(how: NodeJS.Signals | string, last: LastWords | undefined): number {
  // Told to end at once, it had no time for words.
  if (how === 'SIGINT' || how === 'SIGTERM' || how === 'SIGHUP') return 128 + constants.signals[how];
  const known = last ? 'What it knew by then is on stdout.' : 'It had found nothing out yet.';
  process.stderr.write(
    `snoopscope: error: The process of the exploration crashed (${how}). ${known} Without --workers there is only one thread, and --checkpoint FILE keeps what was done. [process-crashed]\n`,
  );
  if (last) process.stdout.write(last.stdout);
  return last?.exitCode ?? EXIT.limit;
}
