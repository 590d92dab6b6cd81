/**
 * Why a finding took place: the shortest chain of causes, each with the event that shows it and its source.
 *
 * The chain of a coherency finding is: the write, what should have carried it to the reader (a flush, an uncached
 * store, a device's write), why that did not happen (KVM's count, the dirty mask, the leaf's memory type), and the read
 * that bypassed the caches. All of it is read from the recorded run; nothing is executed again. The chains are in causes/.
 */

import type { ExplanationKind } from '../engine/monitors/monitors.ts';
import { FINDINGS, type Finding, monitorOf } from '../engine/monitors/table.ts';
import type { Run } from '../engine/run.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { beliefCostly, beliefWrong } from './causes/belief.ts';
import { deadlocked } from './causes/deadlock.ts';
import { blocked } from './causes/dma-fault.ts';
import { failureLinks, otherResult, unopenedLinks } from './causes/kernel.ts';
import type { Link } from './causes/link.ts';
import { lostWriteChain } from './causes/lost-write.ts';
import { leaked, staleCpuRead, staleDeviceRead, staleHostRead } from './causes/stale-read.ts';
import { unflushedReadChain } from './causes/unflushed-read.ts';
import { usedAfterFree } from './causes/use-after-free.ts';
import { oopsed, warned } from './causes/warning.ts';
import { findingText } from './event-text.ts';
import { countExplained } from './facts/coherency.ts';
import { errnoText, type FailedCall, failedCall, failedCallText } from './failed-call.ts';
import { History } from './history.ts';
import { ObjectNames } from './object-names.ts';

export type { Link } from './causes/link.ts';

export interface Explanation {
  readonly finding: Finding;
  /** One line: who, what. */
  readonly headline: string;
  readonly links: readonly Link[];
  /** True when the finding is of our own definition and no upstream text describes it. */
  readonly modelFinding: boolean;
}

/** Subject and detail are what the monitor put into the finding's event. */
type Chain = (history: History, event: number, subject: number, detail: number) => Link[];

const oldValue: Chain = (history, event, word, reader) => {
  if (reader > 0) return staleDeviceRead(history, event, word, reader - 1);
  if (reader < 0) return staleCpuRead(history, event, word, -reader - 1);
  return staleHostRead(history, event, word);
};

/** What is counted and why, and what is there instead. */
const costlyBelief: Chain = (history, event, vm, device) => {
  const moment = { history, names: new ObjectNames(history.run), event, state: history.stateAt(event) };
  return [...countExplained(moment, vm), ...beliefCostly(history, event, device)];
};

/** One chain for each kind of explanation that a monitor may name. */
const CHAINS: Readonly<Record<ExplanationKind, Chain>> = {
  'old-value': oldValue,
  'unflushed-value': unflushedReadChain,
  'lost-write': lostWriteChain,
  leak: leaked,
  'wrong-belief': beliefWrong,
  'costly-belief': costlyBelief,
  'freed-object': usedAfterFree,
  'lock-cycle': deadlocked,
  'blocked-tlp': blocked,
  'declared-result': otherResult,
  'kernel-warning': (history, event, _actor, warning) => warned(history, event, warning),
  'null-pointer': (history, event) => oopsed(history, event),
  'its-text': () => [],
};

/** Explains the finding at an event of a run. The event must be a finding. */
export function why(run: Run, findingEvent: number): Explanation {
  const { log, model } = run;
  const at = findingEvent * EVENT_WIDTH;
  if (log[at] !== NOTE.finding) throw new RangeError(`event ${findingEvent} is not a finding`);
  const [index, subject, detail] = [log[at + 1]!, log[at + 2]!, log[at + 3]!];
  const finding = FINDINGS[index]!;
  const { explainedBy, doc, sources, derived } = monitorOf(finding);
  const links = CHAINS[explainedBy](new History(run), findingEvent, subject, detail);
  return {
    finding,
    headline: findingText(model, index, subject, detail),
    links: links.length > 0 ? links : [{ event: findingEvent, text: doc, sources }],
    modelFinding: derived ?? false,
  };
}

/** Why a call failed that ended at an event (`done`) of a run; undefined when it did not fail. */
export function whyFailed(run: Run, done: number): CallExplanation | undefined {
  const failed = failedCall(run.model, run.log, done, new ObjectNames(run));
  if (!failed) return undefined;
  const headline = `${errnoText(failed.value)}: ${failedCallText(failed)}`;
  const history = new History(run);
  return { failed, headline, links: [...unopenedLinks(history, done), ...failureLinks(history, failed)] };
}

export interface CallExplanation {
  readonly failed: FailedCall;
  /** `-EINVAL: vfio_group_get_external_user() found no IOMMU driver in the container of group 26`. */
  readonly headline: string;
  readonly links: readonly Link[];
}

/** The explanation as plain, numbered lines. */
export function whyText(
  explanation: Pick<Explanation, 'headline' | 'links'> & Partial<Pick<Explanation, 'modelFinding'>>,
): string[] {
  return [
    explanation.headline,
    ...explanation.links.map((link, i) => `${i + 1}. ${link.text}`),
    ...(explanation.modelFinding ? ['This is a model finding: no upstream text describes it.'] : []),
  ];
}
