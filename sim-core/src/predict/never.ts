/** What happened in none of the orders that were tried: waits that are never satisfied, vCPUs that are never made. */
import type { Model } from '../engine/model.ts';
import type { StatementNode } from '../engine/program.ts';
import { scheduleProblemText } from '../engine/schedule-problem.ts';
import type { Profile } from '../kernel/profiles.ts';
import type { Diagnostic, Fix, ParsedScenario, Wait } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { modelLimit } from '../scenario/checks/model-limit.ts';
import { codeSpan } from '../scenario/line-text.ts';
import type { KernelGroup } from './kernels.ts';
import { type ObservedRuns, statementOf } from './observe.ts';
import { spotOf } from './place.ts';
import { impossibleSchedule, waitsForEver } from './table.ts';

/** An actor came to a statement and got past it in no order. Only said where every kernel agrees. */
export function waitingDiagnostics(parsed: ParsedScenario, groups: readonly KernelGroup[]): Diagnostic[] {
  const first = groups[0]?.observed;
  if (first === undefined || groups.some(({ observed }) => !observed.whole)) return [];
  const stuck = [...first.stuck].filter((node) =>
    groups.every(({ observed }) => observed.stuck.has(node) && !observed.results.has(node)),
  );
  return stuck.flatMap((id) => {
    const node = statementOf(first.model, id);
    return node === undefined ? [] : waiting(parsed, first, node);
  });
}

function waiting(parsed: ParsedScenario, observed: ObservedRuns, node: StatementNode): Diagnostic[] {
  const { model } = observed;
  const actor = model.world.topology.actors[node.actor]!;
  const content = model.sources[node.place.file]?.parsed.lines[node.place.line]?.content;
  if (content?.kind !== 'wait' && actor.kind === 'vcpu' && actor.file === 0 && !moved(observed, node.actor))
    return [neverMade(parsed, model, node.actor)];
  const spot = spotOf(model, node, codeSpan);
  const { code, severity } = waitsForEver;
  const what =
    content?.kind === 'wait'
      ? `Nothing makes this true: \`${actor.name}\` waits here for ever`
      : `\`${actor.name}\` gets no further than this statement`;
  const orders = observed.orders === 1 ? '' : ` in each of ${observed.orders} interleavings tried`;
  const fix = content?.kind === 'wait' && spot.here ? ringing(parsed, actor.name, content) : undefined;
  return [
    {
      code,
      severity,
      message: `${spot.prefix}${what}${orders}.`,
      line: spot.line,
      span: spot.span,
      related: spot.related,
      ...(fix && { fixes: [fix] }),
    },
  ];
}

/** A write of the register that a device waits for, at the end of the first vCPU, where nothing writes it. */
function ringing(parsed: ParsedScenario, device: string, { left, relation, right }: Wait): Fix | undefined {
  const vcpu = parsed.blocks.find(({ kind }) => kind === 'vcpu');
  if (vcpu === undefined || left.kind !== 'name' || left.member !== undefined || relation !== '==') return undefined;
  const register = `[${device}.${left.name}]`;
  if (parsed.lines.some(({ text }) => text.includes(register))) return undefined;
  const newText = `  mov ${register}, ${right.text}\n`;
  return {
    title: `Write \`${register}\` in ${parsed.lines[vcpu.line]!.text.replace(/\s*\{.*$/, '')}`,
    meaning: 'changed',
    edits: [{ line: vcpu.endLine, span: { start: 0, end: 0 }, newText }],
  };
}

/** Did an actor get past any statement? */
function moved({ model, results }: ObservedRuns, actor: number): boolean {
  return [...results.keys()].some((node) => model.nodes[node]?.actor === actor);
}

function neverMade(parsed: ParsedScenario, model: Model, actor: number): Diagnostic {
  const { name, subject, line, vmName } = model.world.topology.actors[actor]!;
  const text = parsed.lines[line]!;
  const { code, severity } = waitsForEver;
  const fix = creation(parsed, subject, vmName);
  return {
    code,
    severity,
    message: `No call makes \`${name}\`: the vCPU waits for ever. KVM_CREATE_VCPU with the number ${subject} makes it.`,
    line,
    span: codeSpan(text),
    ...(fix && { fixes: [fix] }),
  };
}

function creation(parsed: ParsedScenario, id: number, vmName: string | undefined): Fix | undefined {
  const setup = parsed.blocks.find(({ kind }) => kind === 'setup');
  const vm =
    vmName ??
    contentsOfKind(parsed, 'syscall').find(
      ({ content: { args } }) => args[1]?.kind === 'name' && args[1].name === 'KVM_CREATE_VM',
    )?.content.bind?.text;
  if (setup === undefined || vm === undefined) return undefined;
  const newText = `  ${vm === 'vm' ? '' : `${vm}_`}vcpu${id} = ioctl(${vm}, KVM_CREATE_VCPU, ${id})\n`;
  return { title: `Create vCPU ${id}`, edits: [{ line: setup.endLine, span: { start: 0, end: 0 }, newText }] };
}

/** The file's own schedule, on the kernel that a plain run uses. */
export function scheduleDiagnostics(
  parsed: ParsedScenario,
  groups: readonly KernelGroup[],
  plain: Profile,
): Diagnostic[] {
  const group = groups.find(({ profiles }) => profiles.includes(plain));
  const problem = group?.observed.plain.scheduleProblem;
  if (group === undefined || problem === undefined) return [];
  const items = contentsOfKind(parsed, 'schedule').flatMap(({ line, content }) =>
    content.items.map(({ span }) => ({ line, span })),
  );
  const item = items[problem.item];
  if (item === undefined) return [];
  const { code, severity } = impossibleSchedule;
  const message = scheduleProblemText(problem, plain.name);
  return [{ code, severity, message, ...item }];
}

/** The model is too small for the scenario: a run would refuse it. */
export function limitDiagnostics(groups: readonly KernelGroup[]): Diagnostic[] {
  const group = groups.find(({ observed }) => observed.limit !== undefined);
  const limit = group?.observed.limit;
  if (group === undefined || limit === undefined) return [];
  const node = statementOf(group.observed.model, limit.node);
  if (node === undefined) return [];
  const spot = spotOf(group.observed.model, node, codeSpan);
  const { code, severity } = modelLimit;
  const message = `${spot.prefix}On ${kernelsText(group.profiles)} the run ends here: ${limit.message}`;
  return [{ code, severity, message, line: spot.line, span: spot.span, related: spot.related }];
}
