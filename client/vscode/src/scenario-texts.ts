// A scenario with all that it needs, as texts: what goes to a worker.
import { type ParsedScenario, parse } from '@snoopscope/sim-core';

export interface ScenarioTexts {
  readonly text: string;
  /** Included files, by their paths relative to the scenario. */
  readonly includes: Readonly<Record<string, string>>;
  /** What the workspace names kernels: definitions by name. */
  readonly named?: Readonly<Record<string, string>>;
}

export function readTexts({ text, includes, named = {} }: ScenarioTexts): {
  readonly scenario: ParsedScenario;
  /** Reads an included file. */
  readonly read: (path: string) => ParsedScenario | undefined;
} {
  return {
    scenario: parse(text, undefined, new Map(Object.entries(named))),
    read: (path) => (Object.hasOwn(includes, path) ? parse(includes[path] ?? '') : undefined),
  };
}
