import type { ParsedScenario } from '../ast.ts';
import { blockOfLines } from '../blocks.ts';
import type { SymbolTable } from '../symbols.ts';
import type { Check, PlacedObjection } from './check.ts';

export const boundTwice: Check = {
  code: 'bound-twice',
  severity: 'warning',
  doc: 'Two actors that run concurrently bind the same name: what it holds afterwards depends on which comes last. Or `setup` binds a name again before anything has used it: the first descriptor is open, and has no name.',
  sources: ['docs/language.md, System calls'],
  examples: {
    bad: `thread a {
  fd = open("/dev/kvm", O_RDWR)
}
thread b {
  fd = open("/dev/kvm", O_RDWR)
}
`,
    good: `thread a {
  fd = open("/dev/kvm", O_RDWR)
}
thread b {
  other = open("/dev/kvm", O_RDWR)
}
`,
  },
  *scenario({ scenario, symbols }) {
    yield* lostInSetup(scenario, symbols);
    if (!scenario.blocks.some(({ kind }) => kind === 'thread')) return;
    const blocks = blockOfLines(scenario);
    for (const symbol of symbols.all.values()) {
      if (symbol.space !== 'name' || symbol.definitionCount < 2) continue;
      const { name, definitions } = symbol;
      const threads = definitions.filter(({ line }) => blocks[line]?.kind === 'thread');
      const first = threads[0];
      for (const { line, span } of threads) {
        if (blocks[line] === blocks[first!.line]) continue;
        const message = `\`${name}\` is bound by \`thread ${blocks[first!.line]?.actor?.name?.text}\` too, on line ${first!.line + 1}: which value it has depends on the interleaving.`;
        yield { line, span, message, related: [{ ...first!, message: 'It is bound here too.' }] };
      }
    }
  },
};

/** Bindings of a straight `setup` that another one takes the name from before it is used. */
function* lostInSetup(scenario: ParsedScenario, symbols: SymbolTable): Generator<PlacedObjection> {
  const straight = new Set(
    scenario.blocks.flatMap(({ kind, items }) =>
      kind === 'setup' ? items.flatMap((item) => (item.kind === 'line' ? [item.line] : [])) : [],
    ),
  );
  /** A call that is to fail binds nothing. */
  const binds = (line: number): boolean => {
    const content = scenario.lines[line]?.content;
    return straight.has(line) && content?.kind === 'syscall' && content.result?.errno === undefined;
  };
  for (const { space, name, definitionCount, definitions, references } of symbols.all.values()) {
    if (space !== 'name' || definitionCount < 2) continue;
    const used = references.map(({ line }) => line).sort((left, right) => left - right);
    let use = 0;
    for (let index = 0; index + 1 < definitions.length; index++) {
      const place = definitions[index]!;
      const next = definitions[index + 1]!;
      if (next.line === place.line || !binds(place.line) || !binds(next.line)) continue;
      // Both lists are in the order of lines: a name that is bound a thousand times is looked through once.
      while (use < used.length && used[use]! <= place.line) use++;
      if (use < used.length && used[use]! <= next.line) continue;
      const message = `Line ${next.line + 1} binds \`${name}\` again before anything uses this one.`;
      yield { ...place, message, related: [{ ...next, message: 'It is bound again here.' }] };
      const again = `\`${name}\` is bound on line ${place.line + 1}, and nothing has used it: from here on that descriptor has no name.`;
      yield { ...next, message: again, related: [{ ...place, message: 'It is bound here first.' }] };
    }
  }
}
