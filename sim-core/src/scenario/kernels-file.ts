/** Reads `snoopscope.json`: the names in it that are right, and what is wrong with the others. */
import type { NamedKernels } from '../kernel/named-kernels.ts';
import { kernelLike } from '../kernel/releases.ts';
import { noKernel } from './checks/unknown-kernel.ts';

/** The names, and a sentence for each thing in the file that is not taken. */
export interface KernelsFile {
  readonly named: NamedKernels;
  readonly problems: readonly string[];
}

/** Of the text of the file, which may be anything. */
export function readKernelsFile(text: string): KernelsFile {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return { named: new Map(), problems: [`It is not JSON: ${(error as Error).message}.`] };
  }
  if (!isRecord(value)) return { named: new Map(), problems: ['It must be an object such as `{"kernels": {}}`.'] };
  const problems = Object.keys(value)
    .filter((key) => key !== 'kernels' && key !== '$schema')
    .map((key) => `There is no key \`${key}\`; the only one is \`kernels\`.`);
  const named = new Map<string, string>();
  const { kernels = {} } = value;
  if (!isRecord(kernels)) {
    return { named, problems: [...problems, '`kernels` must be an object: names and what they stand for.'] };
  }
  for (const [name, definition] of Object.entries(kernels)) {
    const problem = refusal(name, definition);
    if (problem === undefined) named.set(name, definition as string);
    else problems.push(`\`kernels.${name}\`: ${problem}`);
  }
  return { named, problems };
}

/** As the `kernel` line can have it. */
const NAME = /^[A-Za-z0-9_-]+(\.[\w-]+)*$/;

function refusal(name: string, definition: unknown): string | undefined {
  if (!NAME.test(name)) return 'A name has letters, digits, `-`, `_` and single dots.';
  if (name === 'all' || kernelLike(name) !== undefined) return 'This name means another kernel already.';
  if (typeof definition !== 'string') return 'It must stand for a text such as `"v6.12"`.';
  return kernelLike(definition) === undefined ? noKernel(definition).message : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
