/** Fixes with which a failing call succeeds: another descriptor, a later place, a path that is there, a size that fits. */
import type { StatementNode } from '../engine/program.ts';
import type { Fix, Span, StringExpr, StructField, Syscall } from '../scenario/ast.ts';
import { contentsOfKind } from '../scenario/blocks.ts';
import { opOfCall } from '../scenario/checks/expected-values.ts';
import { nearest } from '../scenario/suggest.ts';
import { VOCABULARY } from '../scenario/vocabulary.ts';
import type { ObservedRuns } from './observe.ts';
import {
  boundValue,
  callsBefore,
  fileKindAt,
  lineInTheWay,
  namesUsed,
  type Reason,
  sameRequest,
  stateBefore,
} from './reason.ts';

/** A call that fails, as its line has it. */
interface Failing {
  readonly observed: ObservedRuns;
  readonly node: StatementNode;
  readonly call: Syscall;
  readonly reason: Reason;
  /** What the check that decided found: `argsz 8, which is too small`; empty where none did. */
  readonly found: string;
}

/** For a statement of the scenario's own text that is in no procedure. The first kind of remedy that there is. */
export function remediesOf(
  observed: ObservedRuns,
  node: StatementNode,
  call: Syscall,
  value: number,
  reason: Reason,
): readonly Fix[] {
  const found = observed.failures.get(`${node.id} ${value}`)?.checks[0].found ?? '';
  const failing = { observed, node, call, reason, found };
  for (const remedy of REMEDIES) {
    const fixes = remedy(failing);
    if (fixes.length > 0) return fixes;
  }
  return [];
}

/** More descriptors of the right kind are not offered: each would be a guess. */
const MOST_NAMES = 3;

const REMEDIES: readonly ((failing: Failing) => readonly Fix[])[] = [
  otherDescriptors,
  laterPlace,
  otherPaths,
  asPointer,
  withoutArgsz,
  withAccess,
  wholePages,
  withoutRepetition,
];

/** A descriptor of a kind that the request is for, open by now. */
function otherDescriptors({ observed, node, call, reason }: Failing): Fix[] {
  const state = reason.wrongKind && stateBefore(observed, node);
  const kinds = opOfCall(call, VOCABULARY)?.files;
  const [first] = call.args;
  if (!state || kinds === undefined || first === undefined) return [];
  const { model } = observed;
  const calls = model.sources.flatMap(({ parsed }) => contentsOfKind(parsed, 'syscall'));
  const names = [...model.names.keys()].filter((name) => {
    // The number of another object may be that of a descriptor, too.
    if (!calls.some(({ content }) => content.bind?.text === name || bindsField(content, 'fd', name))) return false;
    const kind = fileKindAt(model, state, node, { kind: 'name', name, span: first.span });
    return kind !== undefined && kind !== 'none' && kinds.includes(kind);
  });
  return names.length > MOST_NAMES ? [] : names.map((name) => replacing(node, `Use \`${name}\``, first.span, name));
}

/** Below the line that binds what is not bound yet, or that does what has to come before. */
function laterPlace({ observed, node, call }: Failing): Fix[] {
  const { lines, blocks } = observed.model.sources[0]!.parsed;
  const { line } = node.place;
  const later = boundLater(observed, node, call) ?? lineInTheWay(observed.model, node, call)?.line;
  const block = blocks.find((one) => one.line < line && line < one.endLine);
  // Out of a loop or a choice it would be another statement.
  const isStraight = (at: number): boolean =>
    block?.items.some((item) => item.kind === 'line' && item.line === at) ?? false;
  if (later === undefined || !isStraight(line) || !isStraight(later)) return [];
  const { text } = lines[line]!;
  const end = lines[later]!.text.length;
  return [
    {
      meaning: 'changed',
      title: `Move it below line ${later + 1}`,
      edits: [
        { line, span: { start: 0, end: text.length }, newText: '' },
        { line: later, span: { start: end, end }, newText: `\n${text}` },
      ],
    },
  ];
}

/** The last line of the block that binds a name which the call uses and which holds nothing yet. */
function boundLater({ plain, model }: ObservedRuns, node: StatementNode, call: Syscall): number | undefined {
  const state = stateBefore({ plain, model }, node);
  const parsed = model.sources[0]!.parsed;
  const unbound = namesUsed(call).filter((name) => state && boundValue(model, state, name) === -1);
  const binding = contentsOfKind(parsed, 'syscall').filter(
    ({ line, content }) => line > node.place.line && unbound.some((name) => binds(content, name)),
  );
  return unbound.length === 0 ? undefined : binding.at(-1)?.line;
}

function binds(call: Syscall, name: string): boolean {
  return call.bind?.text === name || fieldsOf(call).some((field) => bindsField(call, field.name.text, name));
}

function bindsField(call: Syscall, field: string, name: string): boolean {
  return fieldsOf(call).some(
    (one) => one.name.text === field && one.value.kind === 'out' && one.value.bind.text === name,
  );
}

/** What there is to open, or the address of a device. */
function otherPaths({ observed, node, call, found }: Failing): Fix[] {
  const given = call.args.find((arg): arg is StringExpr => arg.kind === 'string');
  if (given === undefined || !/^nothing at that path|no device of that name/.test(found)) return [];
  const { devices, groups } = observed.model.world.topology;
  const isPath = given.value.startsWith('/');
  const known = isPath
    ? [
        '/dev/kvm',
        '/dev/iommu',
        '/dev/vfio/vfio',
        ...groups.map(({ number }) => `/dev/vfio/${number}`),
        ...devices.map((_, index) => `/dev/vfio/devices/vfio${index}`),
      ]
    : devices.map(({ bdf }) => bdf);
  // It is there on other kernels.
  if (known.includes(given.value)) return [];
  const alike = known.filter((one) => shape(one) === shape(given.value));
  const meant =
    known.find((one) => one.endsWith(`:${given.value}`)) ??
    (alike.length === 1 ? alike[0] : nearest(given.value, alike.length > 0 ? alike : known));
  if (meant === undefined) return [];
  return [replacing(node, `${isPath ? 'Open' : 'Use'} \`${meant}\``, given.span, `"${meant}"`)];
}

/** What numbers are in it does not matter: `/dev/vfio/26` is like `/dev/vfio/27`. */
function shape(path: string): string {
  return path.replace(/[0-9a-f]*\d[0-9a-f]*/gi, '0');
}

/** The name of a descriptor where the kernel reads it at an address. */
function asPointer({ node, call, found }: Failing): Fix[] {
  if (!/readable/.test(found)) return [];
  const addr = fieldsOf(call).find(({ name }) => name.text === 'addr')?.value;
  const given = addr?.kind === 'in' ? addr.expr : call.args[2];
  if (given?.kind !== 'name' || !/^[a-z]/.test(given.name)) return [];
  return [replacing(node, `Pass \`[${given.name}]\``, given.span, `[${given.name}]`)];
}

function withoutArgsz({ node, call, found }: Failing): Fix[] {
  const fields = fieldsOf(call);
  const index = fields.findIndex(({ name }) => name.text === 'argsz');
  const field = fields[index];
  if (field === undefined || !found.startsWith('argsz ')) return [];
  const next = fields[index + 1];
  const start = next === undefined ? (fields[index - 1]?.span.end ?? field.span.start) : field.span.start;
  return [replacing(node, 'Leave out `argsz`', { start, end: next?.span.start ?? field.span.end }, '')];
}

/** By what a check misses: the flags that give it. */
const ACCESS: readonly (readonly [found: string, flags: string])[] = [
  ['neither VFIO_DMA_MAP_FLAG_READ', 'VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE'],
  ['neither IOMMU_IOAS_MAP_READABLE', 'IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE'],
];

function withAccess({ node, call, found }: Failing): Fix[] {
  const flags = fieldsOf(call).find(({ name }) => name.text === 'flags')?.value;
  const access = ACCESS.find(([text]) => found.startsWith(text))?.[1];
  if (access === undefined || flags?.kind !== 'in') return [];
  const { expr } = flags;
  const isNothing = expr.kind === 'number' && expr.value === 0n;
  const span = isNothing ? expr.span : { start: expr.span.end, end: expr.span.end };
  return [replacing(node, 'Let the device read and write', span, isNothing ? access : `|${access}`)];
}

const PAGE = 4096n;

/** Sizes up to the next page, addresses down to theirs. */
function wholePages({ node, call, found }: Failing): Fix[] {
  if (!found.includes('not a multiple of 4 KiB')) return [];
  return fieldsOf(call).flatMap(({ name: { text: name }, value }) => {
    if (value.kind !== 'in' || value.expr.kind !== 'number' || value.expr.value % PAGE === 0n) return [];
    const isSize = /size|length/.test(name);
    const whole = (value.expr.value / PAGE + (isSize ? 1n : 0n)) * PAGE;
    const text = isSize && whole === PAGE ? 'PAGE' : `0x${whole.toString(16)}`;
    return [replacing(node, `Change to \`${name}=${text}\``, value.expr.span, text)];
  });
}

/** What an earlier line has done. */
function withoutRepetition({ observed, node, call }: Failing): Fix[] {
  const { text } = observed.model.sources[0]!.parsed.lines[node.place.line]!;
  const done = callsBefore(observed, node).some(
    (one) => one.value >= 0 && sameRequest(one.call, call) && sameArguments(one.call, call),
  );
  if (!done || call.bind !== undefined) return [];
  return [replacing(node, 'Remove this line', { start: 0, end: text.length }, '')];
}

function sameArguments(one: Syscall, other: Syscall): boolean {
  const plain = ({ args }: Syscall): string =>
    JSON.stringify(args, (key, part) =>
      key === 'span' ? undefined : typeof part === 'bigint' ? part.toString() : part,
    );
  return plain(one) === plain(other);
}

function fieldsOf(call: Syscall): readonly StructField[] {
  return call.args.flatMap((arg) => (arg.kind === 'struct' ? arg.fields : []));
}

function replacing({ place }: StatementNode, title: string, span: Span, newText: string): Fix {
  return { meaning: 'changed', title, edits: [{ line: place.line, span, newText }] };
}
