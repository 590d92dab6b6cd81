/**
 * What assistants can ask for: some commands as they are, with their own options, and the reference. One row each; the
 * schema of a tool is made from the command's record.
 */
import type { core } from 'zod';
import type { Command, CommandOption } from '../commands/command.ts';

type JsonSchema = core.JSONSchema.JSONSchema;
type Properties = Readonly<Record<string, JsonSchema>>;

/** A JSON Schema of an object. */
export interface ToolSchema extends JsonSchema {
  type: 'object';
  properties: Record<string, JsonSchema>;
  additionalProperties: false;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ToolSchema;
  /** The words and the standard input of the call. `input` fits the schema. */
  readonly callOf: (input: ToolInput) => CommandCall | WrongInput;
}

export type ToolInput = Readonly<Record<string, unknown>>;

export interface CommandCall {
  readonly words: readonly string[];
  /** What the command reads as `-`. */
  readonly standardInput: string;
}

export interface WrongInput {
  readonly wrong: string;
}

/** Seconds after which an exploration stops, when the caller names none: assistants wait for an answer. */
const DEFAULT_SECONDS = 60;

interface ToolRow {
  readonly command: string;
  readonly operand: OperandKind;
  /** The command's options that a tool takes. What writes files or starts servers is not among them. */
  readonly options: readonly string[];
}
type OperandKind = 'scenario' | 'files' | 'kernel';

const ROWS: readonly ToolRow[] = [
  { command: 'check', operand: 'scenario', options: ['kernel', 'granularity', 'max-states', 'max-seconds', 'witness'] },
  { command: 'run', operand: 'scenario', options: ['kernel', 'schedule', 'granularity', 'max-steps', 'events'] },
  {
    command: 'explore',
    operand: 'scenario',
    options: [
      'kernel',
      'granularity',
      'max-states',
      'max-seconds',
      'max-switches',
      'stop-on',
      'ignore',
      'random',
      'seed',
      'pct',
      'estimate',
    ],
  },
  { command: 'bisect', operand: 'scenario', options: ['from', 'to', 'granularity', 'max-states'] },
  { command: 'report', operand: 'files', options: ['kernel', 'from', 'to', 'vm'] },
  { command: 'import', operand: 'files', options: ['kernel', 'from', 'to', 'vm', 'all'] },
  { command: 'kernels', operand: 'kernel', options: ['like'] },
];

/** The tools that are commands. A row whose command or option is missing is a mistake of ours and throws. */
export function commandTools(commands: readonly Command[]): readonly Tool[] {
  return ROWS.map((row) => {
    const command = commands.find(({ name }) => name === row.command);
    if (!command) throw new Error(`The command ${row.command} does not exist.`);
    return toolOf(row, command);
  });
}

function toolOf({ operand, options: names }: ToolRow, command: Command): Tool {
  const options = names.map((name) => {
    const option = command.options.find((each) => each.name === name);
    if (!option) throw new Error(`${command.name} has no option ${name}.`);
    return option;
  });
  const { properties, required, operandsOf } = OPERANDS[operand];
  return {
    name: command.name,
    title: command.summary.replace(/\.$/, ''),
    description: [command.summary, ...command.description].join('\n\n'),
    inputSchema: {
      type: 'object',
      properties: {
        ...properties,
        ...Object.fromEntries(options.map((option) => [option.name, propertyOf(option)])),
        format: FORMAT_PROPERTY,
      },
      ...(required && { required }),
      additionalProperties: false,
    },
    callOf(input) {
      const found = operandsOf(input);
      if ('wrong' in found) return found;
      const { format = 'text' } = input;
      const words = options.flatMap((option) => wordsOf(option, input[option.name]));
      const limited = options.some(({ name }) => name === 'max-seconds') && input['max-seconds'] === undefined;
      // After `--`, nothing is an option: a file may have any name.
      const all = [...words, ...(limited && input.estimate !== true ? [`--max-seconds=${DEFAULT_SECONDS}`] : [])];
      return {
        words: [command.name, ...all, `--format=${format}`, '--', ...found.operands],
        standardInput: found.standardInput ?? '',
      };
    },
  };
}

const FORMAT_PROPERTY: JsonSchema = {
  type: 'string',
  enum: ['text', 'json'],
  description: 'The answer as text, or as the JSON document that `--format json` prints. Default: text.',
};

interface OperandRule {
  readonly properties: Properties;
  readonly required?: string[];
  readonly operandsOf: (
    input: ToolInput,
  ) => { readonly operands: readonly string[]; readonly standardInput?: string } | WrongInput;
}

const OPERANDS: Readonly<Record<OperandKind, OperandRule>> = {
  scenario: {
    properties: {
      scenario: {
        type: 'string',
        description: 'The text of a scenario. Its includes are searched for in the working directory.',
      },
      file: { type: 'string', description: 'Path of a scenario, in place of `scenario`.' },
    },
    operandsOf({ scenario, file }) {
      if ((scenario === undefined) === (file === undefined)) {
        return { wrong: 'Give either `scenario`, the text, or `file`, a path.' };
      }
      if (scenario === undefined) return { operands: [String(file)] };
      return { operands: ['-'], standardInput: String(scenario) };
    },
  },
  files: {
    properties: {
      files: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'Paths of logs of one run, and of files about the machine, in any order.',
      },
    },
    required: ['files'],
    operandsOf: ({ files }) => ({ operands: files as string[] }),
  },
  kernel: {
    properties: {
      kernel: {
        type: 'string',
        description: 'A kernel, such as `v5.11`; its changes are listed. Default: all kernels.',
      },
    },
    operandsOf: ({ kernel }) => ({ operands: kernel === undefined ? [] : [String(kernel)] }),
  },
};

/** What options whose value counts something call it. */
const COUNTS: readonly string[] = ['N', 'S', 'DEPTH'];

function propertyOf({ value, choices, doc }: CommandOption): JsonSchema {
  if (value === undefined) return { type: 'boolean', description: doc };
  if (COUNTS.includes(value)) return { type: 'integer', minimum: 0, description: doc };
  return { type: 'string', ...(choices && { enum: [...choices] }), description: doc };
}

function wordsOf({ name, value }: CommandOption, given: unknown): string[] {
  if (given === undefined || given === false) return [];
  return [value === undefined ? `--${name}` : `--${name}=${given}`];
}
