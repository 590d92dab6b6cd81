import type { Profile } from '../../kernel/profiles.ts';
import type {
  Fix,
  Line,
  LineContent,
  LineFix,
  LineProblem,
  ParsedScenario,
  RelatedPlace,
  Severity,
  Span,
} from '../ast.ts';
import type { BrokenInclude, IncludedScenario, IncludePlace } from '../elaborate/scenario-sources.ts';
import type { RoleWord } from '../roles.ts';
import type { SymbolTable } from '../symbols.ts';
import type { Vocabulary } from '../vocabulary.ts';

/** One diagnostic code: what it means, where the rule comes from, and how it is found. */
export interface Check {
  /** Stable and hyphenated. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong and why, for the reference page. */
  readonly doc: string;
  readonly sources: readonly string[];
  /** Two scenarios: one with the diagnostic, one put right. */
  readonly examples: { readonly bad: string; readonly good: string };
  /** It says that a limit of ours was reached; nothing else need be wrong. */
  readonly limit?: true;
  /** Advice to an author who is still writing: a verdict on the scenario says the same, so only editors ask for it. */
  readonly advice?: true;
  /** The kinds of lines that `line` looks at. */
  readonly of?: readonly LineContent['kind'][];
  /** Looks at one line alone. What it finds is remembered with the line. */
  readonly line?: (subject: LineSubject) => Iterable<Objection>;
  /** Looks at names and blocks of the whole scenario. */
  readonly scenario?: (subject: ScenarioSubject) => Iterable<PlacedObjection>;
  // A check with neither is reported by the parser or by the elaborator.
}

export interface LineSubject {
  readonly line: Line;
  readonly words: readonly RoleWord[];
  readonly vocabulary: Vocabulary;
  /** Parameters of the procedure that the line is in: they may mean anything. */
  readonly params: ReadonlySet<string>;
}

export interface ScenarioSubject {
  readonly scenario: ParsedScenario;
  readonly vocabulary: Vocabulary;
  readonly symbols: SymbolTable;
  /** The kernel that a tool has selected; without it the `kernel` line counts. */
  readonly profile?: Profile;
  /** The files that it includes, with those that they include. */
  readonly included: readonly ParsedScenario[];
  /** The same files, with their paths and the lines through which they come. */
  readonly includedSources: readonly IncludedScenario[];
  /** Names that included files define, by symbol id. */
  readonly definedElsewhere: ReadonlySet<string>;
  /** Files that cannot be read or have errors, at the `include` lines of the scenario through which they come. */
  readonly brokenIncludes: readonly BrokenInclude[];
  /** Lines by which the scenario includes itself. */
  readonly selfIncludes: readonly IncludePlace[];
}

/** What a check found; the code and severity are the check's. */
export interface Objection {
  readonly span: Span;
  readonly message: string;
  readonly fixes?: readonly LineFix[];
}
export interface PlacedObjection extends Omit<Objection, 'fixes'> {
  readonly line: number;
  /** Where it is not the check's. */
  readonly severity?: Severity;
  readonly fixes?: readonly Fix[];
  readonly related?: readonly RelatedPlace[];
}

/** What is wrong, in words, and the known word that was probably meant: the elaborator says it as its check does. */
export interface Wording {
  readonly message: string;
  readonly meant?: string | undefined;
}

/** A fix that puts another word in place of a span; none when there is no better word. */
export function replacing(span: Span, better: string | undefined): { fixes?: readonly LineFix[] } {
  return better === undefined ? {} : { fixes: [{ title: `Change to \`${better}\``, span, newText: better }] };
}

export function replacingAt(line: number, span: Span, better: string | undefined): { fixes?: readonly Fix[] } {
  if (better === undefined) return {};
  return { fixes: [{ title: `Change to \`${better}\``, edits: [{ line, span, newText: better }] }] };
}

export function lineProblem(check: Check, objection: Objection): LineProblem {
  return { code: check.code, severity: check.severity, ...objection };
}

/** `A, B and C`, at most a handful of them. */
export function list(names: readonly string[], most = 8): string {
  const shown = names.slice(0, most).map((name) => `\`${name}\``);
  return names.length > most ? `${shown.join(', ')}, …` : joined(shown, 'and');
}

/** `A, B or C`. */
export function oneOf(names: readonly string[]): string {
  return joined(
    names.map((name) => `\`${name}\``),
    'or',
  );
}

export function joined(parts: readonly string[], last: 'and' | 'or'): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1)}`;
}
