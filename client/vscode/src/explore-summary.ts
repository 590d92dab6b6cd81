// What an exploration came to, in sentences above its outcomes: verdict, what it covers and took, which limit ended it.
import {
  adviceText,
  counted,
  coverageText,
  droppedLines,
  type ExplorationReport,
  estimateLines,
} from '@snoopscope/sim-core';
import type { Workers } from './explore-threads.ts';
import type { EstimatedReply, ExploredReply } from './explore-worker.ts';
import { limitNotice } from './limit-text.ts';

/** `name`: of the scenario. The first line is a heading. */
export function exploredLines(name: string, { report, seconds, shortened, workers }: ExploredReply): string[] {
  return [
    `${name} on ${report.kernel}: ${verdictWord(report)}`,
    sentence(coverageText(report)),
    costText(report, seconds),
    ...workerLines(workers),
    ...(report.limit ? [limitNotice(report.limit)] : []),
    ...adviceLines(report, seconds),
    ...(shortened ? [] : ['You did not wait for shorter schedules: these are as the exploration came across them.']),
  ];
}

export function estimatedLines(name: string, { kernel, estimate, seconds }: EstimatedReply): string[] {
  return [
    `${name} on ${kernel}: an estimate`,
    ...estimateLines(estimate).map(sentence),
    `${seconds.toFixed(2)} s. Both are lower bounds; nothing was explored.`,
  ];
}

/** Runs at random prove nothing, so they leave open what they did not decide. */
function verdictWord({ passed, skipped, sampling }: ExplorationReport): string {
  if (skipped !== undefined) return `skipped, ${skipped}`;
  if (passed === false) return 'FAILED';
  return passed ? 'as declared' : sampling ? 'nothing proved' : 'open';
}

function costText({ states, transitions, depth, bytes, sampling }: ExplorationReport, seconds: number): string {
  if (sampling) return `${counted(transitions, 'move')}, the longest run ${depth}; ${seconds.toFixed(2)} s.`;
  const rate = Math.round(states / Math.max(seconds, 0.001)).toLocaleString('en');
  const size = `${counted(states, 'state')}, ${counted(transitions, 'transition')}, ${counted(depth, 'move')} deep`;
  return `${size}; ${(bytes / 1024 ** 2).toFixed(1)} MB, ${seconds.toFixed(2)} s, ${rate} states a second.`;
}

function workerLines({ count, memory, problem }: Workers): string[] {
  const how = memory === 'shared' ? 'which share memory' : 'which exchange messages';
  const who = count > 1 ? [`Explored by ${count} workers, ${how}.`] : [];
  return problem === undefined ? who : [...who, `More workers could not be started: ${problem}.`];
}

/** What to do after a limit, and what the search did without. */
function adviceLines({ advice, dropped, states }: ExplorationReport, seconds: number): string[] {
  const how = {
    maxSwitches: (bound: number) => `“with few switches”, ${bound} at most`,
    statesPerSecond: states / Math.max(seconds, 0.001),
  };
  return [
    ...advice.map((each) => adviceText(each, how)),
    ...droppedLines(dropped).map((line) => `The search ${line}.`),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
