/** What a debugger shows after the lines that it has passed: names, registers and words of the block where it is. */
import { blockOfLines, rolesOf, type Span, symbolsOf, VOCABULARY } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

/** Something that the debug adapter evaluates in the frame where it is stopped. */
export interface InlineValue {
  readonly line: number;
  readonly span: Span;
  readonly expression: string;
}

/** Of the lines that a client shows, up to the line where the debugger is; each thing once a line. */
export function inlineValues({ scenario }: Snapshot, first: number, last: number, stopped: number): InlineValue[] {
  const blocks = blockOfLines(scenario);
  const block = blocks[stopped];
  if (block === undefined || block.kind === 'machine') return [];
  const symbols = symbolsOf(scenario, VOCABULARY);
  const found: InlineValue[] = [];
  for (let line = Math.max(first, block.line); line <= Math.min(last, stopped); line++) {
    const seen = new Set<string>();
    for (const { span } of rolesOf(scenario.lines[line]!, VOCABULARY)) {
      const symbol = symbols.at(line, span.start);
      if (symbol === undefined || !HAVE_VALUES.has(symbol.space) || seen.has(symbol.id)) continue;
      seen.add(symbol.id);
      // The line at which the debugger stopped has not run yet, so what it binds first has no value.
      if (line === stopped && symbol.space === 'name' && bindsFirst(symbol.definitions, line)) continue;
      found.push({ line, span, expression: symbol.name });
    }
  }
  return found;
}

function bindsFirst(definitions: readonly { readonly line: number }[], line: number): boolean {
  return definitions.length > 0 && definitions.every((one) => one.line >= line);
}

/** A parameter has the value of an argument, which is named where the procedure is called. */
const HAVE_VALUES: ReadonlySet<string> = new Set(['name', 'register', 'word']);
