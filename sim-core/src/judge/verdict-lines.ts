/** The verdict of a check, line by line: a terminal paints and wraps the lines, an editor shows them as they are. */
import { counted } from '../counted.ts';
import type { ExploreLimit } from '../explore/exploration.ts';
import type { Profile } from '../kernel/profiles.ts';
import type { ParsedScenario } from '../scenario/ast.ts';
import { findingTitle } from './placed-finding.ts';
import { type JudgedCondition, nameOfKernels, type VerdictGroup } from './verdict-groups.ts';
import { ENDLESS, refutationText, scheduleWords, sizeText, spaced } from './verdict-text.ts';

export interface VerdictLine {
  /** Columns before it. */
  readonly indent: number;
  /** `FAILS`, with two spaces after it. */
  readonly word?: StyledText;
  readonly text: StyledText;
  /** Follows directly. */
  readonly after?: StyledText;
  /** Columns before what does not fit on the first line; without it the line is never broken, because it is copied. */
  readonly hang?: number;
}

/** A piece of a line, and what it is. */
export interface StyledText {
  readonly text: string;
  readonly style?: 'heading' | 'faint' | 'good' | 'bad' | 'caution' | 'name';
}

export interface VerdictLinesOptions {
  /** Kernels that were not explored. */
  readonly left?: readonly Profile[];
  /** Also the schedules of conditions that hold. */
  readonly witnesses?: boolean;
  /** Which limit was reached, and the way out. */
  readonly limitText: (limit: ExploreLimit) => string;
}

/** More findings of one kernel than these are for programs. */
const SHOWN_FINDINGS = 40;

const NONE_FOR_KERNEL = 'No condition is for this kernel: judged are declared results and findings.';
const WITHOUT_CONDITIONS = 'It has no conditions: judged are declared results and findings.';

/** Everything below the name of the file. */
export function verdictLines(
  parsed: ParsedScenario,
  groups: readonly VerdictGroup[],
  options: VerdictLinesOptions,
): VerdictLine[] {
  const skipped = groups[0]?.skipped;
  if (skipped !== undefined) return [note(2, 'faint', `Skipped: ${skipped}, so there is nothing to check.`)];
  const hasConditions = parsed.lines.some(({ content }) => content.kind === 'condition');
  const { left = [] } = options;
  return [
    ...groups.flatMap((group) => [
      ...groupLines(group, options),
      ...(hasConditions && group.conditions.length === 0 ? [note(4, 'faint', NONE_FOR_KERNEL)] : []),
    ]),
    ...(left.length > 0
      ? [headline(nameOfKernels(left), { style: 'caution', text: 'open' }), note(4, 'faint', 'not explored')]
      : []),
    ...(hasConditions ? [] : [note(2, 'faint', WITHOUT_CONDITIONS)]),
  ];
}

/** The line as it is without colours and without an end of the paper. */
export function plainLine({ indent, word, text, after }: VerdictLine): string {
  return `${' '.repeat(indent)}${word ? `${word.text}  ` : ''}${text.text}${after?.text ?? ''}`;
}

function groupLines(group: VerdictGroup, { witnesses = false, limitText }: VerdictLinesOptions): VerdictLine[] {
  const { name, passed, conditions, findings, complete, finals, waiting, limit } = group;
  return [
    headline(name, verdictWord(passed)),
    note(4, 'faint', sizeText(group)),
    ...conditions.flatMap((condition) => conditionLines(group, condition, witnesses)),
    ...(complete && finals === 0 ? [note(4, 'caution', ENDLESS)] : []),
    ...(waiting === undefined ? [] : [note(4, 'caution', `In a run without a schedule: ${waiting}`)]),
    ...findings
      .slice(0, SHOWN_FINDINGS)
      .flatMap((found): VerdictLine[] => [
        { indent: 4, word: { style: 'bad', text: 'found' }, text: { text: findingTitle(found) }, hang: DETAILS },
        scheduleLine(group, found.schedule),
      ]),
    ...(findings.length > SHOWN_FINDINGS ? [note(4, 'faint', moreText(findings.length - SHOWN_FINDINGS))] : []),
    ...(limit ? [note(4, 'caution', limitText(limit))] : []),
  ];
}

function moreText(findings: number): string {
  return `and ${counted(findings, 'more finding')}, which --format json lists`;
}

function verdictWord(passed: boolean | undefined): StyledText {
  if (passed === undefined) return { style: 'caution', text: 'open' };
  return passed ? { style: 'good', text: 'passed' } : { style: 'bad', text: 'FAILED' };
}

/** The column after the words. */
const DETAILS = 11;

function conditionLines(group: VerdictGroup, condition: JudgedCondition, witnesses: boolean): VerdictLine[] {
  const { holds, text, line, schedule } = condition;
  const word: StyledText =
    holds === undefined
      ? { style: 'caution', text: 'open ' }
      : holds
        ? { style: 'good', text: 'holds' }
        : { style: 'bad', text: 'FAILS' };
  const refutation = holds === false ? refutationText(condition) : undefined;
  return [
    { indent: 4, word, text: { text: `${spaced(text)} (line ${line + 1})` }, hang: DETAILS },
    ...(refutation === undefined ? [] : [{ indent: DETAILS, text: { text: refutation }, hang: DETAILS }]),
    ...(schedule !== undefined && (holds === false || witnesses) ? [scheduleLine(group, schedule)] : []),
  ];
}

function scheduleLine(group: VerdictGroup, schedule: string): VerdictLine {
  const { text, where } = scheduleWords(group, schedule);
  return {
    indent: DETAILS,
    text: { style: schedule === 'schedule' ? 'faint' : 'name', text },
    after: { style: 'faint', text: where },
  };
}

function headline(name: string, verdict: StyledText): VerdictLine {
  return {
    indent: 2,
    text: { style: 'heading', text: name },
    after: { ...verdict, text: `  ${verdict.text}` },
    hang: 2,
  };
}

function note(indent: number, style: 'faint' | 'caution', text: string): VerdictLine {
  return { indent, text: { style, text }, hang: indent };
}
