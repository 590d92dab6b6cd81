// The coverage of a test run, as VS Code shows it: scenarios at their lines, the kernel model and its changes as pages.
import { CHANGES, type Coverage, type CoveredFile, type CoveredFunction } from '@snoopscope/sim-core';
import {
  BranchCoverage,
  DeclarationCoverage,
  EventEmitter,
  FileCoverage,
  type FileCoverageDetail,
  Position,
  Range,
  StatementCoverage,
  Uri,
} from 'vscode';

export const KERNEL_SCHEME = 'snoopscope-kernel';

/** Above the pages, in the view of the coverage. */
const KERNEL_FOLDER = '/kernel model';

/** Pages of the kernel model that coverage refers to: one line for each micro-step, and one for each kernel change. */
export class KernelPages {
  readonly #texts = new Map<string, string>();
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;

  provideTextDocumentContent(uri: Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  set(uri: Uri, lines: readonly string[]): void {
    this.#texts.set(uri.toString(), `${lines.join('\n')}\n`);
    this.#changed.fire(uri);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

export interface CoveredUri {
  readonly uri: Uri;
  readonly details: FileCoverageDetail[];
}

/** `run` tells the pages of one run from those of another. Paths of the coverage are URIs. */
export function coveredUris(coverage: Coverage, pages: KernelPages, run: number): CoveredUri[] {
  return [
    ...coverage.files.map((file) => ({ uri: Uri.parse(file.path), details: scenarioDetails(file) })),
    ...kernelPages(coverage.functions, pages, run),
    changesPage(coverage.changes, pages, run),
  ];
}

export function fileCoverageOf({ uri, details }: CoveredUri): FileCoverage {
  return FileCoverage.fromDetails(uri, details);
}

function scenarioDetails({ statements, alternatives, results }: CoveredFile): FileCoverageDetail[] {
  const calls = statements.map(({ line, executed }) => {
    const branches = results
      .filter((result) => result.line === line)
      .map((result) => branchOf(result.executed, resultLabel(result.result)));
    return new StatementCoverage(executed, atLine(line), branches);
  });
  const lines = [...new Set(alternatives.map(({ line }) => line))];
  const chooses = lines.map((line) => {
    const own = alternatives.filter((alternative) => alternative.line === line);
    const branches = own.map(({ executed, alternative }) => branchOf(executed, `alternative ${alternative + 1}`));
    const executed = own.some((alternative) => alternative.executed);
    return new StatementCoverage(executed, atLine(line), branches);
  });
  return [...calls, ...chooses];
}

/** It has no place of its own, or a result that was not seen would mark the whole call as not executed. */
function branchOf(executed: boolean, label: string): BranchCoverage {
  return new BranchCoverage(executed, undefined, label);
}

function resultLabel(result: string): string {
  return result === 'success' ? result : `-${result}`;
}

function kernelPages(functions: readonly CoveredFunction[], pages: KernelPages, run: number): CoveredUri[] {
  const sources = [...new Set(functions.map(({ source }) => source))];
  return sources.map((source) => {
    const uri = Uri.from({ scheme: KERNEL_SCHEME, path: `${KERNEL_FOLDER}/${source}`, query: `run=${run}` });
    const lines = [`${source}, as Snoopscope models it: one line per micro-step, between which others may run.`, ''];
    const details: FileCoverageDetail[] = [];
    for (const { name, entered, steps } of functions.filter((each) => each.source === source)) {
      const head = lines.push(`${name}()`) - 1;
      for (const { about, executed } of steps) {
        const line = lines.push(`    ${about}`) - 1;
        details.push(new StatementCoverage(executed, atLine(line)));
      }
      const range = new Range(head, 0, lines.length - 1, (lines.at(-1) ?? '').length);
      details.push(new DeclarationCoverage(name, entered, range));
      lines.push('');
    }
    pages.set(uri, lines);
    return { uri, details };
  });
}

function changesPage(changes: Coverage['changes'], pages: KernelPages, run: number): CoveredUri {
  const uri = Uri.from({ scheme: KERNEL_SCHEME, path: `${KERNEL_FOLDER}/upstream changes`, query: `run=${run}` });
  const lines = [
    'Upstream changes: the marked ones were asked for, so a kernel without them may behave differently.',
    '',
  ];
  const details = changes.map(({ id, consulted }) => {
    const change = CHANGES.find((each) => each.id === id);
    const commit = change && 'commit' in change ? `${change.commit} ` : '';
    const line = lines.push(`${commit}${change?.subject ?? id}`) - 1;
    return new StatementCoverage(consulted, atLine(line));
  });
  pages.set(uri, lines);
  return { uri, details };
}

function atLine(line: number): Position {
  return new Position(line, 0);
}
