/** What a command of the command line is. Help, the reference and the parser of arguments read this record. */
import { PROFILES } from '@snoopscope/sim-core';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Paint } from '../paint.ts';

export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** The operands as usage shows them: `FILE…`. Empty when there are none. */
  readonly operands: string;
  /** How many operands there must be. */
  readonly minOperands: number;
  readonly maxOperands: number;
  /** What a shell offers for each operand; the last entry also counts for those after it. */
  readonly operandOffers?: readonly ShellOffer[];
  /** Some paragraphs for its help page. */
  readonly description: readonly string[];
  readonly options: readonly CommandOption[];
  readonly examples: readonly { readonly line: string; readonly about: string }[];
  readonly run: (call: Invocation) => Promise<ExitCode>;
}

export interface CommandOption {
  /** Without the dashes. */
  readonly name: string;
  /** Name of its value, `KERNEL`; an option without one is a switch. */
  readonly value?: string;
  /** The values it takes, when they are few. */
  readonly choices?: readonly string[];
  readonly doc: string;
  /** What a shell offers for the value; `choices` are offered anyway. */
  readonly offers?: ShellOffer;
  /** `-h` for `--help`: the letter. */
  readonly short?: string;
  /** Whether an empty value means something; elsewhere it is refused. */
  readonly allowsEmpty?: boolean;
}

/** What a shell offers where a value is to be typed. */
export type ShellOffer =
  /** One of some words. Others may be accepted too. */
  | { readonly words: () => readonly string[] }
  /** Several words with commas between them. */
  | { readonly list: () => readonly string[] }
  /** A file whose name ends in one of these, or in anything when there are none; and folders, as the way there. */
  | { readonly files: readonly string[] };

export const SCENARIO_FILES: ShellOffer = { files: ['.snoop'] };
export const TRACE_FILES: ShellOffer = { files: ['.snooptrace'] };
/** What can be run. */
export const RUN_FILES: ShellOffer = { files: ['.snoop', '.snooptrace'] };
export const ANY_FILES: ShellOffer = { files: [] };
export const KERNELS: ShellOffer = { words: () => PROFILES.map(({ name }) => name) };

/** One call of a command, its arguments checked against its options. */
export interface Invocation {
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
  /** An option as the user has given it, for messages: `--kernel`, or `--kernel-b` where that takes its place. */
  readonly asGiven: (option: string) => string;
  /** Columns to fill. */
  readonly width: number;
  /** Prints one line, or several, on stdout. */
  readonly print: (text: string) => void;
  /** Prints the one JSON document of `--format json`. */
  readonly printJson: (document: unknown) => void;
  /** Prints a remark on stderr. */
  readonly remark: (text: string) => void;
  /** Says on the terminal how far the command is. The line vanishes when anything is printed, and when the command ends. */
  readonly status: (text: string) => void;
}

/** Options that several commands share. */
export const KERNEL: CommandOption = {
  name: 'kernel',
  value: 'KERNEL',
  doc: 'Kernel to simulate: a profile such as `v5.11`, what `uname -r` prints, or a name from `snoopscope.json`. `snoopscope kernels` lists the profiles.',
  offers: KERNELS,
};
export const FORMAT: CommandOption = {
  name: 'format',
  value: 'FORMAT',
  choices: ['text', 'json'],
  doc: 'Output format: text for people, or one JSON document on stdout. Default: text.',
};
export const GRANULARITY: CommandOption = {
  name: 'granularity',
  value: 'GRANULARITY',
  choices: ['statement', 'micro'],
  doc: 'What one step is: a statement, or a micro-step, which ends where another CPU could interleave. Default: the unit of the schedule, else statement.',
};
