/** Whether the header of a trace has what a header must have. The digest finds accidents; this finds what was made up. */
import { isRecord } from '../../is-record.ts';

type Test = (value: unknown) => boolean;

/** What is wrong with a header that was read, `its header has no ...`; undefined when nothing is. */
export function shapeProblem(header: unknown): string | undefined {
  if (!isRecord(header)) return 'its header is not an object';
  for (const [path, expected] of Object.entries(SHAPE)) {
    if (!EXPECTATIONS[expected](valueAt(header, path)))
      return `\`${path}\` of its header is missing or is not ${WORDS[expected]}`;
  }
  if ((header.cursor as number) > (header.steps as number)) return 'its cursor is after its last step';
  return branchProblem(header);
}

/** Branches part from one that is already there, within it. */
function branchProblem({ steps, events, branches, branch }: Readonly<Record<string, unknown>>): string | undefined {
  const ends = [steps as number];
  let all = events as number;
  for (const [index, { from, after, ...own }] of (branches as readonly Readonly<Record<string, number>>[]).entries()) {
    const parent = ends[from! - 1];
    const name = `branch ${index + 2}`;
    if (parent === undefined) return `${name} parts from branch ${from}, which does not come before it`;
    if (after! > parent || after! > own.steps!) return `${name} parts from branch ${from} where that has ended`;
    if (own.cursor! > own.steps!) return `the cursor of ${name} is after its last step`;
    ends.push(own.steps!);
    all += own.events!;
  }
  if (all > MOST_EVENTS) return `it has more than ${MOST_EVENTS} events`;
  if ((branch as number) < 1 || (branch as number) > ends.length) return 'it opens in a branch that it does not have';
  return undefined;
}

type Expectation = keyof typeof EXPECTATIONS;

/** Members by their path. A member that is not listed is left alone: new ones do not raise the format version. */
const SHAPE: Readonly<Record<string, Expectation>> = {
  digest: 'text',
  writtenBy: 'text',
  'scenario.name': 'text',
  'scenario.text': 'text',
  includes: 'includes',
  namedKernels: 'names',
  'kernel.name': 'text',
  'kernel.version': 'text',
  'kernel.mainline': 'truth',
  'kernel.release': 'textOrNothing',
  'kernel.changes': 'texts',
  schedule: 'text',
  granularity: 'micro',
  cursor: 'count',
  steps: 'count',
  events: 'count',
  end: 'end',
  block: 'count',
  layout: 'textOrNothing',
  branches: 'branches',
  branch: 'count',
};

const BRANCH_SHAPE: Readonly<Record<string, Expectation>> = {
  from: 'count',
  after: 'count',
  changes: 'changes',
  schedule: 'text',
  cursor: 'count',
  steps: 'count',
  events: 'count',
  end: 'end',
};

/** Events of the longest run that a trace holds: 1 GiB of them. */
export const MOST_EVENTS = 1 << 26;

const isText: Test = (value) => typeof value === 'string';
const isInclude: Test = (value) =>
  isRecord(value) && isText(value.path) && (value.text === undefined || isText(value.text));

const isChange: Test = (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isInteger);
const isBranch: Test = (value) =>
  isRecord(value) && Object.entries(BRANCH_SHAPE).every(([name, expected]) => EXPECTATIONS[expected](value[name]));

const EXPECTATIONS = {
  text: isText,
  textOrNothing: (value) => value === undefined || isText(value),
  texts: (value) => Array.isArray(value) && value.every(isText),
  names: (value) => isRecord(value) && Object.values(value).every(isText),
  includes: (value) => Array.isArray(value) && value.every(isInclude),
  truth: (value) => typeof value === 'boolean',
  count: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_EVENTS,
  micro: (value) => value === 'micro',
  changes: (value) => value === undefined || (Array.isArray(value) && value.every(isChange)),
  branches: (value): boolean => Array.isArray(value) && value.every(isBranch),
  end: (value) => ['completed', 'stuck', 'limit', 'open'].includes(String(value)),
} as const satisfies Record<string, Test>;

const WORDS: Readonly<Record<Expectation, string>> = {
  text: 'a string',
  textOrNothing: 'a string',
  texts: 'a list of strings',
  names: 'an object of strings',
  includes: 'a list of files',
  truth: 'a boolean',
  count: `a whole number from 0 to ${MOST_EVENTS}`,
  micro: '"micro"',
  changes: 'a list of slots and values',
  branches: 'a list of branches',
  end: '"completed", "stuck", "limit" or "open"',
};

function valueAt(header: Readonly<Record<string, unknown>>, path: string): unknown {
  let value: unknown = header;
  for (const key of path.split('.')) value = isRecord(value) ? value[key] : undefined;
  return value;
}
