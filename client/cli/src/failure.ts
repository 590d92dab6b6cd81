/** What stops a command: always in the user's words, with the exit code that belongs to it. */
import type { Diagnostic } from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';

export interface FailureDetails {
  /** Stable and hyphenated, `unknown-option`: what programs look at. */
  readonly code: string;
  readonly exitCode?: ExitCode;
  /** The file that it is about, as the user wrote it. */
  readonly file?: string;
  /** What is wrong in the file, with its text, so that the lines can be shown. */
  readonly diagnostics?: readonly Diagnostic[];
  readonly text?: string;
}

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly file: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;

  constructor(message: string, details: FailureDetails) {
    super(message);
    this.code = details.code;
    this.exitCode = details.exitCode ?? EXIT.wrong;
    this.file = details.file;
    this.diagnostics = details.diagnostics ?? [];
    this.text = details.text ?? '';
  }
}
