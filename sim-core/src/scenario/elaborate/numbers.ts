/** Options of the machine and of actors that no machine can have: sizes of the model are made from them. */

import { contentsOfKind, linesOfKind } from '../blocks.ts';
import { badOptionValue } from '../checks/bad-option-value.ts';
import { noCpu, unknownCpu } from '../checks/unknown-cpu.ts';
import { rolesOf } from '../roles.ts';
import { VOCABULARY } from '../vocabulary.ts';
import { type Problems, Unresolved } from './problems.ts';
import type { ScenarioSource } from './scenario-sources.ts';

/** Reports them, and gives up the scenario when there are any: what follows would be made too large or of nonsense. */
export function refuseBadOptions(sources: readonly ScenarioSource[], problems: Problems): void {
  const before = problems.diagnostics.length;
  for (const source of sources) {
    problems.within(source, () => {
      for (const line of LINES.flatMap((kind) => linesOfKind(source.parsed, kind)))
        reportOptions(source, line, problems);
    });
  }
  if (problems.diagnostics.length > before) throw new Unresolved('an option has a value that it does not take');
  const cpus = cpuCount(sources);
  for (const source of sources) problems.within(source, () => reportCpus(source, cpus, problems));
  if (problems.diagnostics.length > before)
    throw new Unresolved('an actor runs on a CPU that the machine does not have');
}

const LINES = ['cpu', 'iommu', 'device', 'mdev', 'memory', 'allow', 'actor-open'] as const;
const NO_PARAMETERS: ReadonlySet<string> = new Set();

function reportOptions({ parsed }: ScenarioSource, index: number, problems: Problems): void {
  const line = parsed.lines[index];
  if (line === undefined || badOptionValue.line === undefined) return;
  const subject = { line, words: rolesOf(line, VOCABULARY), vocabulary: VOCABULARY, params: NO_PARAMETERS };
  for (const { span, message } of badOptionValue.line(subject)) problems.report(badOptionValue, index, span, message);
}

/** Of two `cpu` lines the first counts. */
function cpuCount(sources: readonly ScenarioSource[]): number {
  const [first] = sources.flatMap(({ parsed }) => contentsOfKind(parsed, 'cpu'));
  return Number(first?.content.options.find(({ key }) => key.text === 'count')?.value.text ?? 1);
}

function reportCpus({ parsed }: ScenarioSource, count: number, problems: Problems): void {
  for (const { line, content } of contentsOfKind(parsed, 'actor-open')) {
    for (const { key, value } of content.actor.options) {
      if (key.text !== 'cpu' || Number(value.text) < count) continue;
      problems.report(unknownCpu, line, value.span, noCpu(Number(value.text), count));
    }
  }
}
