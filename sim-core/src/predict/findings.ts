/** What monitors object to in the orders that were tried, at the statement that makes it. */
import { FINDINGS, monitorOf } from '../engine/monitors/table.ts';
import type { StatementNode } from '../engine/program.ts';
import { findingText } from '../explain/event-text.ts';
import type { Profile } from '../kernel/profiles.ts';
import { attributeByName } from '../ops/kvm-vfio/attributes.ts';
import type { Diagnostic, Expr, Fix, ParsedScenario, Severity, Syscall } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { codeSpan } from '../scenario/line-text.ts';
import { rangeTextContains } from '../scenario/ranges.ts';
import type { Topology } from '../topology.ts';
import type { KernelGroup } from './kernels.ts';
import { mappingFix } from './mapping-fix.ts';
import { type ObservedRuns, statementOf } from './observe.ts';
import { spotOf } from './place.ts';
import { attributeOf, callAt, fieldOf, requestOfCall } from './reason.ts';
import type { ObservedFinding } from './sightings.ts';
import { predictedFinding, unregisteredDevice } from './table.ts';

/** Declared results have diagnostics of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set(['unexpected-result']);

interface Merged {
  readonly seen: ObservedFinding;
  readonly observed: ObservedRuns;
  readonly profiles: Profile[];
}

export function findingDiagnostics(groups: readonly KernelGroup[]): Diagnostic[] {
  const merged = new Map<string, Merged>();
  for (const { observed, profiles } of groups) {
    for (const seen of observed.findings) {
      if (ELSEWHERE.has(FINDINGS[seen.finding]!)) continue;
      const key = `${seen.finding} ${seen.node}`;
      const known = merged.get(key);
      if (known === undefined) merged.set(key, { seen, observed, profiles: [...profiles] });
      else known.profiles.push(...profiles);
    }
  }
  const all = groups.reduce((count, { profiles }) => count + profiles.length, 0);
  return [...merged.values()].flatMap((one) => diagnosticOf(one, all));
}

function diagnosticOf({ seen, observed, profiles }: Merged, all: number): Diagnostic[] {
  const { model } = observed;
  const node = statementOf(model, seen.node);
  if (node === undefined) return [];
  const finding = FINDINGS[seen.finding]!;
  const spot = spotOf(model, node, codeSpan);
  const forbidding = model.conditions.find(
    (condition) => condition.quantifier === '~exists' && condition.finding === finding && condition.applies,
  );
  const { label } = monitorOf(finding);
  const on = profiles.length === all && all > 1 ? 'on all kernels of the scenario' : `on ${kernelsText(profiles)}`;
  const orders = node.actor === model.setup ? '' : ordersText(observed, seen);
  const text = findingText(model, seen.finding, seen.subject, seen.detail).replace(/^[a-z-]+: /, '');
  const severity = severityOf(observed, seen, forbidding !== undefined);
  const related =
    forbidding === undefined
      ? []
      : [
          {
            line: forbidding.line,
            span: codeSpan(model.sources[0]!.parsed.lines[forbidding.line]!),
            message: 'This condition forbids it.',
          },
        ];
  const fix = finding === 'dma-fault' ? mappingFix(model.sources[0]!.parsed, node) : undefined;
  return [
    {
      code: predictedFinding.code,
      severity,
      message: `${spot.prefix}${label} ${on}${orders}: ${text.replace(/\.$/, '')}.`,
      line: spot.line,
      span: spot.span,
      related: [...related, ...spot.related],
      ...(fix && { fixes: [fix] }),
    },
  ];
}

function ordersText({ orders, times }: ObservedRuns, seen: ObservedFinding): string {
  if (orders === 1) return '';
  const always = seen.times >= (times[seen.node] ?? 0);
  return always ? `, in each of ${orders} interleavings tried` : ', in at least one interleaving';
}

/** A warning when a check fails for it, or when its statement never does what it is there for and no condition asks. */
function severityOf(observed: ObservedRuns, seen: ObservedFinding, forbidden: boolean): Severity {
  const finding = FINDINGS[seen.finding]!;
  const { fails } = monitorOf(finding);
  if (forbidden) return 'warning';
  if (fails === 'never' || observed.model.tracked.has(finding)) return 'information';
  if (fails === 'always' || !judged(observed)) return 'warning';
  const blocked = finding === 'dma-fault' && seen.times >= (observed.times[seen.node] ?? 0);
  return blocked ? 'warning' : 'information';
}

/** Does the scenario state conditions for this kernel? */
function judged({ model }: ObservedRuns): boolean {
  return model.conditions.some(({ applies }) => applies);
}

/** The classic mistake: a device that can ask for No Snoop, a VM that it belongs to, and KVM is never told. */
export function registrationDiagnostics(parsed: ParsedScenario, groups: readonly KernelGroup[]): Diagnostic[] {
  const group = groups.find(({ observed }) => observed.findings.some(({ finding }) => FINDINGS[finding] === 'belief'));
  const model = group?.observed.model;
  if (group === undefined || model === undefined || model.tracked.has('belief')) return [];
  const seen = group.observed.findings.find(({ finding }) => FINDINGS[finding] === 'belief')!;
  const name = model.world.topology.devices[seen.detail]?.name;
  if (isRegistered(group.observed, seen.detail)) return removedTooEarly(groups);
  return contentsOfKind(parsed, 'device').flatMap(({ line, content }) => {
    if (content.name.text !== name) return [];
    const paths = openedPaths(model.world.topology, seen.detail);
    const fix = registration(parsed, paths, group.profiles[0]!);
    const message = `\`${name}\` can ask for No Snoop, and nothing registers it with KVM: KVM believes that its DMA is coherent and ignores guest memory types and WBINVD.`;
    const { code } = unregisteredDevice;
    const severity = showsFindings(model) ? 'information' : unregisteredDevice.severity;
    return [{ code, severity, message, line, span: content.name.span, ...(fix && { fixes: [fix] }) }];
  });
}

/** A scenario that asks for findings is about what goes wrong; one that only forbids them is not. */
function showsFindings({ tracked, conditions }: ObservedRuns['model']): boolean {
  const askedFor = conditions.some(({ quantifier, finding }) => quantifier !== '~exists' && finding !== undefined);
  return askedFor || [...tracked].some((one) => !conditions.some(({ finding }) => finding === one));
}

/**
 * A registration that is taken back before the device is used: by DEL, or by the last close of the kvm-vfio device where that
 * ends it. In a thread that is how a device is unplugged, unless the same thread uses it later.
 */
function removedTooEarly(groups: readonly KernelGroup[]): Diagnostic[] {
  for (const { observed } of groups) {
    const { model, results } = observed;
    // What a condition counts is taken back on purpose.
    if (model.tracked.size > 0 || model.conditions.some(({ terms }) => terms.some(({ name }) => COUNTS.test(name))))
      continue;
    const statements = model.nodes.filter((node) => node.kind === 'statement');
    for (const { finding, node, detail } of observed.findings) {
      const wrong = FINDINGS[finding] === 'belief' ? statementOf(model, node) : undefined;
      if (wrong === undefined) continue;
      const done = statements.filter(({ id, actor }) => actor === wrong.actor && id <= wrong.id && results.has(id));
      const last = done.findLast((one) => registers(observed, one) || takesBack(observed, one));
      if (last === undefined || registers(observed, last) || (wrong.actor !== model.setup && last.id === wrong.id))
        continue;
      const spot = spotOf(model, last, codeSpan);
      const name = model.world.topology.devices[detail]?.name ?? '';
      const message = `${spot.prefix}From here on nothing registers \`${name}\` with KVM, and it is used all the same: it can ask for No Snoop, and KVM believes that its DMA is coherent.`;
      const { code, severity } = unregisteredDevice;
      return [{ code, severity, message, line: spot.line, span: spot.span, related: spot.related }];
    }
  }
  return [];
}

const COUNTS = /^(?:noncoherent|zaps)\(/;

function registers(observed: ObservedRuns, node: StatementNode): boolean {
  const call = callAt(observed, node);
  return call !== undefined && succeeds(observed, node) && /_ADD$/.test(attributeOf(call)?.name ?? '');
}

function takesBack(observed: ObservedRuns, node: StatementNode): boolean {
  const call = callAt(observed, node);
  if (call === undefined || !succeeds(observed, node)) return false;
  if (/_DEL$/.test(attributeOf(call)?.name ?? '')) return true;
  const closed = call.call.text === 'close' ? call.args[0] : undefined;
  return (
    closed?.kind === 'name' &&
    observed.model.sources.some(({ parsed }) =>
      contentsOfKind(parsed, 'syscall').some(
        ({ content }) => requestOfCall(content) === 'KVM_CREATE_DEVICE' && outputOf(content, 'fd') === closed.name,
      ),
    )
  );
}

function succeeds({ results }: ObservedRuns, { id }: StatementNode): boolean {
  return [...(results.get(id) ?? [])].every((value) => value >= 0);
}

/** May some statement register the device? One that names a file of another group or device does not. */
function isRegistered({ model }: ObservedRuns, device: number): boolean {
  const { sources, nodes, world } = model;
  const own = [...openedPaths(world.topology, device), world.topology.devices[device]!.bdf];
  const opens = sources.flatMap(({ parsed }) => contentsOfKind(parsed, 'syscall')).map(({ content }) => content);
  const isOther = (file: Expr): boolean => {
    const opened = opens.filter(
      ({ bind, result }) =>
        (file.kind === 'name' && bind?.text === file.name) || (file.kind === 'number' && result?.value === file.value),
    );
    const paths = opened.flatMap((call) => (call.args.some(({ kind }) => kind === 'string') ? [pathOf(call)] : []));
    return paths.length > 0 && paths.every((path) => path !== undefined && !own.includes(path));
  };
  return nodes.some((node) => {
    if (node.kind !== 'statement') return false;
    const { file, line } = node.place;
    if (!REGISTERS.test(sources[file]?.parsed.lines[line]?.text ?? '')) return false;
    const call = callAt({ model }, node);
    const addr = call && fieldOf(call, 'addr');
    return addr?.kind !== 'pointer' || !isOther(addr.item);
  });
}

/** The files that stand for a device: its group's, and its own. */
function openedPaths({ devices, groups }: Topology, device: number): readonly string[] {
  return [`/dev/vfio/${groups[devices[device]!.group]?.number}`, `/dev/vfio/devices/vfio${device}`];
}

/** The path of a file that is opened, or the address of a device whose descriptor is asked for. */
function pathOf({ args }: Syscall): string | undefined {
  const named = args.find(({ kind }) => kind === 'string');
  return named?.kind === 'string' ? named.value : undefined;
}

const REGISTERS = /KVM_DEV_VFIO_(GROUP|FILE)\b|KVM_ASSIGN_PCI_DEVICE/;

/** ADD at the end of `setup`, after KVM_CREATE_DEVICE where there is none, with the names that it binds. */
function registration(parsed: ParsedScenario, paths: readonly string[], profile: Profile): Fix | undefined {
  const setup = parsed.blocks.find(({ kind }) => kind === 'setup');
  const calls = contentsOfKind(parsed, 'syscall').map(({ content }) => content);
  const vm = calls.find(({ args }) => args[1]?.kind === 'name' && args[1].name === 'KVM_CREATE_VM')?.bind?.text;
  const file = calls.find((call) => paths.includes(pathOf(call) ?? ''))?.bind?.text;
  if (setup === undefined || vm === undefined || file === undefined) return undefined;
  const made = calls.find(({ args }) => args[1]?.kind === 'name' && args[1].name === 'KVM_CREATE_DEVICE');
  const known = made === undefined ? undefined : outputOf(made, 'fd');
  const dev = known ?? freeName(parsed, 'dev');
  const alias = rangeTextContains(attributeByName.get('KVM_DEV_VFIO_FILE_ADD')?.on ?? '', profile) ? 'FILE' : 'GROUP';
  const newText = [
    ...(known === undefined
      ? [`  ioctl(${vm}, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>${dev}, flags=0}) = 0`]
      : []),
    `  ioctl(${dev}, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_${alias}, attr=KVM_DEV_VFIO_${alias}_ADD, addr=[${file}]}) = 0`,
    '',
  ].join('\n');
  const place = { start: 0, end: 0 };
  return {
    meaning: 'changed',
    title: `Register \`${file}\` with KVM`,
    edits: [{ line: setup.endLine, span: place, newText }],
  };
}

/** The name that an output field binds. */
function outputOf({ args }: Syscall, name: string): string | undefined {
  const fields = args.flatMap((arg) => (arg.kind === 'struct' ? arg.fields : []));
  const value = fields.find((field) => field.name.text === name)?.value;
  return value?.kind === 'out' && value.bind.text !== 'NULL' ? value.bind.text : undefined;
}

function freeName(parsed: ParsedScenario, wanted: string): string {
  const text = parsed.lines.map((line) => line.text).join('\n');
  let name = wanted;
  for (let number = 2; new RegExp(`\\b${name}\\b`).test(text); number++) name = `${wanted}${number}`;
  return name;
}
