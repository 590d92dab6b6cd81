// The tests that a scenario has: its conditions, and the ranges of kernels of those that name several.
import { contentsOfKind, type ParsedScenario, parse, profilesIn, spaced } from '@snoopscope/sim-core';

export interface ScenarioTests {
  /** What its `scenario` line says. */
  readonly title: string | undefined;
  /** Where that is, or the first line that moves something. Lines count from 0. */
  readonly line: number;
  readonly tags: readonly string[];
  readonly conditions: readonly ConditionTest[];
}

export interface ConditionTest {
  /** Which of the scenario's conditions: what verdicts call it. */
  readonly index: number;
  /** The same after an edit elsewhere in the file. */
  readonly id: string;
  readonly label: string;
  readonly line: number;
  /** Names of the kernels that it is for; undefined when it is for those that the others name. */
  readonly kernels: readonly string[] | undefined;
  /** One for each range, when there are several. */
  readonly ranges: readonly RangeTest[];
}

export interface RangeTest {
  /** `v3.13..v5.11`. */
  readonly label: string;
  readonly kernels: readonly string[];
}

/** Undefined for a file that only has procedures for others to include. */
export function testsOf(text: string): ScenarioTests | undefined {
  const parsed = parse(text);
  // As `check` and `test` do, skip what only others include. Conditions may be about actors of an included file.
  const first = parsed.blocks.find((block) => block.actor)?.line ?? contentsOfKind(parsed, 'condition')[0]?.line;
  if (first === undefined) return undefined;
  const title = parsed.lines.findIndex(({ content }) => content.kind === 'scenario');
  return {
    title: contentsOfKind(parsed, 'scenario')[0]?.content.text.value,
    line: title === -1 ? first : title,
    tags: contentsOfKind(parsed, 'tags').flatMap(({ content }) => content.tags.map((tag) => tag.text)),
    conditions: conditionsOf(parsed),
  };
}

function conditionsOf({ lines }: ParsedScenario): ConditionTest[] {
  const seen = new Map<string, number>();
  const conditions: ConditionTest[] = [];
  for (const [line, { content, text }] of lines.entries()) {
    if (content.kind !== 'condition') continue;
    const { quantifierSpan, condition, on } = content;
    const end = Math.max(condition.span.end, ...on.map(({ span }) => span.end));
    const label = spaced(text.slice(quantifierSpan.start, end).trim());
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    const ranges = on.map((range) => ({
      label: spaced(text.slice(range.span.start, range.span.end).trim()),
      kernels: profilesIn([range]).map(({ name }) => name),
    }));
    conditions.push({
      index: conditions.length,
      id: times === 1 ? label : `${label} (${times})`,
      label,
      line,
      kernels: on.length === 0 ? undefined : profilesIn(on).map(({ name }) => name),
      ranges: ranges.length > 1 ? ranges : [],
    });
  }
  return conditions;
}
