/** What `test --coverage` writes, and where. */
import path from 'node:path';
import { type Coverage, mergedCoverage } from '@snoopscope/sim-core';
import type { Invocation } from '../commands/command.ts';
import { Failure } from '../failure.ts';
import { refuseNoPlace, writeWhole } from '../output-file.ts';
import type { Paint } from '../paint.ts';
import { jsonCoverage } from './json.ts';
import { lcovCoverage } from './lcov.ts';
import { textCoverage } from './text.ts';

export const COVERAGES = {
  text: textCoverage,
  json: jsonCoverage,
  lcov: lcovCoverage,
} as const satisfies Readonly<Record<string, (coverage: Coverage, paint: Paint) => string>>;

/** What the options ask for. */
export interface CoverageRequest {
  readonly format: keyof typeof COVERAGES;
  /** As the user wrote it; stdout when left out. */
  readonly file?: string;
}

/** Undefined when it was not asked for. Options that do not go together are a Failure. */
export function coverageRequestOf(call: Invocation): CoverageRequest | undefined {
  const format = call.text('coverage') as keyof typeof COVERAGES | undefined;
  const file = call.text('coverage-file');
  if (format === undefined) {
    if (file === undefined) return undefined;
    throw new Failure('--coverage-file only says where the coverage goes: give --coverage FORMAT as well.', {
      code: 'missing-option',
    });
  }
  if (file === undefined && (format !== 'text' || call.format !== 'text')) {
    throw new Failure(`--coverage ${format} needs --coverage-file FILE: the results are printed on stdout.`, {
      code: 'missing-option',
    });
  }
  if (file !== undefined) refuseNoPlace(call.io, 'The coverage', file);
  return { format, ...(file !== undefined && { file }) };
}

/** `of` says what was executed of each scenario, by the name of its file. */
export async function reportCoverage(
  call: Invocation,
  request: CoverageRequest,
  of: ReadonlyMap<string, Coverage>,
): Promise<void> {
  const names = [...of.keys()];
  const pathOf = (part: number, name: string): string =>
    name === '' ? (names[part] ?? '') : path.join(path.dirname(names[part] ?? ''), name);
  const coverage = mergedCoverage([...of.values()], pathOf);
  const write = COVERAGES[request.format];
  if (request.file === undefined) {
    call.print(write(coverage, call.paint).trimEnd());
    return;
  }
  const text = write(coverage, (_style, text) => text);
  await writeWhole(call.io, 'The coverage', request.file, text);
}
