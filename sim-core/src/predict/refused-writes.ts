/** Values that an MSR does not take: the instruction is #GP and writes nothing. */
import type { Diagnostic } from '../scenario/ast.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { codeSpan } from '../scenario/line-text.ts';
import type { KernelGroup } from './kernels.ts';
import { statementOf } from './observe.ts';
import { spotOf } from './place.ts';
import { generalProtection } from './table.ts';

export function refusedWriteDiagnostics(groups: readonly KernelGroup[]): Diagnostic[] {
  const found = new Map<number, KernelGroup[]>();
  for (const group of groups)
    for (const node of group.observed.refusedWrites.keys()) found.set(node, [...(found.get(node) ?? []), group]);
  return [...found].flatMap(([id, on]) => {
    const { model } = on[0]!.observed;
    const node = statementOf(model, id);
    if (node === undefined) return [];
    const spot = spotOf(model, node, (line) =>
      line.content.kind === 'action' ? (line.content.operands[1]?.span ?? codeSpan(line)) : codeSpan(line),
    );
    const { code } = generalProtection;
    const kernels = on.length === groups.length ? '' : ` on ${kernelsText(on.flatMap(({ profiles }) => profiles))}`;
    const message = `${spot.prefix}The MSR does not take this value${kernels}: the instruction is #GP and writes nothing.`;
    // Who counts what the writes cost knows that they fail.
    const asked = model.conditions.some(({ terms }) => terms.some(({ name }) => /^exits\(.*MSR_WRITE/.test(name)));
    const severity = asked ? 'information' : generalProtection.severity;
    return [{ code, severity, message, line: spot.line, span: spot.span, related: spot.related }];
  });
}
