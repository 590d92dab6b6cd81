import type { ScenarioSymbol } from '../symbols.ts';
import type { Check } from './check.ts';

const ONE_DEFINITION: ReadonlySet<ScenarioSymbol['space']> = new Set(['word', 'iommu', 'actor', 'proc', 'parameter']);

export const duplicateName: Check = {
  code: 'duplicate-name',
  severity: 'error',
  doc: 'Two things of the scenario have the same name, so a reference could mean either: two words, devices, IOMMUs, actors or procedures.',
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
  *scenario({ symbols, definedElsewhere }) {
    for (const symbol of symbols.all.values()) {
      if (!ONE_DEFINITION.has(symbol.space)) continue;
      const { id, space, name } = symbol;
      if (symbol.definitionCount < 2 && !definedElsewhere.has(id)) continue;
      const { definitions } = symbol;
      const first = definitions[0];
      if (first && space !== 'parameter' && definedElsewhere.has(id)) {
        yield { ...first, message: `The name \`${name}\` is taken already, in an included file.` };
      }
      for (const { line, span } of definitions.slice(1)) {
        const message = `The name \`${name}\` is taken already, in line ${first!.line + 1}.`;
        yield { line, span, message, related: [{ ...first!, message: `\`${name}\` is declared here.` }] };
      }
    }
  },
};
