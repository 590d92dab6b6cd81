/** What lines that cannot be read probably name: a broken line costs only itself, so nobody is told that its names are missing. */
import type { Line, ParsedScenario } from './ast.ts';
import { linesOfKind } from './blocks.ts';
import { remembered } from './remembered.ts';

export interface BrokenNames {
  /** Names that such a line probably gives to something: those of a `memory` line, of `name = call(…` or of a header. */
  readonly defined: ReadonlySet<string>;
  /** Every word of such lines. */
  readonly mentioned: ReadonlySet<string>;
}

/** The names in lines that could not be read. */
export const brokenNames = remembered((scenario: ParsedScenario): BrokenNames => {
  const defined = new Set<string>();
  const mentioned = new Set<string>();
  for (const index of linesOfKind(scenario, 'broken')) {
    const line = scenario.lines[index]!;
    const code = line.text.slice(0, line.comment?.start ?? line.text.length);
    const words = code.match(WORD) ?? [];
    for (const word of words) mentioned.add(word);
    for (const name of definedBy(line, code, words)) defined.add(name);
  }
  return { defined, mentioned };
});

function definedBy({ block }: Line, code: string, words: readonly string[]): readonly string[] {
  if (block === 'machine') return words;
  // `vcpu 0 cpu=0` without its brace makes the actor `vcpu0`.
  if (block === 'file') return words.flatMap((word) => [word, `${word}${/\b(\d+)/.exec(code)?.[1] ?? ''}`]);
  // What strace prints before a call may be in the way.
  const bound = /^\s*(?:\[[^\]]*\]\s*|[\d:.]+\s+)*([A-Za-z_]\w*)\s*=(?!=)/.exec(code)?.[1];
  const outputs = [...code.matchAll(/=>\s*([A-Za-z_]\w*)/g)].map((match) => match[1]!);
  return bound === undefined ? outputs : [bound, ...outputs];
}

const WORD = /[A-Za-z_]\w*/g;
