/** The scenario and the files it includes, and the procedures that they define. */
import type { Block, ParsedScenario, Span } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { brokenInclude } from '../checks/broken-include.ts';
import { unknownInclude } from '../checks/unknown-include.ts';
import type { Problems } from './problems.ts';

export interface ScenarioSource {
  /** Relative to the scenario; empty for the scenario itself. */
  readonly path: string;
  readonly parsed: ParsedScenario;
  /** The `include` line of the scenario through which an included file came. */
  readonly via?: IncludePlace;
}

/** A file that came through an `include` line. */
export type IncludedScenario = ScenarioSource & Required<Pick<ScenarioSource, 'via'>>;

export interface Procedure {
  readonly name: string;
  readonly params: readonly string[];
  readonly block: Block;
  readonly file: number;
}

/** Reads an included file by its path relative to the scenario; undefined when it is not there. */
export type ReadInclude = (path: string) => ParsedScenario | undefined;

export interface IncludePlace {
  readonly line: number;
  readonly span: Span;
}

export interface SourcesOfScenario {
  readonly sources: readonly ScenarioSource[];
  readonly broken: readonly BrokenInclude[];
  /** Lines by which the scenario includes itself. */
  readonly ofItself: readonly IncludePlace[];
}

/** An `include` line that does not do what it says. */
export interface BrokenInclude extends IncludePlace {
  readonly code: 'unknown-include' | 'broken-include';
  readonly message: string;
}

/**
 * Every file counts once, the scenario itself among them, however often and in whatever circle files include each
 * other. What is wrong in a file is reported at the scenario's own `include` line through which the file came.
 */
export function readSources(parsed: ParsedScenario, includes: ReadInclude): SourcesOfScenario {
  const sources: ScenarioSource[] = [{ path: '', parsed }];
  const broken: BrokenInclude[] = [];
  const ofItself: IncludePlace[] = [];
  const unusable = new Map<string, Pick<BrokenInclude, 'code' | 'message'> | undefined>();
  for (const source of sources) {
    for (const { line, content } of contentsOfKind(source.parsed, 'include')) {
      const written = content.text.value;
      const path = includePath(source.path, written);
      const via = source.via ?? { line, span: content.text.span };
      if (!unusable.has(path)) {
        const included = includes(path);
        unusable.set(path, problemOf(written, included));
        if (included && !sources.some((known) => known.parsed === included))
          sources.push({ path, parsed: included, via });
      }
      if (source.via === undefined && includes(path) === parsed) ofItself.push(via);
      const problem = unusable.get(path);
      if (problem && source.via === undefined) broken.push({ ...via, ...problem });
      else if (problem) {
        const message = `\`${source.path}\`, line ${line + 1}: ${problem.message}`;
        broken.push({ ...via, code: 'broken-include', message });
      }
    }
  }
  return { sources, broken, ofItself };
}

function problemOf(
  written: string,
  included: ParsedScenario | undefined,
): Pick<BrokenInclude, 'code' | 'message'> | undefined {
  if (included === undefined) {
    const message = `The file \`${written}\` cannot be read. Its path is relative to this file.`;
    return { code: 'unknown-include', message };
  }
  const wrong = included.diagnostics.find(({ severity }) => severity === 'error');
  if (wrong === undefined) return undefined;
  return { code: 'broken-include', message: `\`${written}\`, line ${wrong.line + 1}: ${wrong.message}` };
}

/**
 * The files that a scenario includes, directly or not, by their paths relative to it. Yields each path once, and is given
 * the file; undefined when it is not there, or is not to be looked into.
 */
export function* includedFiles(
  scenario: ParsedScenario,
): Generator<string, ReadonlyMap<string, ParsedScenario>, ParsedScenario | undefined> {
  const found = new Map<string, ParsedScenario>();
  const asked = new Set<string>();
  const waiting = [{ path: '', parsed: scenario }];
  for (const from of waiting) {
    for (const { content } of contentsOfKind(from.parsed, 'include')) {
      const path = includePath(from.path, content.text.value);
      if (asked.has(path)) continue;
      asked.add(path);
      const parsed = yield path;
      if (parsed === undefined) continue;
      found.set(path, parsed);
      waiting.push({ path, parsed });
    }
  }
  return found;
}

/** Where a path written in the file `from` leads, relative to what `from` is relative to. */
export function includePath(from: string, written: string): string {
  if (/^([/\\]|[a-z][a-z0-9+.-]*:)/i.test(written)) return written;
  const parts = from.split('/').slice(0, -1);
  for (const part of written.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

export function collectSources(
  parsed: ParsedScenario,
  includes: ReadInclude,
  problems: Problems,
): readonly ScenarioSource[] {
  const { sources, broken } = readSources(parsed, includes);
  for (const { line, span, message, code } of broken)
    problems.report(code === 'unknown-include' ? unknownInclude : brokenInclude, line, span, message);
  return sources;
}

export function collectProcedures(sources: readonly ScenarioSource[]): ReadonlyMap<string, Procedure> {
  const procedures = new Map<string, Procedure>();
  for (const [file, source] of sources.entries()) {
    for (const block of source.parsed.blocks) {
      if (!block.proc) continue;
      const name = block.proc.name.text;
      procedures.set(name, { name, params: block.proc.params.map((p) => p.text), block, file });
    }
  }
  return procedures;
}
