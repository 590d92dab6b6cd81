import type { Profile } from '../../kernel/profiles.ts';
import { toEnd } from '../../to-end.ts';
import type { Diagnostic, Line, LineContent, LineProblem, ParsedScenario } from '../ast.ts';
import { type IncludedScenario, type ReadInclude, readSources } from '../elaborate/scenario-sources.ts';
import { limited } from '../parser.ts';
import { piecesOf, rememberedByWords } from '../pieces.ts';
import { Notes } from '../remembered.ts';
import { rolesOf } from '../roles.ts';
import { symbolsOf } from '../symbols.ts';
import { VOCABULARY, type Vocabulary } from '../vocabulary.ts';
import { type Check, lineProblem, type ScenarioSubject } from './check.ts';
import { explainProcedures } from './procedure-calls.ts';
import { CHECKS } from './table.ts';

export interface CheckContext {
  /** Reads an included file, relative to the scenario; undefined when it is not there. */
  readonly includes?: ReadInclude;
  readonly vocabulary?: Vocabulary;
  /** The kernel that a tool has selected; without it the `kernel` line counts. */
  readonly profile?: Profile;
  /** Also what a judgement of the scenario will say: for editors. */
  readonly advice?: boolean;
}

/**
 * What is wrong with the names, words and shapes of a scenario; what is wrong with its text alone is in
 * `scenario.diagnostics`. Never throws. What is found in single lines is remembered, so after an edit only what it touched and
 * the names are looked at again.
 */
export function checkText(scenario: ParsedScenario, context: CheckContext = {}): Diagnostic[] {
  return toEnd(checkingText(scenario, context));
}

/** The same in slices of some milliseconds: between two, an editor answers other requests, or gives up. */
export function* checkingText(scenario: ParsedScenario, context: CheckContext = {}): Generator<void, Diagnostic[]> {
  const vocabulary = context.vocabulary ?? VOCABULARY;
  const diagnostics = yield* checkingLines(scenario, vocabulary);
  yield* checkingScenario(scenario, context, vocabulary, diagnostics);
  diagnostics.sort((left, right) => left.line - right.line || left.span.start - right.span.start);
  return limited(diagnostics);
}

function* checkingLines(scenario: ParsedScenario, vocabulary: Vocabulary): Generator<void, Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  for (const { start, piece } of piecesOf(scenario)) {
    yield;
    for (const { index, problem } of problemsOfPiece(piece, vocabulary)) {
      const { fixes, ...rest } = problem;
      const line = start + index;
      const placed = fixes?.map(({ span, newText, ...fix }) => ({ ...fix, edits: [{ line, span, newText }] }));
      diagnostics.push({ ...rest, line, ...(placed && { fixes: placed }) });
    }
  }
  return diagnostics;
}

/** What is wrong with single lines, counted from the top of the piece. Most pieces have nothing. */
const problemsOfPiece = rememberedByWords((piece, vocabulary) => {
  const memory = memoryOf(vocabulary);
  return piece.lines.flatMap((line, index) =>
    remembered(line, piece.openers[index], vocabulary, memory).map((problem) => ({ index, problem })),
  );
});

/** What was found in a line, and for which parameters of its procedure. */
interface Remembered {
  readonly params: string;
  readonly problems: readonly LineProblem[];
}

function remembered(
  line: Line,
  opener: Line | undefined,
  vocabulary: Vocabulary,
  memory: Notes<Line, Remembered>,
): readonly LineProblem[] {
  const names = opener?.content.kind === 'proc-open' ? opener.content.params.map((param) => param.text) : [];
  const params = names.join(' ');
  const known = memory.get(line);
  if (known !== undefined && known.params === params) return known.problems;
  const problems = problemsOf(line, vocabulary, new Set(names));
  memory.set(line, { params, problems });
  return problems;
}

function memoryOf(vocabulary: Vocabulary): Notes<Line, Remembered> {
  let memory = memories.get(vocabulary);
  if (memory === undefined) {
    memory = new Notes();
    memories.set(vocabulary, memory);
  }
  return memory;
}

function problemsOf(line: Line, vocabulary: Vocabulary, params: ReadonlySet<string>): readonly LineProblem[] {
  const checks = LINE_CHECKS.get(line.content.kind);
  if (checks === undefined) return NO_PROBLEMS;
  const words = rolesOf(line, vocabulary);
  const problems: LineProblem[] = [];
  for (const one of checks) {
    for (const objection of one.line!({ line, words, vocabulary, params })) problems.push(lineProblem(one, objection));
  }
  return problems.length === 0 ? NO_PROBLEMS : problems;
}

function* checkingScenario(
  scenario: ParsedScenario,
  { includes, profile, advice = false }: CheckContext,
  vocabulary: Vocabulary,
  diagnostics: Diagnostic[],
): Generator<void, void> {
  const names = subjectOf(scenario, includes ?? (() => undefined), vocabulary);
  const subject = { ...names, ...(profile && { profile }) };
  yield;
  for (const one of SCENARIO_CHECKS) {
    if (one.advice && !advice) continue;
    for (const objection of one.scenario!(subject))
      diagnostics.push({ code: one.code, severity: one.severity, ...objection });
    yield;
  }
  explainProcedures(diagnostics, subject);
}

function subjectOf(scenario: ParsedScenario, includes: ReadInclude, vocabulary: Vocabulary): ScenarioSubject {
  const { sources, broken, ofItself } = readSources(scenario, includes);
  const included = sources.slice(1).map(({ parsed }) => parsed);
  const definedElsewhere = new Set<string>();
  for (const file of included) {
    for (const symbol of symbolsOf(file, vocabulary).all.values())
      if (symbol.definitionCount > 0) definedElsewhere.add(symbol.id);
  }
  const symbols = symbolsOf(scenario, vocabulary, included);
  const includedSources = sources.filter((source): source is IncludedScenario => source.via !== undefined);
  return {
    scenario,
    vocabulary,
    symbols,
    included,
    includedSources,
    definedElsewhere,
    brokenIncludes: broken,
    selfIncludes: ofItself,
  };
}

/** The checks of single lines, by the kind of line. */
const LINE_CHECKS = new Map<LineContent['kind'], Check[]>();
for (const one of CHECKS) {
  for (const kind of one.of ?? []) LINE_CHECKS.set(kind, [...(LINE_CHECKS.get(kind) ?? []), one]);
}
const SCENARIO_CHECKS = CHECKS.filter((one) => one.scenario !== undefined);
const memories = new WeakMap<Vocabulary, Notes<Line, Remembered>>();
const NO_PROBLEMS: readonly LineProblem[] = [];
