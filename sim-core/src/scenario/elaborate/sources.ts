/** The scenario and the files it includes, and the procedures that they define. */
import type { Block, Diagnostic, ParsedScenario } from '../ast.ts';
import type { Problems } from './problems.ts';

export interface Source {
  /** As written behind `include`; empty for the scenario itself. */
  readonly path: string;
  readonly parsed: ParsedScenario;
}

export interface Procedure {
  readonly name: string;
  readonly params: readonly string[];
  readonly block: Block;
  readonly file: number;
}

/** Reads an included file; undefined when it is not there. */
export type Includes = (path: string) => ParsedScenario | undefined;

export function collectSources(parsed: ParsedScenario, includes: Includes, problems: Problems): Source[] {
  const sources: Source[] = [{ path: '', parsed }];
  const seen = new Set<string>();
  for (let file = 0; file < sources.length; file++) {
    const source = sources[file] as Source;
    for (const [line, { content }] of source.parsed.lines.entries()) {
      if (content.kind !== 'include') continue;
      const path = content.text.value;
      if (seen.has(path)) continue;
      seen.add(path);
      const included = includes(path);
      if (!included) {
        if (file === 0) problems.report(line, content.text.span, `The file ${path} cannot be read.`, 'unknown-include');
        continue;
      }
      const wrong = included.diagnostics.find((d: Diagnostic) => d.severity === 'error');
      if (wrong && file === 0) {
        problems.report(line, content.text.span, `${path}, line ${wrong.line + 1}: ${wrong.message}`, 'broken-include');
      }
      sources.push({ path, parsed: included });
    }
  }
  return sources;
}

export function collectProcedures(sources: readonly Source[]): ReadonlyMap<string, Procedure> {
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
