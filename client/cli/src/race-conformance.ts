/** Judging the observed outcomes of races by exploring each race's scenario at micro-steps on the profile of its kernel. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  elaborate,
  judgeRace,
  type Profile,
  parse,
  parseRaces,
  profileOfRecording,
  type RaceJudgement,
  type RaceRow,
  Search,
  SLICE_MOVES,
} from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import { systemReason } from './text-file.ts';

/** Seconds after which an exploration of one race is given up. */
const MOST_SECONDS = 120;

export interface RaceResult extends RaceJudgement {
  readonly race: string;
  readonly kernel: string;
  readonly profile: Profile;
  readonly standIn?: string;
  readonly rows: number;
  readonly states: number;
  readonly seconds: number;
  /** Set when the exploration did not end: what it had not seen by then counts as not predicted. */
  readonly gaveUp?: string;
}

/** The races of a histogram, one after the other. `file` is where it lies: scenarios are in `scenarios/` beside it. */
export function* judgeRaces(file: string, text: string, kernel?: Profile): Generator<RaceResult> {
  const rows = racesOf(file, text);
  const groups = new Map<string, RaceRow[]>();
  for (const row of rows) {
    const key = `${row.race} ${row.kernel}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const group of groups.values()) yield judgeOne(file, group, kernel);
}

function racesOf(file: string, text: string): RaceRow[] {
  try {
    return parseRaces(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure(error.message, { code: 'broken-recording', file });
  }
}

function judgeOne(file: string, rows: readonly RaceRow[], given?: Profile): RaceResult {
  const { race, kernel } = rows[0]!;
  const chosen = given ? { profile: given } : profileOfRelease(file, kernel);
  const scenario = path.join(path.dirname(file), 'scenarios', `${race}.snoop`);
  const { model, diagnostics } = elaborate(parse(scenarioText(file, scenario)), { profile: chosen.profile });
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  if (!model || problem)
    throw new Failure(`Line ${(problem?.line ?? 0) + 1}: ${problem?.message ?? 'it cannot be explored.'}`, {
      code: 'broken-scenario',
      file: scenario,
    });
  const start = performance.now();
  const search = new Search(model, { granularity: 'micro' });
  while (search.step(SLICE_MOVES)) {
    if (performance.now() - start <= MOST_SECONDS * 1000) continue;
    search.stop({ kind: 'stopped' });
    break;
  }
  const result = search.result();
  return {
    ...judgeRace(rows, result.terms, result.outcomes),
    ...chosen,
    race,
    kernel,
    rows: rows.length,
    states: result.states,
    seconds: (performance.now() - start) / 1000,
    ...(!result.complete && { gaveUp: result.limit?.kind ?? 'stopped' }),
  };
}

function profileOfRelease(file: string, release: string): ReturnType<typeof profileOfRecording> {
  const version = /^\d+(?:\.\d+)+/.exec(release)?.[0];
  if (version === undefined)
    throw new Failure(`\`${release}\` is not a kernel release such as 6.12.117.`, { code: 'broken-recording', file });
  return profileOfRecording({ kernel_release: release, kernel_version: `Debian ${version}` });
}

function scenarioText(file: string, scenario: string): string {
  try {
    return readFileSync(scenario, 'utf8');
  } catch (error) {
    throw new Failure(`Its scenario ${scenario}: ${systemReason(error)}`, { code: 'unreadable-file', file });
  }
}
