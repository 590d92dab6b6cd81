import { type Position, type ScenarioSymbol, type Span, VOCABULARY } from '@snoopscope/sim-core';
import type { Location, Snapshot } from '../snapshot.ts';
import { definitionsOf, namesOf } from './names.ts';
import { referencesAt, symbolAt, usesAt } from './references.ts';

/** A rename that cannot be done; the message says why. */
export class RenameRefused extends Error {
  override readonly name = 'RenameRefused';
}

/** The name at a place, when it may be renamed; throws {@link RenameRefused} with the reason when not. */
export function renameable(
  snapshot: Snapshot,
  at: Position,
): { readonly line: number; readonly span: Span; readonly name: string } | undefined {
  const symbol = symbolAt(snapshot, at);
  const use = usesAt(snapshot, at).find(
    ({ place }) => place.line === at.line && place.span.start <= at.column && at.column <= place.span.end,
  );
  if (symbol === undefined || use === undefined) return undefined;
  const { line, span } = use.place;
  const name = (snapshot.scenario.lines[line]?.text ?? '').slice(span.start, span.end);
  const reason = fixedName(snapshot, symbol, name);
  if (reason !== undefined) throw new RenameRefused(reason);
  return { line, span, name };
}

/** All places to change. Throws {@link RenameRefused} when the new name is none, or is taken. */
export function renamed(snapshot: Snapshot, at: Position, newName: string): readonly Location[] {
  const symbol = symbolAt(snapshot, at);
  if (symbol === undefined || renameable(snapshot, at) === undefined) return [];
  if (!IDENTIFIER.test(newName))
    throw new RenameRefused(
      `\`${newName}\` is not a name: letters, digits and underscores, not starting with a digit.`,
    );
  if (VOCABULARY.constants.has(newName)) throw new RenameRefused(`\`${newName}\` is a constant of the kernel's API.`);
  const taken =
    symbol.space !== 'parameter' &&
    symbol.space !== 'register' &&
    namesOf(snapshot, symbol.space).some(({ name }) => name === newName);
  if (taken) throw new RenameRefused(`\`${newName}\` already names something else in this scenario.`);
  return referencesAt(snapshot, at, true);
}

/** Why a name cannot be another: numbers, registers of the CPU, and what is not in this scenario. */
function fixedName(snapshot: Snapshot, symbol: ScenarioSymbol, written: string): string | undefined {
  if (!IDENTIFIER.test(written) || /^vcpu\d+$/.test(symbol.name) || /_vcpu\d+$/.test(symbol.name))
    return 'A vCPU is named by its number: change the number of its block.';
  if (symbol.space === 'register' && /^(?:vcpu\d+|.*_vcpu\d+)\./.test(symbol.name))
    return 'Registers of a vCPU have the names that the architecture gives them.';
  if (symbol.space === 'register' && written === 'err')
    return '`err` is the last errno of a thread; it has no other name.';
  if (symbol.space === 'actor' && (written === 'setup' || written === 'host'))
    return `\`${written}\` is a word of the language.`;
  if (symbol.space !== 'register' && definitionsOf(snapshot, symbol).length === 0)
    return `Nothing in this scenario defines \`${written}\`.`;
  return undefined;
}

const IDENTIFIER = /^[A-Za-z_]\w*$/;
