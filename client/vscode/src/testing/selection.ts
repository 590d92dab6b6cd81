// Which tests of which scenarios a request is for.
import type { TestController, TestItem, TestRunRequest } from 'vscode';
import type { ScenarioItem, TestItems } from './test-items.ts';

export interface Selected {
  readonly scenario: ScenarioItem;
  /** The scenario's own item among them when all of it is meant. */
  readonly items: readonly TestItem[];
  /** Undefined for all that the scenario names. */
  readonly kernels: readonly string[] | undefined;
}

export function selectionOf(controller: TestController, items: TestItems, request: TestRunRequest): Selected[] {
  const left = new Set<TestItem>((request.exclude ?? []).flatMap(withDescendants));
  const wanted = request.include ?? [...controller.items].map(([, item]) => item);
  const byScenario = new Map<TestItem, Set<TestItem>>();
  for (const item of wanted.flatMap(withDescendants)) {
    const scenario = items.of(item)?.scenario;
    if (!scenario || left.has(item)) continue;
    byScenario.set(scenario, (byScenario.get(scenario) ?? new Set()).add(item));
  }
  return [...byScenario].map(([scenario, chosen]) => ({
    scenario: items.of(scenario)!,
    items: [...chosen],
    kernels: chosen.has(scenario) ? undefined : kernelsOf([...chosen], items),
  }));
}

function kernelsOf(chosen: readonly TestItem[], items: TestItems): string[] | undefined {
  const kernels = new Set<string>();
  for (const item of chosen) {
    const asked = items.of(item)?.asked.kernels;
    if (!asked) return undefined;
    for (const kernel of asked) kernels.add(kernel);
  }
  return [...kernels];
}

function withDescendants(item: TestItem): TestItem[] {
  return [item, ...[...item.children].flatMap(([, child]) => withDescendants(child))];
}
