import type { RelatedPlace } from '../ast.ts';
import { type ScenarioSymbol, symbolsOf, type TextPlace } from '../symbols.ts';
import type { Check, PlacedObjection, ScenarioSubject } from './check.ts';

const ONE_DEFINITION: ReadonlySet<ScenarioSymbol['space']> = new Set(['word', 'iommu', 'actor', 'proc', 'parameter']);

export const duplicateName: Check = {
  code: 'duplicate-name',
  severity: 'error',
  doc: 'Two things of the scenario have the same name, so a reference could mean either: two words, devices, IOMMUs, actors or procedures, in one file or in two that are included together.',
  sources: ['docs/language.md'],
  examples: {
    bad: `machine {
  memory x = 0
  memory x = 1
}
`,
    good: `machine {
  memory x = 0
  memory y = 1
}
`,
  },
  *scenario(subject) {
    yield* ownDuplicates(subject);
    yield* includedDuplicates(subject);
  },
};

function* ownDuplicates({
  symbols,
  definedElsewhere,
  includedSources,
  vocabulary,
}: ScenarioSubject): Generator<PlacedObjection> {
  for (const symbol of symbols.all.values()) {
    if (!ONE_DEFINITION.has(symbol.space)) continue;
    const isTaken = symbol.space !== 'parameter' && definedElsewhere.has(symbol.id);
    if (symbol.definitionCount < (isTaken ? 1 : 2)) continue;
    const [first, ...others] = symbol.definitions;
    const name = symbol.space === 'parameter' ? symbol.name.replace(/^.*\((.*)\)$/, '$1') : symbol.name;
    for (const source of isTaken ? includedSources : []) {
      const place = symbolsOf(source.parsed, vocabulary).all.get(symbol.id)?.definitions[0];
      if (place === undefined) continue;
      const message = `The name \`${name}\` is already taken, in \`${source.path}\`, line ${place.line + 1}.`;
      yield { ...first!, message, related: [declared(name, place, source.path)] };
      break;
    }
    for (const { line, span } of others) {
      const binds = symbol.space === 'parameter' && line !== first!.line;
      const message = binds
        ? boundParameter(name)
        : `The name \`${name}\` is already taken, on line ${first!.line + 1}.`;
      yield { line, span, message, related: [declared(name, first!)] };
    }
  }
}

/** Two files that are fine alone, and cannot be included together. */
function* includedDuplicates({ symbols, includedSources, vocabulary }: ScenarioSubject): Generator<PlacedObjection> {
  const first = new Map<string, { readonly path: string; readonly place: TextPlace }>();
  for (const { path, parsed, via } of includedSources) {
    for (const symbol of symbolsOf(parsed, vocabulary).all.values()) {
      const { id, space, name } = symbol;
      if (!ONE_DEFINITION.has(space) || space === 'parameter' || symbol.definitionCount === 0) continue;
      const place = symbol.definitions[0]!;
      const known = first.get(id);
      if (known === undefined) first.set(id, { path, place });
      else if (!symbols.all.get(id)?.definitionCount) {
        yield {
          ...via,
          message: `The name \`${name}\` is taken twice: in \`${known.path}\`, line ${known.place.line + 1}, and in \`${path}\`, line ${place.line + 1}.`,
          related: [declared(name, known.place, known.path), declared(name, place, path)],
        };
      }
    }
  }
}

/** Arguments take the place of parameters; what a call binds is a name of the whole scenario. */
function boundParameter(name: string): string {
  return `A call cannot bind \`${name}\`, which is a parameter. Bind another name here: what a procedure binds, the statements after its \`call\` can use.`;
}

function declared(name: string, { line, span }: TextPlace, path?: string): RelatedPlace {
  return { ...(path !== undefined && { path }), line, span, message: `\`${name}\` is declared here.` };
}
