import { kernelOf, NEWEST, type ParsedScenario, type Profile, remembered } from '@snoopscope/sim-core';
import { keyOf } from './includes.ts';

/** A document as it was at one moment, with everything that an answer about it depends on. Never changes. */
export interface Snapshot {
  readonly uri: string;
  readonly version: number;
  readonly scenario: ParsedScenario;
  /** The kernel that answers are about. */
  readonly profile: Profile;
  /** The files that it includes and those that they include, by their path relative to it. */
  readonly included: ReadonlyMap<string, IncludedFile>;
}

export interface IncludedFile {
  readonly uri: string;
  readonly scenario: ParsedScenario;
}

/** A place in a document of the family. */
export interface Location {
  readonly uri: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** The profile that a scenario runs on: the one chosen in the settings, its own `kernel` line, or the newest. */
export function profileFor(scenario: ParsedScenario, chosen: string | undefined): Profile {
  return kernelOf(scenario, chosen) ?? kernelOf(scenario) ?? NEWEST;
}

export function includedScenario(snapshot: Snapshot): (path: string) => ParsedScenario | undefined {
  return (path) => snapshot.included.get(path)?.scenario;
}

/** The document and the files it includes: names mean the same in all of them. */
export const familyOf = remembered((snapshot: Snapshot): readonly IncludedFile[] =>
  familyFrom(snapshot, snapshot.included.values()),
);

/** A file and those it includes, each once, by whatever paths and circles they come. */
export function familyFrom({ uri, scenario }: IncludedFile, included: Iterable<IncludedFile>): readonly IncludedFile[] {
  const family = new Map([[keyOf(uri), { uri, scenario }]]);
  for (const file of included) if (!family.has(keyOf(file.uri))) family.set(keyOf(file.uri), file);
  return [...family.values()];
}
