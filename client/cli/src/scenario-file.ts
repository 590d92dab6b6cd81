/** Scenarios on disk or on stdin: read, refused with clear words when they cannot be scenarios, parsed. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  checkByCode,
  checkText,
  type Diagnostic,
  elaborate,
  LIMITS,
  type Model,
  type NamedKernels,
  type ParsedScenario,
  type Profile,
  parse,
  TRACE_EXTENSION,
} from '@snoopscope/sim-core';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { kernelsNamedIn } from './kernels-file.ts';
import { readInput } from './text-file.ts';

export interface ScenarioFile {
  /** As the user wrote it; `<stdin>` for `-`. */
  readonly name: string;
  /** Of the scenario in a trace: the name of its file when the trace was saved. */
  readonly savedAs?: string;
  readonly text: string;
  readonly parsed: ParsedScenario;
  /** Names that a file beside it gives to kernels. */
  readonly named: NamedKernels | undefined;
  /** Reads a file that the scenario includes, relative to the scenario. */
  readonly includes: (include: string) => ParsedScenario | undefined;
  /** What is doubtful about it, but does not keep it from running. */
  readonly warnings: readonly Diagnostic[];
  /** What it says that does nothing, or that is only near to what it names. */
  readonly notes: readonly Diagnostic[];
}

export async function readScenario(io: Io, name: string): Promise<ScenarioFile> {
  const shown = name === '-' ? '<stdin>' : name;
  if (name.endsWith(TRACE_EXTENSION)) throw aTrace(name);
  const text = await readInput(
    io,
    name,
    (folder) => `This is a folder; \`snoopscope test ${folder}\` checks every scenario in it.`,
  );
  if (text.trim() === '') {
    throw new Failure('The file is empty: there is no scenario in it.', { code: 'empty-scenario', file: shown });
  }
  const folder = name === '-' ? io.workingDirectory : path.dirname(path.resolve(io.workingDirectory, name));
  const named = kernelsNamedIn(folder);
  const parsed = parse(text, undefined, named);
  const files = new Map<string, ParsedScenario | undefined>();
  if (name !== '-') files.set(realPath(path.resolve(io.workingDirectory, name)), parsed);
  // A file counts once, however its path is spelled and whatever link leads to it.
  const includes = (include: string): ParsedScenario | undefined => {
    const file = realPath(path.resolve(folder, include));
    if (!files.has(file)) files.set(file, readInclude(file));
    return files.get(file);
  };
  const diagnostics = [...parsed.diagnostics, ...checkText(parsed, { includes })].sort(byPlace);
  const file = {
    name: shown,
    text,
    parsed,
    named,
    includes,
    warnings: diagnostics.filter((d) => d.severity === 'warning'),
    notes: diagnostics.filter(({ code }) => NOTES.has(code)),
  };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw brokenScenario(file, errors);
  return file;
}

function aTrace(name: string): Failure {
  return new Failure('This is a trace, which holds one run: `run`, `diff` and `export` open it.', {
    code: 'is-a-trace',
    file: name,
  });
}

/** Other hints are for those who edit a scenario. */
const NOTES: ReadonlySet<string> = new Set(['no-effect', 'nearest-kernel']);

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.span.start - b.span.start;
}

/** Elaborates for a kernel; everything that is wrong with the text is one Failure. */
export function modelOf(file: ScenarioFile, profile: Profile): Model {
  const { model, diagnostics } = elaborate(file.parsed, { profile, includes: file.includes });
  if (model) return model;
  throw brokenScenario(file, diagnostics);
}

export function brokenScenario(file: ScenarioFile, diagnostics: readonly Diagnostic[]): Failure {
  const count = diagnostics.length === 1 ? 'an error' : `${diagnostics.length} errors`;
  const onlyLimits = diagnostics.every(({ code }) => checkByCode.get(code)?.limit);
  return new Failure(`The scenario has ${count} and cannot run.`, {
    code: 'broken-scenario',
    exitCode: onlyLimits ? EXIT.limit : EXIT.wrong,
    file: file.name,
    text: file.text,
    diagnostics,
  });
}

/** A larger file would be refused by the parser anyway. */
const LARGEST_INCLUDE_BYTES = LIMITS.scenarioCharacters * 4;

/** Without links; of a file that does not exist, its path as it is. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

function readInclude(file: string): ParsedScenario | undefined {
  try {
    // Devices and pipes would never end.
    const found = statSync(file);
    if (!found.isFile() || found.size > LARGEST_INCLUDE_BYTES) return undefined;
    return parse(readFileSync(file, 'utf8'));
  } catch {
    // The elaborator says that the include cannot be read, at the line where it stands.
    return undefined;
  }
}
