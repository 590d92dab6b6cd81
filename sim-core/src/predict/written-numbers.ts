/** Numbers that a line declares of a descriptor which the kernel writes into a structure, and that are taken. */
import { FINDINGS } from '../engine/monitors/table.ts';
import type { Diagnostic } from '../scenario/ast.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { writtenDescriptors } from '../scenario/declared.ts';
import type { KernelGroup } from './kernels.ts';
import { statementOf } from './observe.ts';
import { spotOf } from './place.ts';
import { declaredResult } from './table.ts';

/** `fd=>dev=5` where 5 is open: the kernel takes the lowest free number. */
export function writtenNumberDiagnostics(groups: readonly KernelGroup[]): Diagnostic[] {
  const found = new Map<string, { readonly group: KernelGroup; readonly node: number; readonly profiles: string[] }>();
  for (const group of groups) {
    if (group.observed.model.tracked.has('unexpected-result')) continue;
    for (const { finding, node, detail } of group.observed.findings) {
      if (FINDINGS[finding] !== 'unexpected-result' || detail < 0) continue;
      const key = `${node} ${detail}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { group, node, profiles: [kernelsText(group.profiles)] });
      else known.profiles.push(kernelsText(group.profiles));
    }
  }
  return [...found].flatMap(([key, { group, node, profiles }]) =>
    diagnosticOf(group, node, Number(key.split(' ')[1]), profiles.join(', ')),
  );
}

function diagnosticOf({ observed }: KernelGroup, id: number, got: number, kernels: string): Diagnostic[] {
  const { model } = observed;
  const node = statementOf(model, id);
  const content = node && model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
  if (node === undefined || content?.kind !== 'syscall') return [];
  const [written] = writtenDescriptors(content);
  // A call that returns something else has a diagnostic for that.
  const wanted = Number(content.result?.value ?? 0n);
  if (written === undefined || got === Number(written.declared.value) || !observed.results.get(id)?.has(wanted))
    return [];
  const { declared, bind } = written;
  const spot = spotOf(model, node, () => declared.span);
  const certain = node.actor === model.setup;
  const fix = { title: `Declare \`${bind.text}=${got}\``, meaning: 'changed' as const };
  return [
    {
      code: declaredResult.code,
      severity: certain ? 'error' : 'warning',
      message: `${spot.prefix}\`${bind.text}\` is ${got} on ${kernels}${certain ? '' : ' in some interleavings'}, not ${declared.text}: that number is taken.`,
      line: spot.line,
      span: spot.span,
      related: spot.related,
      ...(spot.here && {
        fixes: [{ ...fix, edits: [{ line: spot.line, span: declared.span, newText: String(got) }] }],
      }),
    },
  ];
}
