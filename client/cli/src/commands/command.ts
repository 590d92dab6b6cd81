/** What a command of the command line is. Help, the reference and the parser of arguments read this record. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Paint } from '../paint.ts';

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What stands behind the name besides options: `FILE…`. Empty when nothing does. */
  readonly operands: string;
  /** How many operands there must be. */
  readonly minOperands: number;
  readonly maxOperands: number;
  /** Some paragraphs for its help page. */
  readonly description: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  readonly run: (call: Call) => Promise<ExitCode>;
}

export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What stands behind it, `KERNEL`; an option without a value is a switch. */
  readonly value?: string;
  /** The values it takes, when they are few. */
  readonly choices?: readonly string[];
  readonly doc: string;
}

/** One call of a command, its arguments checked against its options. */
export interface Call {
  readonly io: Io;
  readonly operands: readonly string[];
  /** The value of `--format`, `text` when it was not given. */
  readonly format: string;
  /** The value of an option, or undefined. */
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
  /** The value of an option that counts something: 1 or more, up to `most`. Anything else is a Failure. */
  readonly count: (option: string, most?: number) => number | undefined;
  readonly paint: Paint;
  /** Columns to fill. */
  readonly width: number;
  /** Prints one line, or several, on stdout. */
  readonly print: (text: string) => void;
  /** Prints the one JSON document of `--format json`. */
  readonly printJson: (document: unknown) => void;
  /** Prints a remark on stderr. */
  readonly remark: (text: string) => void;
}

/** Options that several commands share. */
export const KERNEL: OptionSpec = {
  name: 'kernel',
  value: 'KERNEL',
  doc: 'The kernel profile to simulate, `v5.11`. `snoopscope kernels` lists them.',
};
export const FORMAT: OptionSpec = {
  name: 'format',
  value: 'FORMAT',
  choices: ['text', 'json'],
  doc: 'How to print: for people, as without it, or as one JSON document on stdout.',
};
export const GRANULARITY: OptionSpec = {
  name: 'granularity',
  value: 'GRANULARITY',
  choices: ['statement', 'micro'],
  doc: 'What a step is: a statement, or what happens between two points at which another CPU could come in. Without it, what the schedule counts in, else a statement.',
};
