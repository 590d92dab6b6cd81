/** Runs to draw: of the gallery, and of texts written for a test. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type ExplorationReport,
  elaborate,
  exploringGraph,
  kernelOf,
  type Model,
  ObjectNames,
  parse,
  profileNamed,
  profilesNamed,
  Run,
  RunIndex,
  type RunOptions,
  reporting,
  Search,
  verdictOf,
} from '@snoopscope/sim-core';

const root = path.resolve(import.meta.dirname, '../../scenarios');

export const GALLERY = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.snoop'))
  .sort();

export function scenarioText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The model of a text on the kernel that it names, the first of its conditions, or a given one. */
export function modelOf(text: string, kernel?: string): Model {
  const parsed = parse(text);
  const named = kernel === undefined ? (kernelOf(parsed) ?? profilesNamed(parsed)[0]) : profileNamed(kernel);
  const { model, diagnostics } = elaborate(parsed, { profile: named ?? profilesNamed(parsed)[0] ?? fail(kernel) });
  if (!model) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return model;
}

function fail(kernel: string | undefined): never {
  throw new Error(`there is no kernel ${kernel}`);
}

export interface Recorded {
  readonly run: Run;
  readonly index: RunIndex;
  readonly names: ObjectNames;
}

/** A run to its end, and what pictures look up in it. */
export function recorded(model: Model, options: RunOptions = {}): Recorded {
  const run = new Run(model, options);
  run.runToEnd();
  const index = new RunIndex(run);
  index.extend();
  return { run, index, names: new ObjectNames(run) };
}

/** The graph of states, in one go. */
export function graphOf(...of: Parameters<typeof exploringGraph>) {
  const slices = exploringGraph(...of);
  let last = slices.next();
  while (!last.done) last = slices.next();
  return last.value;
}

/** What a search of all interleavings of statements finds. */
export function explored(model: Model): ExplorationReport {
  const search = new Search(model, { granularity: 'statement', maxStates: 100_000 });
  while (search.step(10_000)) {
    // One slice after the other.
  }
  const slices = reporting(verdictOf(model, model.world.kernel.profile, search.result()), {});
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}
