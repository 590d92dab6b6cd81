/** Unmapping that returns 0 and unmaps nothing: no mapping is in the range, and the kernel does not mind. */
import type { StatementNode } from '../engine/program.ts';
import type { Diagnostic } from '../scenario/ast.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import type { KernelGroup } from './kernels.ts';
import { type ObservedRuns, statementOf } from './observe.ts';
import { spotOf } from './place.ts';
import { fieldOf } from './reason.ts';
import { unmapsNothing } from './table.ts';

/** In the plain run, where nothing that runs beside could change what is mapped: there it is certain. In slices. */
export function* unmappingDiagnostics(groups: readonly KernelGroup[]): Generator<void, Diagnostic[]> {
  const found = new Map<number, KernelGroup[]>();
  for (const group of groups) {
    for (const node of idleUnmaps(group.observed)) found.set(node, [...(found.get(node) ?? []), group]);
    yield;
  }
  return [...found].flatMap(([id, on]) => {
    const { model } = on[0]!.observed;
    const node = statementOf(model, id);
    if (node === undefined) return [];
    const spot = spotOf(model, node, (line) => {
      const request = line.content.kind === 'syscall' ? line.content.args[1] : undefined;
      return request?.span ?? { start: 0, end: 0 };
    });
    const { code, severity } = unmapsNothing;
    const kernels = kernelsText(on.flatMap(({ profiles }) => profiles));
    const message = `${spot.prefix}This returns 0 on ${kernels} and unmaps nothing: no mapping is in the range.`;
    return [{ code, severity, message, line: spot.line, span: spot.span, related: spot.related }];
  });
}

/** Statements that unmap, succeed and leave every mapping as it was. */
function idleUnmaps({ plain, model }: ObservedRuns): number[] {
  const { log } = plain;
  const certain = actorsAlone(model);
  // Most scenarios unmap nothing, and need no look at what every step did.
  if (!model.nodes.some((node) => node.kind === 'statement' && certain.has(node.actor) && unmaps(model, node)))
    return [];
  const counts = model.layout.fields.filter(({ name }) => name === MAPPINGS);
  const idle: number[] = [];
  const worked: number[] = [];
  let changed = false;
  for (let at = 0; at < plain.events * EVENT_WIDTH; at += EVENT_WIDTH) {
    const code = log[at]!;
    if (code >= 0) {
      for (const { base, size } of counts) changed ||= code >= base && code < base + size;
      continue;
    }
    if (code !== NOTE.done) continue;
    const node = statementOf(model, log[at + 2]!);
    // What others do in the middle of a call does not end it.
    if (node === undefined || !certain.has(node.actor)) continue;
    if (log[at + 3] === 0 && unmaps(model, node)) (changed ? worked : idle).push(node.id);
    changed = false;
  }
  return idle.filter((node) => !worked.includes(node));
}

/** Setup, and the only other actor that maps or unmaps, where there is one. */
function actorsAlone(model: ObservedRuns['model']): ReadonlySet<number> {
  const { nodes, setup } = model;
  const mapping = new Set(
    nodes.flatMap((node) =>
      node.kind === 'statement' && node.actor !== setup && (unmaps(model, node) || maps(model, node))
        ? [node.actor]
        : [],
    ),
  );
  return new Set([setup, ...(mapping.size === 1 ? mapping : [])]);
}

const MAPPINGS = 'mappingCount';
const UNMAPPING: ReadonlySet<string> = new Set(['VFIO_IOMMU_UNMAP_DMA', 'IOMMU_IOAS_UNMAP']);

const MAPPING: ReadonlySet<string> = new Set(['VFIO_IOMMU_MAP_DMA', 'IOMMU_IOAS_MAP', 'IOMMU_IOAS_COPY']);

function maps({ sources }: ObservedRuns['model'], { place }: StatementNode): boolean {
  const content = sources[place.file]?.parsed.lines[place.line]?.content;
  const request = content?.kind === 'syscall' ? content.args[1] : undefined;
  return request?.kind === 'name' && MAPPING.has(request.name);
}

function unmaps(
  { sources }: ObservedRuns['model'],
  { place }: { readonly place: { readonly file: number; readonly line: number } },
): boolean {
  const content = sources[place.file]?.parsed.lines[place.line]?.content;
  const request = content?.kind === 'syscall' ? content.args[1] : undefined;
  if (request?.kind !== 'name' || !UNMAPPING.has(request.name) || content?.kind !== 'syscall') return false;
  // Invalidating addresses is not to unmap anything.
  const flags = fieldOf(content, 'flags');
  const names = flags?.kind === 'flags' ? flags.parts : flags === undefined ? [] : [flags];
  return !names.some(
    (one) =>
      (one.kind === 'name' && one.name === 'VFIO_DMA_UNMAP_FLAG_VADDR') ||
      (one.kind === 'number' && (one.value & 4n) !== 0n),
  );
}
