/** How many statements the programs have once their calls are expanded: looked at before any call is. */
import { LIMITS } from '../../limits.ts';
import type { BlockItem, Span } from '../ast.ts';
import { tooManyStatements, tooManyStatementsText } from '../checks/too-many-statements.ts';
import { type Problems, Unresolved } from './problems.ts';
import type { Procedure, ScenarioSource } from './scenario-sources.ts';

interface Body {
  readonly items: readonly BlockItem[];
  readonly file: number;
}

const WHOLE_LINE: Span = { start: 0, end: 0 };

/**
 * Reports the statement with which they are too many, and gives up the scenario. Cost: linear in the statements as
 * written, times the depth of calls.
 */
export function refuseLongPrograms(
  bodies: readonly Body[],
  sources: readonly ScenarioSource[],
  procedures: ReadonlyMap<string, Procedure>,
  problems: Problems,
): void {
  const size = sizes(sources, procedures);
  let before = 0;
  for (const { items, file } of bodies) {
    for (const item of items) {
      const own = size([item], file, 0);
      before += own;
      if (before <= LIMITS.programNodes) continue;
      problems.within(sources[file], () => reportTooLong(item, own, sources[file], problems));
      throw new Unresolved('the programs are too long');
    }
  }
}

function reportTooLong(item: BlockItem, own: number, source: ScenarioSource | undefined, problems: Problems): void {
  const content = item.kind === 'line' ? source?.parsed.lines[item.line]?.content : undefined;
  const isCall = content?.kind === 'call';
  const span = isCall ? content.name.span : WHOLE_LINE;
  problems.report(tooManyStatements, item.line, span, tooManyStatementsText(isCall ? own : undefined));
}

/** Nodes that items become, `depth` calls deep. */
function sizes(
  sources: readonly ScenarioSource[],
  procedures: ReadonlyMap<string, Procedure>,
): (items: readonly BlockItem[], file: number, depth: number) => number {
  const known = new Map<string, number>();
  return sizeOf;

  function sizeOf(items: readonly BlockItem[], file: number, depth: number): number {
    return items.reduce((sum, item) => sum + itemSize(item, file, depth), 0);
  }

  function itemSize(item: BlockItem, file: number, depth: number): number {
    switch (item.kind) {
      case 'line':
        return lineSize(item.line, file, depth);
      case 'loop':
        return sizeOf(item.body, file, depth);
      case 'repeat':
        return 1 + sizeOf(item.body, file, depth);
      case 'choose':
        // An alternative may begin with a statement of its own.
        return item.alternatives.reduce((sum, body) => sum + 1 + sizeOf(body, file, depth), 1);
    }
  }

  function lineSize(line: number, file: number, depth: number): number {
    const content = sources[file]?.parsed.lines[line]?.content;
    if (content?.kind !== 'call') return 1;
    const procedure = procedures.get(content.name.text);
    if (!procedure || depth >= LIMITS.callDepth) return 0;
    const key = `${depth} ${procedure.name}`;
    const size = known.get(key) ?? sizeOf(procedure.block.items, procedure.file, depth + 1);
    known.set(key, size);
    return size;
  }
}
