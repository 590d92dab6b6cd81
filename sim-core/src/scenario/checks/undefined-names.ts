import type { ActorHeader, ParsedScenario } from '../ast.ts';
import { contentsOfKind, linesOfKind } from '../blocks.ts';
import { brokenNames } from '../broken-names.ts';
import { looksConstant } from '../constant-style.ts';
import { namesOf, vcpuActorName } from '../roles.ts';
import type { ScenarioSymbol, TextPlace } from '../symbols.ts';
import type { ScenarioSubject } from './check.ts';

/** A name where nothing of that name is. */
export interface UndefinedUse extends TextPlace {
  readonly name: string;
}

/** Uses of names of a space that neither this file nor an included one defines. */
export function* undefinedUses(subject: ScenarioSubject, space: ScenarioSymbol['space']): Generator<UndefinedUse> {
  const { symbols, definedElsewhere, vocabulary } = subject;
  if (subject.brokenIncludes.length > 0 || isLibrary(subject.scenario)) return;
  const { defined } = brokenNames(subject.scenario);
  for (const symbol of symbols.all.values()) {
    if (symbol.space !== space || symbol.definitionCount > 0 || definedElsewhere.has(symbol.id)) continue;
    if (defined.has(symbol.name)) continue;
    if (space === 'name' && looksConstant(symbol.name, vocabulary)) continue;
    for (const place of symbol.references) yield { ...place, name: symbol.name };
  }
}

/**
 * Whether a file is there to be included: it has procedures, no actors, and nothing to judge. What its procedures
 * name may be declared by the file that includes it, and is checked there.
 */
function isLibrary(scenario: ParsedScenario): boolean {
  const { blocks } = scenario;
  if (blocks.some(({ actor }) => actor !== undefined) || !blocks.some(({ proc }) => proc !== undefined)) return false;
  return linesOfKind(scenario, 'condition').length === 0;
}

/** Names of all actors: `setup`, `qemu`, `vcpu0`, `gpu`, `host`. */
export function actorNames(files: readonly ParsedScenario[]): string[] {
  return files.flatMap((file) => file.blocks.flatMap(({ actor }) => (actor ? [actorName(actor)] : [])));
}

function actorName(actor: ActorHeader): string {
  return actor.kind === 'vcpu' ? vcpuActorName(actor) : (actor.name?.text ?? actor.kind);
}

/** What kind of actor a name is. */
export function kindsOfActors(files: readonly ParsedScenario[]): ReadonlyMap<string, ActorHeader['kind']> {
  return new Map(
    files.flatMap((file) =>
      file.blocks.flatMap(({ actor }) => (actor ? [[actorName(actor), actor.kind] as const] : [])),
    ),
  );
}

/** Where an actor or device is named that does not exist, by what is expected there, with the names that would do. */
export function* actorUses(
  subject: ScenarioSubject,
  wanted: 'device' | 'vcpu' | 'actor',
): Generator<UndefinedUse & { readonly known: readonly string[] }> {
  const { scenario, included, symbols, vocabulary } = subject;
  if (subject.brokenIncludes.length > 0 || isLibrary(scenario)) return;
  const files = [scenario, ...included];
  const devices = files.flatMap((file) =>
    [...contentsOfKind(file, 'device'), ...contentsOfKind(file, 'mdev')].map(({ content }) => content.name.text),
  );
  const actors = actorNames(files);
  const all = [...new Set([...actors, ...devices])];
  const vcpus = actors.filter((name) => /(^|_)vcpu\d+$/.test(name));
  const known = { device: devices, vcpu: vcpus, actor: all };
  const { defined } = brokenNames(scenario);
  for (const symbol of symbols.all.values()) {
    // A name that is a device and an actor can be wrong nowhere but where a vCPU is expected.
    if (symbol.space !== 'actor' || known[wanted].includes(symbol.name) || defined.has(symbol.name)) continue;
    const { name } = symbol;
    for (const { line, span } of symbol.references) {
      const word = namesOf(scenario.lines[line]!, vocabulary).find((candidate) => candidate.span.start === span.start);
      if (word?.symbol.as === wanted) yield { line, span, name, known: known[wanted] };
    }
  }
}
