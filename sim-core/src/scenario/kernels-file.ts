/** Reads `snoopscope.json`: the names in it that are right, and what is wrong with the others. */
import { isRecord } from '../is-record.ts';
import type { NamedKernels } from '../kernel/named-kernels.ts';
import { kernelLike } from '../kernel/releases.ts';
import { noKernel } from './checks/unknown-kernel.ts';

/** The names, and what in the file is not taken. */
export interface KernelsFile {
  readonly named: NamedKernels;
  readonly problems: readonly KernelsProblem[];
}

/** A sentence, and what in the text it is about: offsets in UTF-16 units. */
export interface KernelsProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** Of the text of the file, which may be anything. */
export function readKernelsFile(text: string): KernelsFile {
  const named = new Map<string, string>();
  const problems: KernelsProblem[] = [];
  const report = (message: string, quoted = '', from = 0): void => {
    const start = quoted === '' ? 0 : Math.max(text.indexOf(quoted, from), 0);
    problems.push({ message, start, end: start + (quoted.length || text.length) });
  };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    report(`It is not JSON: ${oneLine((error as Error).message)}.`);
    return { named, problems };
  }
  if (!isRecord(value)) report('It must be an object such as `{"kernels": {}}`.');
  else readKernels(value, text, named, report);
  return { named, problems };
}

/** `quoted` is what the message is about as the file writes it; it is looked for from an offset on. */
type Report = (message: string, quoted?: string, from?: number) => void;

function readKernels(
  value: Readonly<Record<string, unknown>>,
  text: string,
  named: Map<string, string>,
  report: Report,
): void {
  for (const key of Object.keys(value)) {
    if (key !== 'kernels' && key !== '$schema')
      report(`There is no key \`${key}\`; the only one is \`kernels\`.`, JSON.stringify(key));
  }
  const { kernels = {} } = value;
  const from = text.indexOf('"kernels"');
  if (!isRecord(kernels)) {
    report('`kernels` must be an object: names and what they stand for.', '"kernels"');
    return;
  }
  for (const [name, definition] of Object.entries(kernels)) {
    const problem = refusal(name, definition, kernels);
    if (problem === undefined) named.set(name, definition as string);
    else report(`\`kernels.${name}\`: ${problem}`, JSON.stringify(name), from);
  }
}

/** As the `kernel` line can have it. */
const NAME = /^[A-Za-z0-9_-]+(\.[\w-]+)*$/;

function refusal(name: string, definition: unknown, others: Readonly<Record<string, unknown>>): string | undefined {
  if (!NAME.test(name)) return 'A name has letters, digits, `-`, `_` and single dots.';
  if (name === 'all' || kernelLike(name) !== undefined) return 'This name already means another kernel.';
  if (typeof definition !== 'string') return 'Its value must be a string such as `"v6.12"`.';
  if (kernelLike(definition) !== undefined) return undefined;
  const base = definition.split(/[+~]/, 1)[0]?.trim() ?? '';
  if (!Object.hasOwn(others, base)) return noKernel(definition).message;
  return `\`${base}\` is a name of this file, and names do not stand for each other: write what \`${base}\` stands for.`;
}

/** What an engine says quotes the text, line breaks and all. */
function oneLine(message: string): string {
  return message.replace(/\s+/g, ' ').replace(/\.$/, '');
}
