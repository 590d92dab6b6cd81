/** Explorations for people, and the parts of them that text and JSON share. */
import { type Exploration, type ExploreLimit, type Model, movesOf, type ScheduledMove, scheduleText } from '@snoopscope/sim-core';
import type { Call } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { wrap } from './paint.ts';

export interface Described {
  readonly conditions: readonly {
    readonly text: string;
    readonly line: number;
    readonly holds: boolean | undefined;
    readonly positive: number;
    readonly negative: number;
    readonly schedule?: string;
    readonly shortest?: boolean;
  }[];
  readonly terms: readonly string[];
  readonly outcomes: readonly { readonly values: readonly string[]; readonly finals: number; readonly schedule: string }[];
  readonly findings: readonly { readonly finding: string; readonly occurrences: number; readonly schedule: string; readonly shortest: boolean }[];
}

type Shortened = { readonly schedule: readonly ScheduledMove[]; readonly shortest: boolean } | undefined;

export function describe(model: Model, exploration: Exploration, shortened: { findings: readonly Shortened[]; conditions: readonly Shortened[] }): Described {
  const line = (schedule: readonly ScheduledMove[]): string => scheduleText(model, movesOf(schedule), exploration.granularity);
  return {
    conditions: exploration.conditions.flatMap((c, i) => {
      if (!c.applies) return [];
      const { text, holds, positive, negative } = c;
      const way = shortened.conditions[i];
      return [{ text, line: c.line + 1, holds, positive, negative, ...(way ? { schedule: line(way.schedule), shortest: way.shortest } : {}) }];
    }),
    terms: exploration.terms,
    outcomes: exploration.outcomes.map(({ values, finals, schedule }) => ({ values, finals, schedule: line(schedule) })),
    findings: exploration.findings.map((f, i) => {
      const way = shortened.findings[i] ?? f;
      return { finding: f.finding, occurrences: f.occurrences, schedule: line(way.schedule), shortest: way.shortest };
    }),
  };
}

/** A condition that fails decides; otherwise what is not known does. */
export function exitCodeOf({ conditions, complete, limit }: Exploration): ExitCode {
  if (conditions.some((c) => c.holds === false)) return EXIT.failed;
  if (limit?.kind === 'finding') return EXIT.failed;
  return complete || conditions.every((c) => !c.applies || c.holds === true) ? EXIT.fine : EXIT.limit;
}

interface Printed {
  readonly file: string;
  readonly kernel: string;
  readonly exploration: Exploration;
  readonly described: Described;
  readonly seconds: number;
}

export function printExploration(call: Call, { file, kernel, exploration, described, seconds }: Printed): void {
  const print = (text: string): void => call.print(wrap(text, call.width, 2));
  call.print(`${call.paint('heading', file)}  ${kernel}`);
  print(`  ${sizeText(exploration, seconds)}`);
  if (exploration.limit) print(`  ${call.paint('caution', limitText(exploration.limit))}`);
  for (const { text, line, holds, positive, negative, schedule } of described.conditions) {
    const word = holds === undefined ? call.paint('caution', 'open ') : holds ? call.paint('good', 'holds') : call.paint('bad', 'FAILS');
    call.print(`  ${word}  ${text} (line ${line})`);
    call.print(`         ${outcomes(positive)} for it, ${outcomes(negative)} against`);
    if (schedule !== undefined) call.print(`         ${call.paint('name', schedule)}`);
  }
  printOutcomes(call, described);
  for (const { finding, occurrences, schedule, shortest } of described.findings) {
    call.print(`  ${call.paint('caution', finding)}  ${occurrences} times; ${shortest ? 'the shortest way' : 'a way'}:`);
    call.print(`         ${call.paint('name', schedule)}`);
  }
}

function printOutcomes(call: Call, { terms, outcomes: all }: Described): void {
  if (terms.length === 0 || all.length === 0) return;
  const rows = [['finals', ...terms], ...all.map((o) => [String(o.finals), ...o.values])];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length))) ?? [];
  const line = (row: readonly string[]): string => row.map((cell, column) => cell.padStart(widths[column] as number)).join('  ');
  call.print(call.paint('faint', `  ${line(rows[0] as string[])}`));
  all.forEach((outcome, i) => {
    call.print(`  ${line(rows[i + 1] as string[])}  ${call.paint('faint', outcome.schedule)}`);
  });
}

function outcomes(count: number): string {
  return `${count} outcome${count === 1 ? '' : 's'}`;
}

function sizeText({ states, transitions, maxDepth, bytes, finals, complete, sampling, granularity, reductions }: Exploration, seconds: number): string {
  const time = `${seconds.toFixed(2)} s`;
  if (sampling) {
    const how = sampling.pctDepth === undefined ? 'uniformly' : `by PCT of depth ${sampling.pctDepth}`;
    return `${sampling.runs} runs drawn ${how} from seed ${sampling.seed}, ${transitions} moves, ${finals} came to an end, ${time}`;
  }
  const off = Object.entries(reductions).filter(([, on]) => !on).length;
  const all = complete ? `all interleavings of ${granularity === 'micro' ? 'micro-steps' : 'statements'}` : 'not all interleavings';
  const reduced = off === 5 ? 'no reduction' : `${5 - off} of 5 reductions`;
  return `${all}: ${states} states, ${transitions} moves, depth ${maxDepth}, ${finals} final, ${(bytes / 1024 / 1024).toFixed(1)} MB, ${time}, ${reduced}`;
}

export function limitText(limit: ExploreLimit): string {
  switch (limit.kind) {
    case 'states':
      return `Stopped at ${limit.at} states; --max-states N raises the limit.`;
    case 'bytes':
      return `Stopped at ${Math.round(limit.at / 1024 / 1024)} MB of states; --max-megabytes N raises the limit.`;
    case 'depth':
      return `Stopped at ${limit.at} moves behind the setup (--max-depth).`;
    case 'stopped':
      return 'Stopped before everything was seen.';
    case 'finding':
      return `Stopped at the first ${limit.finding}.`;
    case 'model':
      return `The model is too small: ${limit.message}.`;
  }
}
