/** What a rebuilt scenario does on a kernel, beside what the log says: results, registrations, WBINVD. */

import type { Model } from '../../engine/model.ts';
import { FINDINGS } from '../../engine/monitors/table.ts';
import { ANY_ERRNO } from '../../engine/refusal.ts';
import { Run } from '../../engine/run.ts';
import { findingText, resultText } from '../../explain/event-text.ts';
import { errnoText, failedCall, failedCallText, failedResult } from '../../explain/failed-call.ts';
import { ObjectNames } from '../../explain/object-names.ts';
import type { Profile } from '../../kernel/profiles.ts';
import { PROFILES } from '../../kernel/profiles.ts';
import { ModelLimit } from '../../limits.ts';
import type { Diagnostic } from '../../scenario/ast.ts';
import { elaborate } from '../../scenario/elaborate.ts';
import { parse } from '../../scenario/parser.ts';
import { EVENT_WIDTH, EXIT_REASONS } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import type { LoggedDeed } from './evidence.ts';
import type { Rebuilt } from './rebuild.ts';

/** One thing on which the log and the profile disagree. */
export interface LogDifference {
  readonly what: 'result' | 'registration' | 'wbinvd' | 'order';
  /** Line of the scenario, from 1; absent when it is about none. */
  readonly line?: number;
  readonly text: string;
  readonly kernel: string;
  readonly profile: string;
}

/** What a scenario does on a profile. */
export interface LogOutcome {
  readonly profile: Profile;
  readonly differences: readonly LogDifference[];
  /** Net registrations after each change. */
  readonly registrations: readonly number[];
  /** Where each change of the registrations is: the line of the scenario, from 0. */
  readonly changes: readonly { readonly count: number; readonly line: number | undefined }[];
  readonly wbinvds: readonly (readonly number[])[];
  /** Findings other than results that differ, each once. */
  readonly findings: readonly string[];
  /** Calls that the kernel of the log and the profile both refuse, with the profile's reason. */
  readonly failed: readonly FailedStatement[];
  readonly model: Model | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export interface FailedStatement {
  /** Line of the scenario, from 0. */
  readonly line: number;
  /** `-EINVAL: vfio_group_get_external_user() found …`. */
  readonly why: string;
}

/** Runs a scenario as its schedule says and compares it with the log. */
export function compareWith(rebuilt: Rebuilt, text: string, profile: Profile): LogOutcome {
  const parsed = parse(text);
  const { model, diagnostics } = elaborate(parsed, { profile });
  if (!model)
    return {
      profile,
      differences: [],
      registrations: [],
      changes: [],
      wbinvds: [],
      findings: [],
      failed: [],
      model: undefined,
      diagnostics,
    };
  const run = new Run(model);
  let limit: string | undefined;
  try {
    while (run.advance() && !run.scheduleProblem);
  } catch (error) {
    if (!(error instanceof ModelLimit)) throw error;
    limit = error.message;
  }
  const seen = observe(run);
  const lines = text.split('\n');
  const differences: LogDifference[] = seen.results.map(({ line, value, why }) => ({
    what: 'result',
    line: line + 1,
    text: (lines[line] ?? '').trim().replace(/ *\/\/.*$/, ''),
    kernel: declaredIn(lines[line] ?? ''),
    profile: `${resultText(value)}${why}`,
  }));
  if (limit !== undefined) differences.push({ what: 'order', text: 'the run', kernel: 'continued', profile: limit });
  if (run.scheduleProblem)
    differences.push({
      what: 'order',
      text: `item ${run.scheduleProblem.item + 1} of the schedule`,
      kernel: `${run.scheduleProblem.actor?.name ?? run.scheduleProblem.text} moves`,
      profile: `lets ${run.scheduleProblem.possible.join(', ') || 'nobody'} move`,
    });
  differences.push(...againstDeeds(rebuilt, seen));
  return {
    profile,
    differences,
    registrations: seen.registrations,
    changes: seen.changes,
    wbinvds: seen.wbinvds,
    findings: [...seen.findings],
    failed: seen.failed.filter(({ line }) => seen.results.every((other) => other.line !== line)),
    model,
    diagnostics,
  };
}

function declaredIn(line: string): string {
  return / = (-?\w+)(?: *\/\/.*)?$/.exec(line)?.[1] ?? 'another result';
}

interface Seen {
  readonly results: { readonly line: number; readonly value: number; readonly why: string }[];
  readonly failed: FailedStatement[];
  readonly registrations: number[];
  readonly changes: { readonly count: number; readonly line: number | undefined }[];
  readonly wbinvds: number[][];
  readonly findings: Set<string>;
}

function observe(run: Run): Seen {
  const { log, events, model } = run;
  const names = new ObjectNames(run);
  const seen: Seen = { results: [], failed: [], registrations: [], changes: [], wbinvds: [], findings: new Set() };
  let line: number | undefined;
  const change = (count: number): void => {
    seen.registrations.push(count);
    seen.changes.push({ count, line });
  };
  const { kvm } = model.world;
  let count = 0;
  for (let event = 0; event < events; event++) {
    const at = event * EVENT_WIDTH;
    const [code, a, b, c] = log.subarray(at, at + EVENT_WIDTH) as unknown as [number, number, number, number];
    if (code === NOTE.step) line = model.nodes[b]?.place.line;
    else if (code === NOTE.call && b === kvm.registerNoncoherentDma.id) change(++count);
    else if (code === NOTE.call && b === kvm.unregisterNoncoherentDma.id) change(--count);
    else if (code === NOTE.exit && EXIT_REASONS[b] === 'WBINVD') seen.wbinvds.push([]);
    else if (code === NOTE.wbinvd) seen.wbinvds.at(-1)?.push(a);
    else if (code === NOTE.done && c < 0 && line !== undefined) {
      const failed = failedCall(model, log, event, names);
      if (failed && failed.checks[0].refusal.errno !== ANY_ERRNO)
        seen.failed.push({ line, why: `${errnoText(c)}: ${failedCallText(failed)}` });
    } else if (code === NOTE.finding && FINDINGS[a] === 'unexpected-result') {
      const at = model.nodes[b]?.place.line;
      const failed = failedResult(model, log, event, names);
      if (at !== undefined) seen.results.push({ line: at, value: c, why: failed ? `: ${failedCallText(failed)}` : '' });
    } else if (code === NOTE.finding) seen.findings.add(findingText(model, a, b, c));
  }
  return seen;
}

/** Registrations in number and order, and each WBINVD exit: executed or not, and where. */
function againstDeeds({ deeds, evidence, knowsFlushes }: Rebuilt, seen: Seen): LogDifference[] {
  if (!deeds || !evidence?.hasFunctions) return [];
  const differences: LogDifference[] = [];
  const kernel = registrationsOf(deeds);
  if (kernel.join() !== seen.registrations.join())
    differences.push({
      what: 'registration',
      text: 'registrations of non-coherent DMA, count after each',
      kernel: kernel.join(' ') || 'none',
      profile: seen.registrations.join(' ') || 'none',
    });
  const exits = deeds.flatMap((deed) => (deed.kind === 'wbinvd' ? [deed] : []));
  for (const [i, { flushed, line }] of exits.entries()) {
    const ours = [...(seen.wbinvds[i] ?? [])].sort((a, b) => a - b);
    if (!knowsFlushes || ours.join() === flushed.join()) continue;
    differences.push({
      what: 'wbinvd',
      text: `WBINVD exit ${i + 1} (log ${line})`,
      kernel: cpusText(flushed),
      profile: cpusText(ours),
    });
  }
  return differences;
}

/** Net registrations of the process of the log. Before the log began there may have been more. */
function registrationsOf(deeds: readonly LoggedDeed[]): number[] {
  const counts = deeds.flatMap((deed) => (deed.kind === 'register' || deed.kind === 'unregister' ? [deed.count] : []));
  const lowest = Math.min(0, ...counts);
  // A count below zero says how many registrations the beginning of the log left out.
  return lowest < 0
    ? [...Array.from({ length: -lowest }, (_, i) => i + 1), ...counts.map((count) => count - lowest)]
    : counts;
}

function cpusText(cpus: readonly number[]): string {
  return cpus.length === 0 ? 'not executed' : `executed on ${cpus.map((cpu) => `cpu${cpu}`).join(', ')}`;
}

/**
 * The profile whose answers agree best: the newest of those with the fewest differences. Profiles that answer alike to
 * every question that the scenario asked are tried once.
 */
export function bestProfile(
  rebuilt: Rebuilt,
  text: string,
  candidates: readonly Profile[] = PROFILES.filter(({ mainline }) => mainline),
): LogOutcome {
  let best: LogOutcome | undefined;
  for (const profile of [...candidates].reverse()) {
    const outcome = compareWith(rebuilt, text, profile);
    const fewer = !best || (outcome.model && !best.model) || outcome.differences.length < best.differences.length;
    if (fewer) best = outcome;
    if (best?.model && best.differences.length === 0) break;
  }
  return best!;
}
