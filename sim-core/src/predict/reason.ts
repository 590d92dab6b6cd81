/** Why a call fails: which check of the kernel decided, and what in the scenario is the cause. */
import type { Model } from '../engine/model.ts';
import type { StatementNode } from '../engine/program.ts';
import { ANY_ERRNO } from '../engine/refusal.ts';
import { failedCallText } from '../explain/failed-call.ts';
import { FILE_KIND_NAMES, FILE_KINDS, type FileKind } from '../files/kinds.ts';
import { errnoName } from '../kernel/errno.ts';
import type { Profile } from '../kernel/profiles.ts';
import { BAD_DESCRIPTOR } from '../ops/errnos.ts';
import { attributeByName } from '../ops/kvm-vfio/attributes.ts';
import type { ErrnoDoc, Source } from '../ops/op.ts';
import type { Expr, RelatedPlace, Syscall } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';
import { joined } from '../scenario/checks/check.ts';
import { opOfCall } from '../scenario/checks/expected-values.ts';
import { substitute } from '../scenario/elaborate/substitute.ts';
import { codeSpan } from '../scenario/line-text.ts';
import { rangeTextContains } from '../scenario/ranges.ts';
import { VOCABULARY } from '../scenario/vocabulary.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import type { ObservedRuns } from './observe.ts';
import { statementOf } from './observe.ts';

export interface Reason {
  /** Sentences, or empty. */
  readonly text: string;
  readonly related: readonly RelatedPlace[];
  /** The first argument is a descriptor of a kind that the request is not for. */
  readonly wrongKind?: true;
}

/** Why the call of a node gives an errno on a kernel. */
export function reasonOf(
  observed: ObservedRuns,
  node: StatementNode,
  call: Syscall,
  value: number,
  profile: Profile,
): Reason {
  const errno = errnoOf(value);
  const before = stateBefore(observed, node);
  const kind = before && wrongKind(observed.model, before, node, call, errno);
  const related = causes(observed, node, call, errno, before);
  if (kind !== undefined) return { text: ` ${kind}`, related, wrongKind: true };
  const failed = observed.failures.get(`${node.id} ${value}`);
  if (failed && failed.checks[0].refusal.errno !== ANY_ERRNO) {
    const sources = [...new Set(failed.checks.map(({ place }) => place.source))];
    return { text: ` ${failedCallText(failed)} (${sources.join(', ')}).`, related };
  }
  // What the model takes from the line alone: the op's documentation says when a kernel answers so.
  const { errnos, sources } = documented(call);
  const cases = errnos.filter(({ name, on }) => name === errno && (on === undefined || rangeTextContains(on, profile)));
  if (cases.length === 0 && errno === BAD_DESCRIPTOR.name) cases.push(BAD_DESCRIPTOR);
  const whens = [...new Set(cases.map(({ when }) => when))].slice(0, MOST_CASES);
  if (whens.length === 0) return { text: '', related };
  const where = sources[0] === undefined ? '' : ` (${sources[0].document}: ${sources[0].place})`;
  const what = whens.length === 1 ? whens[0] : `One of: ${joined(whens.map(withoutStop), 'or')}.`;
  return { text: ` ${what}${where}`, related };
}

/** Its name, or empty when it has none. */
export function errnoOf(value: number): string {
  try {
    return errnoName(-value);
  } catch {
    return '';
  }
}

const MOST_CASES = 4;

function withoutStop(sentence: string): string {
  const text = sentence.replace(/\.$/, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The errnos of the attribute where the call names one, else those of the op. */
function documented(call: Syscall): { readonly errnos: readonly ErrnoDoc[]; readonly sources: readonly Source[] } {
  const attribute = attributeOf(call);
  const op = opOfCall(call, VOCABULARY);
  if (attribute !== undefined) {
    const rest = (op?.errnos ?? []).filter(({ name }) => attribute.errnos.every((errno) => errno.name !== name));
    return { errnos: [...attribute.errnos, ...rest], sources: attribute.sources };
  }
  return { errnos: op?.errnos ?? [], sources: op?.sources ?? [] };
}

/** The attribute that a KVM_SET_DEVICE_ATTR sets, when it is written by name. */
export function attributeOf(call: Syscall) {
  const request = call.args[1];
  if (request?.kind !== 'name' || request.name !== 'KVM_SET_DEVICE_ATTR') return undefined;
  const value = fieldOf(call, 'attr');
  return value?.kind === 'name' ? attributeByName.get(value.name) : undefined;
}

/** The value of a field of the call's structure. */
export function fieldOf(call: Syscall, name: string): Expr | undefined {
  for (const arg of call.args) {
    if (arg.kind !== 'struct') continue;
    const field = arg.fields.find((one) => one.name.text === name);
    if (field?.value.kind === 'in') return field.value.expr;
  }
  return undefined;
}

/** The state of the plain run where the call of a node ends for the first time. */
export function stateBefore(
  { plain, model }: Pick<ObservedRuns, 'plain' | 'model'>,
  node: StatementNode,
): Int32Array | undefined {
  const { log } = plain;
  for (let event = 0; event < plain.events; event++) {
    const at = event * EVENT_WIDTH;
    if (log[at] !== NOTE.done || log[at + 2] !== node.id) continue;
    const cursor = plain.cursor();
    cursor.seek(plain.stepOfEvent(event));
    return cursor.state;
  }
  return model.layout.initial;
}

/** What ioctl(2) on a file of another kind fails with. */
const WRONG_KIND_ERRNOS: ReadonlySet<string> = new Set(['ENOTTY', 'EINVAL', 'ENXIO']);

/** `` `kvm` is /dev/kvm; KVM_CREATE_DEVICE wants a VM. `` */
function wrongKind(
  model: Model,
  state: Int32Array,
  node: StatementNode,
  call: Syscall,
  errno: string,
): string | undefined {
  const first = call.args[0];
  const op = opOfCall(call, VOCABULARY);
  if (!WRONG_KIND_ERRNOS.has(errno) || first === undefined || op?.files === undefined) return undefined;
  const kind = fileKindAt(model, state, node, first);
  if (kind === undefined || kind === 'none' || op.files.includes(kind)) return undefined;
  const wanted = joined(
    op.files.map((one) => FILE_KINDS[one]),
    'or',
  );
  return `\`${first.kind === 'name' ? first.name : 'The descriptor'}\` is ${FILE_KINDS[kind]}; ${op.name} wants ${wanted}.`;
}

/** What kind of file a descriptor is of. */
export function fileKindAt(model: Model, state: Int32Array, node: StatementNode, expr: Expr): FileKind | undefined {
  const { files, topology } = model.world;
  const fd =
    expr.kind === 'number' ? Number(expr.value) : expr.kind === 'name' ? boundValue(model, state, expr.name) : -1;
  const width = files.descriptor.dims[1] ?? 0;
  if (fd === undefined || fd < 0 || fd >= width) return undefined;
  const process = topology.actors[node.actor]?.process ?? 0;
  const file = state[files.descriptor.base + process * width + fd]! - 1;
  return file < 0 ? 'none' : FILE_KIND_NAMES[state[files.kind.base + file]!];
}

export function boundValue(model: Model, state: Int32Array, name: string): number | undefined {
  const slot = model.names.get(name);
  return slot === undefined ? undefined : state[slot];
}

/** Lines of the scenario that have to do with a failure. */
function causes(
  observed: ObservedRuns,
  node: StatementNode,
  call: Syscall,
  errno: string,
  state: Int32Array | undefined,
): RelatedPlace[] {
  const earlier = callsBefore(observed, node);
  if (errno === 'EBADF' && state !== undefined) return badDescriptors(observed.model, node, call, state, earlier);
  if (errno === 'EEXIST' || errno === 'EBUSY') {
    const same = earlier.findLast((one) => one.value >= 0 && sameRequest(one.call, call));
    return same === undefined ? [] : [at(same, 'This is the call that is in its way.')];
  }
  if (errno === 'EPERM' || errno === 'EBUSY') return otherDrivers(observed.model);
  const later = lineInTheWay(observed.model, node, call);
  return later === undefined ? [] : [later];
}

/** The call of a statement, with the arguments of the procedure that it is in. */
export function callAt({ model }: Pick<ObservedRuns, 'model'>, { place }: StatementNode): Syscall | undefined {
  const content = model.sources[place.file]?.parsed.lines[place.line]?.content;
  return content?.kind === 'syscall' ? substitute(content, argumentsAt(model, place)) : undefined;
}

/** By parameter of the procedure that a statement is in: what its `call` gives. */
export function argumentsAt({ sources }: Model, { calls }: StatementNode['place']): ReadonlyMap<string, string> {
  let words: ReadonlyMap<string, string> = new Map();
  for (const { file, line, proc } of calls) {
    const content = sources[file]?.parsed.lines[line]?.content;
    const block = sources.flatMap(({ parsed }) => parsed.blocks).find((one) => one.proc?.name.text === proc);
    if (content?.kind !== 'call' || block?.proc === undefined) return words;
    const { args } = substitute(content, words);
    words = new Map(block.proc.params.map(({ text }, index) => [text, args[index]?.text ?? text]));
  }
  return words;
}

interface Executed {
  readonly call: Syscall;
  readonly node: StatementNode;
  readonly value: number;
  readonly model: Model;
}

/** The system calls of the plain run up to the first time that a node is executed, in order. */
export function callsBefore({ plain, model }: ObservedRuns, until: StatementNode): Executed[] {
  const calls: Executed[] = [];
  for (let event = 0; event < plain.events; event++) {
    const at = event * EVENT_WIDTH;
    if (plain.log[at] !== NOTE.done) continue;
    const node = statementOf(model, plain.log[at + 2]!);
    if (node === undefined) continue;
    if (node.id === until.id) break;
    const call = callAt({ model }, node);
    if (call !== undefined) calls.push({ call, node, value: plain.log[at + 3]!, model });
  }
  return calls;
}

function badDescriptors(
  model: Model,
  node: StatementNode,
  call: Syscall,
  state: Int32Array,
  earlier: readonly Executed[],
): RelatedPlace[] {
  for (const name of namesUsed(call)) {
    const value = boundValue(model, state, name);
    if (value === undefined) continue;
    if (value < 0) {
      const binding = earlier.findLast((one) => binds(one.call, name));
      return binding === undefined
        ? []
        : [at(binding, `\`${name}\` should be bound here; this call gives no descriptor.`)];
    }
    const kind = fileKindAt(model, state, node, { kind: 'name', name, span: call.call.span });
    const closing = earlier.findLast(
      (one) => one.call.call.text === 'close' && one.call.args[0]?.kind === 'name' && one.call.args[0].name === name,
    );
    if (kind === 'none' && closing !== undefined) return [at(closing, `\`${name}\` is closed here.`)];
  }
  return [];
}

/** Names that a call uses as descriptors: those of its first argument and through pointers. */
export function namesUsed(call: Syscall): string[] {
  const names: string[] = [];
  const visit = (expr: Expr): void => {
    if (expr.kind === 'name') names.push(expr.name);
    else if (expr.kind === 'pointer') visit(expr.item);
    else if (expr.kind === 'struct') for (const { value } of expr.fields) if (value.kind === 'in') visit(value.expr);
  };
  for (const arg of call.args) visit(arg);
  return names;
}

function binds(call: Syscall, name: string): boolean {
  if (call.bind?.text === name) return true;
  return call.args.some(
    (arg) => arg.kind === 'struct' && arg.fields.some(({ value }) => value.kind === 'out' && value.bind.text === name),
  );
}

export function sameRequest(one: Syscall, other: Syscall): boolean {
  if (one.call.text !== other.call.text || requestOfCall(one) !== requestOfCall(other)) return false;
  return attributeOf(one)?.value === attributeOf(other)?.value;
}

export function requestOfCall(call: Syscall): string | undefined {
  const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
  return request?.kind === 'name' ? request.name : undefined;
}

/** Devices that a driver of the host has, in groups of which others are passed through. */
function otherDrivers(model: Model): RelatedPlace[] {
  return (model.sources[0]?.parsed.lines ?? []).flatMap((line, index) => {
    if (line.content.kind !== 'device') return [];
    const driver = line.content.options.find(({ key }) => key.text === 'driver');
    if (driver === undefined || HARMLESS_DRIVERS.has(driver.value.text)) return [];
    const message = `\`${line.content.name.text}\` is bound to ${driver.value.text}, so its group is not viable.`;
    return [{ line: index, span: driver.span, message }];
  });
}

const HARMLESS_DRIVERS: ReadonlySet<string> = new Set(['vfio-pci', 'none', 'pci-stub', 'pcieport']);

/** By request: what has to come before it, and what is said about the line where it comes too late. */
const NEEDS: Readonly<Record<string, readonly (readonly [request: string, message: string])[]>> = {
  VFIO_SET_IOMMU: [['VFIO_GROUP_SET_CONTAINER', 'The container gets its first group only here.']],
  VFIO_IOMMU_MAP_DMA: [['VFIO_SET_IOMMU', 'The container gets its IOMMU driver only here.']],
  VFIO_GROUP_UNSET_CONTAINER: [['VFIO_GROUP_SET_CONTAINER', 'The group gets its container only here.']],
  VFIO_GROUP_GET_DEVICE_FD: [
    ['VFIO_SET_IOMMU', 'The container gets its IOMMU driver only here.'],
    ['VFIO_GROUP_SET_CONTAINER', 'The group gets its container only here.'],
  ],
  KVM_SET_DEVICE_ATTR: [['VFIO_SET_IOMMU', 'The container gets its IOMMU driver only here.']],
  VFIO_DEVICE_ATTACH_IOMMUFD_PT: [['VFIO_DEVICE_BIND_IOMMUFD', 'The device is bound only here.']],
  VFIO_DEVICE_DETACH_IOMMUFD_PT: [['VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'The device is attached only here.']],
  IOMMU_HWPT_ALLOC: [['VFIO_DEVICE_BIND_IOMMUFD', 'The device is bound only here.']],
};
/** Requests of one device: the line that comes too late is of the same. */
const OF_ONE_DEVICE: ReadonlySet<string> = new Set(['VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'VFIO_DEVICE_DETACH_IOMMUFD_PT']);

/** The next line of the same block that does what a call needs. */
export function lineInTheWay({ sources }: Model, { place }: StatementNode, call: Syscall): RelatedPlace | undefined {
  const parsed = sources[0]?.parsed;
  const request = requestOfCall(call) ?? '';
  if (parsed === undefined || place.file !== 0 || place.calls.length > 0) return undefined;
  const first = (one: Syscall): string => (one.args[0]?.kind === 'name' ? one.args[0].name : '');
  const end = parsed.blocks.find(({ line, endLine }) => line < place.line && place.line < endLine)?.endLine ?? 0;
  const done = contentsOfKind(parsed, 'syscall');
  for (const [wanted, message] of NEEDS[request] ?? []) {
    const isWanted = (one: Syscall): boolean =>
      requestOfCall(one) === wanted && (!OF_ONE_DEVICE.has(request) || first(one) === first(call));
    const lines = done.filter(({ content }) => isWanted(content)).map(({ line }) => line);
    const later = lines.find((line) => line > place.line && line < end);
    if (later === undefined || lines.some((line) => line < place.line)) continue;
    return { line: later, span: codeSpan(parsed.lines[later]!), message };
  }
  return undefined;
}

function at({ node, model }: Executed, message: string): RelatedPlace {
  const source = model.sources[node.place.file]!;
  const span = codeSpan(source.parsed.lines[node.place.line]!);
  return { line: node.place.line, span, message, ...(node.place.file > 0 && { path: source.path }) };
}
