import type { ParsedScenario } from '../ast.ts';
import { rolesOf, vcpuName } from '../roles.ts';
import { blockOfLines, type Place, type ScenarioSymbol } from '../symbols.ts';
import type { ScenarioSubject } from './check.ts';
import { looksConstant } from './constants.ts';

/** A name where nothing of that name is. */
export interface UndefinedUse extends Place {
  readonly name: string;
}

/** Uses of names of a space that neither this file nor an included one defines. */
export function* undefinedUses(subject: ScenarioSubject, space: ScenarioSymbol['space']): Generator<UndefinedUse> {
  const { symbols, definedElsewhere, vocabulary } = subject;
  if (subject.brokenIncludes.size > 0) return;
  for (const symbol of symbols.all.values()) {
    if (symbol.space !== space || symbol.definitions.length > 0 || definedElsewhere.has(symbol.id)) continue;
    if (space === 'name' && looksConstant(symbol.name, vocabulary)) continue;
    for (const place of symbol.references) yield { ...place, name: symbol.name };
  }
}

/** Names of all actors: `setup`, `qemu`, `vcpu0`, `gpu`, `host`. */
export function actorNames(files: readonly ParsedScenario[]): string[] {
  return files.flatMap((file) =>
    file.blocks.flatMap(({ actor }) =>
      actor === undefined ? [] : [actor.kind === 'vcpu' ? vcpuName(actor) : (actor.name?.text ?? actor.kind)],
    ),
  );
}

/** Where an actor or device is named that does not exist, by what is expected there, with the names that would do. */
export function* actorUses(
  subject: ScenarioSubject,
  wanted: 'device' | 'vcpu' | 'actor',
): Generator<UndefinedUse & { readonly known: readonly string[] }> {
  const { scenario, included, vocabulary } = subject;
  if (subject.brokenIncludes.size > 0) return;
  const files = [scenario, ...included];
  const devices = files.flatMap((file) =>
    file.lines.flatMap(({ content }) =>
      content.kind === 'device' || content.kind === 'mdev' ? [content.name.text] : [],
    ),
  );
  const actors = actorNames(files);
  const known = {
    device: devices,
    vcpu: actors.filter((name) => /(^|_)vcpu\d+$/.test(name)),
    actor: [...new Set([...actors, ...devices])],
  };
  const blocks = blockOfLines(scenario);
  for (const [line, { content }] of scenario.lines.entries()) {
    if (content.kind === 'schedule') continue;
    for (const word of rolesOf(scenario.lines[line]!, vocabulary)) {
      if (word.symbol?.space !== 'actor' || word.symbol.definition) continue;
      const { name } = word.symbol;
      if (blocks[line]?.proc?.params.some((param) => param.text === name)) continue;
      const expected = expectedActor(
        content.kind,
        word.op?.kind === 'host' && word.text === name,
        content.kind === 'allow',
      );
      if (expected === wanted && !known[wanted].includes(name))
        yield { line, span: word.span, name, known: known[wanted] };
    }
  }
}

function expectedActor(kind: string, isHostOperand: boolean, isAllowed: boolean): 'device' | 'vcpu' | 'actor' {
  if (isHostOperand || isAllowed) return 'vcpu';
  return kind === 'condition' ? 'actor' : 'device';
}
