import {
  type ParsedScenario,
  parse,
  rolesOf,
  type ScenarioSymbol,
  type Span,
  type SymbolTable,
  type TextPosition,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { type Family, familiesOf, type SharedName, sharing, tableOf } from '../families.ts';
import { keyOf } from '../includes.ts';
import { familyOf, type IncludedFile, type Location, type Snapshot } from '../snapshot.ts';
import { symbolAt } from './references.ts';

/** A rename that cannot be done; the message says why. */
export class RenameRefused extends Error {
  override readonly name = 'RenameRefused';
}

/** Told by the name: in a browser two bundles have the class, each its own. */
export function isRenameRefused(error: unknown): error is RenameRefused {
  return error instanceof Error && error.name === 'RenameRefused';
}

/** The name at a place, when it may be renamed; throws {@link RenameRefused} with the reason when not. */
export function renameable(
  snapshot: Snapshot,
  at: TextPosition,
  families: readonly Family[] = [familyOf(snapshot)],
): { readonly line: number; readonly span: Span; readonly name: string } | undefined {
  const symbol = symbolAt(snapshot, at, families);
  if (symbol === undefined) return undefined;
  const use = [...symbol.definitions, ...symbol.references].find(
    ({ line, span }) => line === at.line && span.start <= at.column && at.column <= span.end,
  );
  if (use === undefined) return undefined;
  const { line, span } = use;
  const name = (snapshot.scenario.lines[line]?.text ?? '').slice(span.start, span.end);
  const reason = fixedName(sharing(families, snapshot.uri, symbol.id), symbol, name);
  if (reason !== undefined) throw new RenameRefused(reason);
  return { line, span, name };
}

/**
 * All places to change, in every file that shares the name. Throws {@link RenameRefused} when the new name is none, is
 * taken, or would mean something else somewhere.
 */
export function renamed(
  snapshot: Snapshot,
  at: TextPosition,
  newName: string,
  families: readonly Family[] = [familyOf(snapshot)],
): readonly Location[] {
  const symbol = symbolAt(snapshot, at, families);
  const old = renameable(snapshot, at, families);
  if (symbol === undefined || old === undefined) return [];
  if (!IDENTIFIER.test(newName))
    throw new RenameRefused(
      `\`${newName}\` is not a name: letters, digits and underscores, not starting with a digit.`,
    );
  if (VOCABULARY.constants.has(newName)) throw new RenameRefused(`\`${newName}\` is a constant of the kernel's API.`);
  if (symbol.space === 'actor' && (newName === 'setup' || newName === 'host'))
    throw new RenameRefused(`\`${newName}\` is the name of the actor whose block \`${newName} {\` opens.`);
  if (newName === old.name) return [];
  const changed = sharing(families, snapshot.uri, symbol.id);
  const touched = changed.flatMap(({ file }) => familiesOf(families, file.uri));
  refuseTaken(symbol, newName, touched, snapshot.uri);
  const places = changed.flatMap(({ file, definitions, references }) =>
    [...definitions, ...references].map(({ line, span }) => ({ uri: file.uri, line, ...span })),
  );
  const all = [...places, ...ofNamedVm(symbol, families, snapshot.uri)].sort((left, right) =>
    left.uri === right.uri ? left.line - right.line || left.start - right.start : 0,
  );
  refuseOtherMeaning(all, newName, (id) => renamedId(id, symbol, newName), new Set(touched), snapshot.uri);
  return all;
}

/** Why a name cannot be another: numbers, registers of the CPU, and what is not in this scenario. */
function fixedName(names: readonly SharedName[], symbol: ScenarioSymbol, written: string): string | undefined {
  if (!IDENTIFIER.test(written) || (symbol.space === 'actor' && /(^|_)vcpu\d+$/.test(symbol.name)))
    return 'A vCPU is named by its number: change the number of its block.';
  if (symbol.space === 'register' && /^(?:vcpu\d+|.*_vcpu\d+)\./.test(symbol.name))
    return 'Registers of a vCPU have the names that the architecture gives them.';
  if (symbol.space === 'register' && written === 'err')
    return '`err` is the last errno of a thread; it has no other name.';
  if (symbol.space === 'actor' && (written === 'setup' || written === 'host'))
    return `\`${written}\` is a word of the language.`;
  if (symbol.space !== 'register' && names.every(({ definitions }) => definitions.length === 0))
    return `Nothing in this scenario, or in one that includes it, defines \`${written}\`.`;
  return undefined;
}

/** What already has the new name, in any family that the rename changes. */
function refuseTaken(symbol: ScenarioSymbol, newName: string, touched: readonly Family[], uri: string): void {
  const id = renamedId(symbol.id, symbol, newName);
  for (const family of touched) {
    for (const file of family) {
      const other = tableOf(file, family).all.get(id);
      const place = other?.definitions[0] ?? other?.references[0];
      if (place === undefined) continue;
      throw new RenameRefused(`\`${newName}\` already names something else ${where(file, place.line, uri)}.`);
    }
  }
}

/** The actors `vm_vcpu0` have the name of a VM in theirs. */
function ofNamedVm(symbol: ScenarioSymbol, families: readonly Family[], uri: string): Location[] {
  if (symbol.space !== 'name') return [];
  const prefix = `${symbol.name}_vcpu`;
  const vcpus = new Set<string>();
  for (const family of familiesOf(families, uri)) {
    for (const file of family) {
      for (const { id, space, name } of tableOf(file, family).all.values())
        if (space === 'actor' && name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))) vcpus.add(id);
    }
  }
  return [...vcpus].flatMap((id) =>
    sharing(families, uri, id).flatMap(({ file, references }) =>
      references.map(({ line, span }) => ({
        uri: file.uri,
        line,
        start: span.start,
        end: span.start + symbol.name.length,
      })),
    ),
  );
}

/** What a symbol is called when another has its new name. */
function renamedId(id: string, { space, name, id: old }: ScenarioSymbol, newName: string): string {
  if (id === old) {
    if (space === 'parameter') return id.replace(/\([^()]*\)$/, `(${newName})`);
    return space === 'register' ? `${old.slice(0, old.lastIndexOf('.'))}.${newName}` : `${space}:${newName}`;
  }
  const owner = OWNED[space]?.(name);
  if (owner === undefined) return id;
  const [whole, before, after] = owner.exec(id) ?? [];
  return whole === undefined ? id : `${before}${newName}${after}`;
}

/** The symbols that have the name of another in theirs. */
const OWNED: Readonly<Partial<Record<ScenarioSymbol['space'], (name: string) => RegExp>>> = {
  actor: (name) => new RegExp(`^(register:)${name}(\\..*)$`),
  proc: (name) => new RegExp(`^(register:|parameter:)${name}(\\(.*)$`),
  name: (name) => new RegExp(`^(actor:|register:)${name}(_vcpu\\d+(?:\\..*)?)$`),
};

/** Reads all files again with the change in them: every word has to name what it named before. */
function refuseOtherMeaning(
  places: readonly Location[],
  newName: string,
  newId: (id: string) => string,
  touched: ReadonlySet<Family>,
  uri: string,
): void {
  const changed = new Map<string, IncludedFile>();
  const after = (file: IncludedFile) => {
    const key = keyOf(file.uri);
    let known = changed.get(key);
    if (known === undefined) {
      const inFile = places.filter(({ uri }) => keyOf(uri) === key);
      known = {
        uri: file.uri,
        scenario: inFile.length === 0 ? file.scenario : withName(file.scenario, inFile, newName),
      };
      changed.set(key, known);
    }
    return known;
  };
  for (const family of touched) {
    const then = family.map(after);
    family.forEach((file, index) => {
      const before = tableOf(file, family);
      const { scenario } = then[index]!;
      const after = tableOf(then[index]!, then);
      const wrong = file.scenario.lines.findIndex(
        (_, line) =>
          idsOfLine(before, file.scenario, line).map(newId).join('\n') !== idsOfLine(after, scenario, line).join('\n'),
      );
      if (wrong === -1) return;
      throw new RenameRefused(`\`${newName}\` would mean something else ${where(file, wrong, uri)}.`);
    });
  }
}

function withName(scenario: ParsedScenario, places: readonly Location[], newName: string): ParsedScenario {
  const texts = scenario.lines.map(({ text }) => text);
  // From right to left, so that columns stay what they are.
  for (const { line, start, end } of [...places].sort((left, right) => right.start - left.start)) {
    const text = texts[line] ?? '';
    texts[line] = text.slice(0, start) + newName + text.slice(end);
  }
  return parse(texts.join('\n'), scenario);
}

function idsOfLine(table: SymbolTable, scenario: ParsedScenario, index: number): string[] {
  const line = scenario.lines[index];
  if (line === undefined) return [];
  return rolesOf(line, VOCABULARY).flatMap(({ symbol, span }) =>
    symbol === undefined ? [] : [table.at(index, span.start)?.id ?? symbol.id],
  );
}

function where(file: IncludedFile, line: number, uri: string): string {
  const place = `line ${line + 1}`;
  if (keyOf(file.uri) === keyOf(uri)) return `on ${place}`;
  return `in \`${decodeURIComponent(file.uri.split('/').at(-1) ?? '')}\`, ${place}`;
}

const IDENTIFIER = /^[A-Za-z_]\w*$/;
