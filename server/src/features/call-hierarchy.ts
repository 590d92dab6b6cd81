/** Procedures and the blocks that call them. */
import { type Block, contentsOfKind, printActor, type Span, type TextPosition } from '@snoopscope/sim-core';
import type { Family } from '../families.ts';
import type { IncludedFile, Snapshot } from '../snapshot.ts';
import { symbolAt } from './references.ts';

/** A block that is called, or that calls. */
export interface Caller {
  readonly uri: string;
  readonly name: string;
  readonly isProcedure: boolean;
  readonly line: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly span: Span;
}

/** One end of calls, and where they are, in the file of the caller. */
export interface Calls {
  readonly other: Caller;
  readonly places: readonly { readonly line: number; readonly span: Span }[];
}

/** The procedure that is named at a place. */
export function callableAt(snapshot: Snapshot, at: TextPosition, families: readonly Family[]): Caller | undefined {
  const symbol = symbolAt(snapshot, at, families);
  return symbol?.space === 'proc' ? procedure(families, symbol.name) : undefined;
}

/** Who calls a procedure, in every family. */
export function callsTo(families: readonly Family[], name: string): Calls[] {
  return filesOf(families).flatMap((file) =>
    file.scenario.blocks.flatMap((block): Calls[] => {
      const places = callsIn(file, block).filter((call) => call.name === name);
      return places.length === 0 ? [] : [{ other: caller(file, block), places }];
    }),
  );
}

/** What a block calls. */
export function callsFrom(families: readonly Family[], uri: string, line: number): Calls[] {
  const file = filesOf(families).find((one) => one.uri === uri);
  const block = file?.scenario.blocks.find((one) => one.line === line);
  if (file === undefined || block === undefined) return [];
  const calls = callsIn(file, block);
  return [...new Set(calls.map(({ name }) => name))].flatMap((name): Calls[] => {
    const other = procedure(families, name);
    return other === undefined ? [] : [{ other, places: calls.filter((call) => call.name === name) }];
  });
}

function filesOf(families: readonly Family[]): IncludedFile[] {
  return [...new Map(families.flat().map((file) => [file.uri, file])).values()];
}

function procedure(families: readonly Family[], name: string): Caller | undefined {
  for (const file of filesOf(families)) {
    const block = file.scenario.blocks.find(({ proc }) => proc?.name.text === name);
    if (block !== undefined) return caller(file, block);
  }
  return undefined;
}

function caller({ uri, scenario }: IncludedFile, block: Block): Caller {
  const text = scenario.lines[block.line]?.text ?? '';
  return {
    uri,
    name: block.proc?.name.text ?? (block.actor ? printActor({ ...block.actor, options: [] }) : block.kind),
    isProcedure: block.proc !== undefined,
    line: block.line,
    endLine: block.endLine,
    endColumn: scenario.lines[block.endLine]?.text.length ?? 0,
    span: block.proc?.name.span ?? { start: 0, end: text.trimEnd().length },
  };
}

function callsIn({ scenario }: IncludedFile, { line, endLine }: Block) {
  return contentsOfKind(scenario, 'call')
    .filter((call) => line <= call.line && call.line <= endLine)
    .map((call) => ({ line: call.line, span: call.content.name.span, name: call.content.name.text }));
}
