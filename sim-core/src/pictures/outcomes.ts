/** What an exploration found out: how often each outcome, what it says about the conditions, and the ways there. */

import { counted } from '../counted.ts';
import type { Model } from '../engine/model.ts';
import { statementText } from '../explain/statement-text.ts';
import { exploringStates, type SearchedSpace, type StateGraph } from '../explore/state-graph.ts';
import type { ExplorationReport } from '../judge/report.ts';
import { PICTURE_LIMITS } from './limits.ts';
import type { PictureTable, PictureText } from './table.ts';

export interface OutcomesPicture {
  readonly picture: 'outcomes';
  readonly notices: readonly string[];
  readonly kernel: string;
  /** What the numbers of the bars count. */
  readonly unit: 'final states' | 'runs';
  readonly terms: readonly string[];
  readonly bars: readonly OutcomeBar[];
  readonly conditions: readonly OutcomeCondition[];
  readonly findings: readonly OutcomeFinding[];
  readonly graph?: StateGraph;
}

export interface OutcomeBar {
  /** By the terms. */
  readonly values: readonly string[];
  readonly count: number;
  /** Of the largest bar: between 0 and 1. */
  readonly share: number;
  /** A `schedule` line to it. */
  readonly schedule: string;
}

export interface OutcomeCondition {
  readonly text: string;
  /** 0-based. */
  readonly line: number;
  readonly verdict: 'holds' | 'fails' | 'open' | 'not for this kernel';
  readonly positive: number;
  readonly negative: number;
  /** A `schedule` line to an outcome that shows or refutes it. */
  readonly schedule?: string;
}

export interface OutcomeFinding {
  readonly finding: string;
  readonly text: string;
  readonly line?: number;
  readonly count: number;
  readonly unexpected: boolean;
  readonly schedule: string;
  /** At which of the steps on its way that make a finding of this kind. */
  readonly nth: number;
}

/** The graph of states of a space that a search has seen to its end, in slices. */
export function exploringGraph(
  model: Model,
  space: SearchedSpace,
): Generator<void, StateGraph | 'too large' | undefined> {
  return exploringStates(model, space, (node) => statementText(model, node));
}

/** `graph`: what {@link exploringGraph} found, `too large` when it gave up; absent when nobody asked. */
export function outcomesPicture(report: ExplorationReport, graph?: StateGraph | 'too large'): OutcomesPicture {
  const most = Math.max(1, ...report.outcomes.map(({ finals }) => finals));
  return {
    picture: 'outcomes',
    notices: noticesOf(report, graph),
    kernel: report.kernel,
    unit: report.sampling ? 'runs' : 'final states',
    terms: report.terms,
    bars: report.outcomes.slice(0, PICTURE_LIMITS.outcomes).map(({ values, finals, schedule }) => ({
      values,
      count: finals,
      share: finals / most,
      schedule,
    })),
    conditions: report.conditions.map(({ text, line, applies, holds, positive, negative, schedule }) => ({
      text,
      line,
      verdict: !applies ? 'not for this kernel' : holds === undefined ? 'open' : holds ? 'holds' : 'fails',
      positive,
      negative,
      ...(schedule !== undefined && { schedule }),
    })),
    findings: report.findings.slice(0, PICTURE_LIMITS.outcomes).map(({ finding, text, line, ...found }) => ({
      finding,
      text,
      ...(line !== undefined && { line }),
      count: found.occurrences,
      unexpected: found.unexpected,
      schedule: found.schedule,
      nth: found.nth,
    })),
    ...(graph !== undefined && graph !== 'too large' && { graph }),
  };
}

function noticesOf(report: ExplorationReport, graph: StateGraph | 'too large' | undefined): string[] {
  const { sampling, complete, limit, outcomes, findings, terms, states } = report;
  return [
    ...leftOut(outcomes.length, 'outcomes'),
    ...leftOut(findings.length, 'findings'),
    ...(sampling
      ? [`${sampling.runs} runs were taken at random, with seed ${sampling.seed}: nothing is proved by them.`]
      : []),
    ...(!sampling && !complete
      ? [
          `Not every state was seen: the exploration ended after ${counted(states, 'state')}${limit ? ` (${limitText(limit)})` : ''}.`,
        ]
      : []),
    ...(outcomes.length === 0
      ? [
          complete
            ? 'No execution ends, so there is no outcome.'
            : 'No execution was followed to its end, so no outcome is known.',
        ]
      : []),
    ...(terms.length === 0 && outcomes.length > 0 ? ['No condition mentions a value: all ends are one outcome.'] : []),
    ...(graph === 'too large' ? ['There are too many states to draw them all.'] : []),
  ];
}

function leftOut(all: number, what: 'outcomes' | 'findings'): string[] {
  const shown = PICTURE_LIMITS.outcomes;
  if (all <= shown) return [];
  return [`${shown} of ${all} ${what} are shown; \`snoopscope explore --format json\` lists all.`];
}

function limitText(limit: NonNullable<ExplorationReport['limit']>): string {
  switch (limit.kind) {
    case 'stopped':
      return 'it was stopped';
    case 'finding':
      return `it found a ${limit.finding}`;
    case 'thread':
    case 'model':
      return limit.message;
    default:
      return `limit of ${limit.at} ${limit.kind}`;
  }
}

export function outcomesText(picture: OutcomesPicture): PictureText {
  const { notices, terms, bars, unit, conditions, findings, graph, kernel } = picture;
  return {
    notices,
    tables: [
      {
        title: `Conditions on ${kernel}`,
        columns: ['line', 'condition', 'verdict', 'true in', 'false in', 'shown by'],
        rows: conditions.map(({ line, text, verdict, positive, negative, schedule }) => [
          String(line + 1),
          text.replaceAll(/\s+/g, ' '),
          verdict,
          String(positive),
          String(negative),
          schedule ?? '',
        ]),
      },
      {
        title: 'Outcomes',
        columns: [...terms, unit, 'reached by'],
        rows: bars.map(({ values, count, schedule }) => [...values, String(count), schedule]),
      },
      {
        title: 'Findings',
        columns: ['finding', 'line', 'times', 'expected', 'reached by'],
        rows: findings.map(({ text, line, count, unexpected, schedule }) => [
          text,
          line === undefined ? '' : String(line + 1),
          String(count),
          unexpected ? 'no' : 'yes',
          schedule,
        ]),
      },
      ...(graph ? [graphTable(graph)] : []),
    ].filter(({ rows }) => rows.length > 0),
  };
}

function graphTable({ states, ways }: StateGraph): PictureTable {
  return {
    title: `States (${states.length})`,
    columns: ['state', 'next', 'moves', 'statements', 'finds', 'mark'],
    rows: ways.map(({ from, to, moves, statements, findings, shortest }) => [
      String(from),
      `${to}${states[to]?.outcome ? ` (end: ${states[to]?.outcome?.join(', ')})` : ''}`,
      countedMoves(moves),
      statements.join('; '),
      findings.join(', '),
      shortest ? 'shortest way' : '',
    ]),
  };
}

/** `vcpu0*3 gpu`: as in a schedule. */
export function countedMoves(moves: readonly string[]): string {
  const items: { name: string; count: number }[] = [];
  for (const name of moves) {
    const last = items.at(-1);
    if (last?.name === name) last.count++;
    else items.push({ name, count: 1 });
  }
  return items.map(({ name, count }) => (count > 1 ? `${name}*${count}` : name)).join(' ');
}
