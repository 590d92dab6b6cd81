/** Options of machine items and actors that change nothing: on this hardware, beside another option, or on these kernels. */
import { type Change, type ChangeId, changeById } from '../../kernel/changes.ts';
import type { Profile } from '../../kernel/profiles.ts';
import type { Option, ParsedScenario } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from '../machine-options.ts';
import { oneOf, type PlacedObjection, type ScenarioSubject } from './check.ts';
import { kernelsAsked } from './kernels-asked.ts';
import { kernelsText } from './kernels-text.ts';
import { vendorOf } from './not-on-cpu.ts';

interface Written {
  readonly owner: OptionOwner;
  readonly line: number;
  /** Those of the same item. */
  readonly options: readonly Option[];
}

export function* idleOptions(subject: ScenarioSubject): Generator<PlacedObjection> {
  const { scenario, profile } = subject;
  const { all } = kernelsAsked(scenario, profile);
  const vendor = vendorOf(subject);
  for (const item of items(scenario)) {
    for (const { key, value } of item.options) {
      const option = MACHINE_OPTIONS[item.owner].find((candidate) => candidate.key === key.text);
      if (!option || value.text === option.fallback) continue;
      const why = otherCpu(option, vendor) ?? beside(item, option, scenario) ?? onKernels(item, option, scenario, all);
      if (why !== undefined) yield { line: item.line, span: key.span, message: `\`${key.text}\` has no effect ${why}` };
    }
  }
  yield* ofKnownPages(scenario);
}

function items(scenario: ParsedScenario): Written[] {
  const machine = (['cpu', 'iommu', 'device', 'memory'] as const).flatMap((owner) =>
    contentsOfKind(scenario, owner).map(({ line, content }) => ({ owner, line, options: content.options })),
  );
  const vcpus = contentsOfKind(scenario, 'actor-open')
    .filter(({ content }) => content.actor.kind === 'vcpu')
    .map(({ line, content }) => ({ owner: 'vcpu' as const, line, options: content.actor.options }));
  return [...machine, ...vcpus];
}

function otherCpu({ cpus }: MachineOption, vendor: string | undefined): string | undefined {
  if (cpus === undefined || vendor === undefined || cpus.includes(vendor)) return undefined;
  return `on machines with \`cpu ${vendor}\`: it is an option of those with ${oneOf(cpus)}.`;
}

/** What else the item or the machine says. */
function beside({ owner, options }: Written, { key }: MachineOption, scenario: ParsedScenario): string | undefined {
  if (owner === 'cpu' && key === 'tdp-mmu' && isSet(options, 'two-dimensional-paging', 'off'))
    return 'beside `two-dimensional-paging=off`: the TDP MMU makes leaves of EPT and NPT.';
  if (owner !== 'device' || key !== 'write-back-snoop') return undefined;
  const unit = options.find((other) => other.key.text === 'iommu')?.value.text;
  if (unit === undefined) return 'on a device without IOMMU: it is an option of devices of an `smmu`.';
  const driver = contentsOfKind(scenario, 'iommu').find(({ content }) => content.name.text === unit)?.content.driver
    .text;
  // The unit may be in an included file.
  if (driver === undefined || driver === 'smmu') return undefined;
  return `on a device of a \`${driver}\`: it is an option of devices of an \`smmu\`.`;
}

function onKernels(
  { owner }: Written,
  { key, needs }: MachineOption,
  scenario: ParsedScenario,
  kernels: readonly Profile[],
): string | undefined {
  const lack = (id: ChangeId): boolean => kernels.length > 0 && kernels.every(({ changes }) => !changes.has(id));
  if (needs !== undefined && lack(needs)) {
    const { subject, first } = changeById.get(needs) as Change;
    return `on ${kernelsText(kernels)}: the kernel knows of it since ${first} ("${subject}").`;
  }
  if (owner !== 'iommu' || key !== 'first-stage' || !lack('vtd-stage-by-unit')) return undefined;
  const other = contentsOfKind(scenario, 'iommu').find(
    ({ content: { driver, options } }) => driver.text === 'vt-d' && !isSet(options, 'first-stage', 'on'),
  );
  const { first } = changeById.get('vtd-stage-by-unit') as Change;
  return (
    other &&
    `on ${kernelsText(kernels)}: \`${other.content.name.text}\` does not have it, and before ${first} all VT-d units use first-stage tables, or none.`
  );
}

/** A page is made by the first line that names it; what later ones say about it is not looked at. */
function* ofKnownPages(scenario: ParsedScenario): Generator<PlacedObjection> {
  const pages = new Map<string, readonly Option[]>();
  for (const { line, content } of contentsOfKind(scenario, 'memory')) {
    const page = content.options.find(({ key }) => key.text === 'page')?.value.text;
    if (page === undefined) continue;
    const made = pages.get(page);
    if (!made) pages.set(page, content.options);
    else
      for (const { key, value } of content.options) {
        if (key.text === 'page' || isSet(made, key.text, value.text)) continue;
        yield {
          line,
          span: key.span,
          message: `\`${key.text}\` has no effect here: the first line with \`page=${page}\` says what the page is.`,
        };
      }
  }
}

function isSet(options: readonly Option[], name: string, word: string): boolean {
  return options.some(({ key, value }) => key.text === name && value.text === word);
}
