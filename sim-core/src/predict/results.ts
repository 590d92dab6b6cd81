/** Results of system calls: declared ones that no kernel gives, and failures that nothing declares. */
import type { StatementNode } from '../engine/program.ts';
import { errnoByName } from '../kernel/errno.ts';
import type { Profile } from '../kernel/profiles.ts';
import type { Diagnostic, Fix, Line, Syscall } from '../scenario/ast.ts';
import { joined } from '../scenario/checks/check.ts';
import { opOfCall } from '../scenario/checks/expected-values.ts';
import { kernelsText } from '../scenario/checks/kernels-text.ts';
import { codeSpan } from '../scenario/line-text.ts';
import { VOCABULARY } from '../scenario/vocabulary.ts';
import type { KernelGroup } from './kernels.ts';
import type { ObservedRuns } from './observe.ts';
import { argumentSpot, spotOf } from './place.ts';
import { callAt, errnoOf, type Reason, reasonOf } from './reason.ts';
import { remediesOf } from './remedies.ts';
import { declaredResult, failingCall } from './table.ts';

/** A statement that returns something unwanted, on some kernels. */
interface Failure {
  readonly group: KernelGroup;
  /** What it returns in the orders that were tried, wanted results left out. */
  readonly values: readonly number[];
  /** Some order gives what is wanted: the interleaving decides. */
  readonly sometimes: boolean;
}

/** A line of a procedure is explained for so many of its calls. */
const MOST_CALLS_OF_LINE = 8;
/** Statements between two moments at which the caller may stop. */
const NODES_AT_A_TIME = 100;

/**
 * In slices. `numbers`: descriptors have the numbers that they will have; false when an `open` may have been left out.
 */
export function* resultDiagnostics(groups: readonly KernelGroup[], numbers = true): Generator<void, Diagnostic[]> {
  const explained = new Map<string, number>();
  const failing: { readonly failures: readonly Failure[]; readonly node: StatementNode; readonly content: Syscall }[] =
    [];
  // Programs are compiled alike for every kernel, so a statement is the same node on all of them.
  for (const node of groups[0]?.observed.model.nodes ?? []) {
    if (node.id % NODES_AT_A_TIME === 0) yield;
    const content = node.kind === 'statement' ? callOf(groups[0]!.observed, node) : undefined;
    if (node.kind !== 'statement' || content === undefined) continue;
    const failures = failuresOf(groups, node, content, numbers);
    if (failures.length === 0) continue;
    const place = `${node.place.file}:${node.place.line}`;
    const before = explained.get(place) ?? 0;
    if (before === MOST_CALLS_OF_LINE) continue;
    explained.set(place, before + 1);
    failing.push({ failures, node, content });
  }
  const contradicted = new Set(
    failing.flatMap(({ failures, content }) =>
      content.result === undefined ? [] : failures.flatMap(({ group, sometimes }) => (sometimes ? [] : [group])),
    ),
  );
  const found: Diagnostic[] = [];
  for (const { failures, node, content } of failing) {
    found.push(diagnosticOf(groups, failures, node, content, contradicted));
    yield;
  }
  return found;
}

function callOf({ model }: ObservedRuns, { place }: StatementNode): Syscall | undefined {
  const content = model.sources[place.file]?.parsed.lines[place.line]?.content;
  return content?.kind === 'syscall' ? content : undefined;
}

const NO_FAILURES: readonly Failure[] = [];

/** Nearly all statements of a long scenario return what they should on every kernel. */
function failuresOf(
  groups: readonly KernelGroup[],
  node: StatementNode,
  call: Syscall,
  numbers: boolean,
): readonly Failure[] {
  const declared = declaredValue(call);
  // An errno that does not exist has a diagnostic of its own.
  if (declared === undefined && call.result !== undefined) return NO_FAILURES;
  // So has a request that is not written by its name.
  if (call.call.text === 'ioctl' && call.args[1]?.kind !== 'name') return NO_FAILURES;
  const isUnwanted = (value: number): boolean =>
    declared === undefined ? value < 0 : value !== declared && (numbers || value <= 0);
  let failures: Failure[] | undefined;
  for (const group of groups) {
    const seen = group.observed.results.get(node.id);
    if (seen === undefined) continue;
    for (const value of seen)
      if (isUnwanted(value)) {
        failures ??= [];
        failures.push(...failureOf(group, node, call, declared, [...seen], isUnwanted));
        break;
      }
  }
  return failures ?? NO_FAILURES;
}

function failureOf(
  group: KernelGroup,
  node: StatementNode,
  call: Syscall,
  declared: number | undefined,
  seen: readonly number[],
  isUnwanted: (value: number) => boolean,
): Failure[] {
  const { model } = group.observed;
  if (model.tracked.has('unexpected-result')) return [];
  const values = seen.filter(isUnwanted);
  // What a condition asks about is looked at on purpose.
  const asked = model.conditions.some(({ terms }) => terms.some(({ name }) => name === call.bind?.text));
  if (declared === undefined && (asked || model.errors[node.actor] !== undefined)) return [];
  const sometimes = values.length < seen.length && node.actor !== model.setup;
  // Without a declaration a call that may fail is nothing wrong: the author sees what it returns.
  return declared === undefined && sometimes ? [] : [{ group, values, sometimes }];
}

function declaredValue({ result }: Syscall): number | undefined {
  if (result === undefined) return undefined;
  if (result.errno !== undefined) {
    const value = errnoByName.get(result.errno);
    return value === undefined ? undefined : -value;
  }
  return Number(BigInt.asIntN(32, result.value ?? 0n));
}

function diagnosticOf(
  groups: readonly KernelGroup[],
  failures: readonly Failure[],
  node: StatementNode,
  call: Syscall,
  contradicted: ReadonlySet<KernelGroup>,
): Diagnostic {
  const { observed } = failures[0]!.group;
  const reason = reasonsOf(failures, node, callAt(observed, node) ?? call);
  const [first] = call.args;
  const given = reason.wrongKind && first?.kind === 'name' ? argumentSpot(observed.model, node, first.name) : undefined;
  const spot = given ?? spotOf(observed.model, node, (line) => call.result?.span ?? nameSpan(line, call));
  const certain = node.actor === observed.model.setup;
  const declared = call.result;
  const check = declared === undefined ? failingCall : declaredResult;
  const what = `\`${opOfCall(call, VOCABULARY)?.name ?? call.call.text}\` ${outcomeText(groups, failures)}`;
  const instead = declared === undefined ? '' : `, not ${resultName(declaredValue(call)!)}`;
  const when = certain ? '' : orderText(failures);
  const fixes = spot.here ? fixesFor(observed, node, call, groups, failures, reason) : [];
  return {
    code: check.code,
    severity:
      declared === undefined ? severityOfUndeclared(groups, failures, contradicted) : certain ? 'error' : 'warning',
    message: `${spot.prefix}${what}${instead}${when}.${reason.text}`,
    line: spot.line,
    span: spot.span,
    related: [...reason.related, ...spot.related],
    ...(fixes.length > 0 && { fixes }),
  };
}

/** Why each result is what it is, on the first kernel that gives it; named by the errno where there are several. */
function reasonsOf(failures: readonly Failure[], node: StatementNode, call: Syscall): Reason {
  const reasons = new Map<number, Reason>();
  for (const { group, values } of failures)
    for (const value of values)
      if (value < 0 && !reasons.has(value))
        reasons.set(value, reasonOf(group.observed, node, call, value, group.profiles[0]!));
  const [first] = reasons.values();
  const named = [...reasons].map(([value, { text }]) => (text === '' ? '' : ` ${resultName(value)}:${text}`));
  if (reasons.size > 1 || first === undefined) return { text: named.join(''), related: first?.related ?? [] };
  return first;
}

/**
 * What differs from kernel to kernel cannot be declared: then the author only sees it, unless they declare of other calls
 * what those kernels contradict.
 */
function severityOfUndeclared(
  groups: readonly KernelGroup[],
  failures: readonly Failure[],
  contradicted: ReadonlySet<KernelGroup>,
): 'warning' | 'information' {
  const values = new Set(failures.flatMap((failure) => failure.values));
  const isEverywhere = failures.length === groups.length && values.size === 1;
  return isEverywhere || failures.some(({ group }) => contradicted.has(group)) ? 'warning' : 'information';
}

/** `returns -EEXIST on v5.19 to v7.3 and -EBUSY on v5.18`. */
function outcomeText(groups: readonly KernelGroup[], failures: readonly Failure[]): string {
  const kernels = new Map<string, Profile[]>();
  for (const { group, values } of failures) {
    const names = joined([...new Set(values.map(resultName))], 'or');
    kernels.set(names, [...(kernels.get(names) ?? []), ...group.profiles]);
  }
  const all = groups.reduce((count, { profiles }) => count + profiles.length, 0);
  const parts = [...kernels].map(([names, profiles]) =>
    profiles.length === all && all > 1
      ? `${names} on all kernels of the scenario`
      : `${names} on ${kernelsText(profiles)}`,
  );
  return `returns ${joined(parts, 'and')}`;
}

function orderText(failures: readonly Failure[]): string {
  if (failures.every(({ sometimes }) => sometimes)) return ' in some interleavings';
  const orders = Math.max(...failures.map(({ group }) => group.observed.orders));
  return orders === 1 ? '' : ` in each of ${orders} interleavings tried`;
}

function fixesFor(
  observed: ObservedRuns,
  node: StatementNode,
  call: Syscall,
  groups: readonly KernelGroup[],
  failures: readonly Failure[],
  reason: Reason,
): Fix[] {
  const { line } = node.place;
  const text = observed.model.sources[0]!.parsed.lines[line]!;
  const values = new Set(failures.flatMap((failure) => failure.values));
  const [only] = values;
  const inProcedure = node.place.calls.length > 0;
  const failing = only !== undefined && only < 0 && !inProcedure;
  const fixes: Fix[] = failing ? [...remediesOf(observed, node, call, only, reason)] : [];
  const everywhere = failures.length === groups.length || call.result !== undefined;
  if (everywhere && values.size === 1 && only !== undefined && failures.every(({ sometimes }) => !sometimes)) {
    const end = codeSpan(text).end;
    const span = call.result?.span ?? { start: end, end };
    const declared = `${call.result === undefined ? ' = ' : ''}${resultName(only)}`;
    fixes.push({
      meaning: 'changed',
      title: `Declare \`= ${resultName(only)}\``,
      edits: [{ line, span, newText: declared }],
    });
  }
  return fixes;
}

/** The name of the request, else of the call: what fails. */
function nameSpan(line: Line, call: Syscall) {
  const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
  return request?.span ?? call.call.span ?? codeSpan(line);
}

function resultName(value: number): string {
  const errno = value < 0 ? errnoOf(value) : '';
  return errno === '' ? value.toString() : `-${errno}`;
}
