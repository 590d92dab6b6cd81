/**
 * Sees what an exploration executes. A search executes each distinct thing once and remembers what it does, so it is
 * enough to look at what is really executed: a step that a reduction left out is a repetition of one that was not.
 */
import type { Model } from '../../engine/model.ts';
import type { ProgramNode, StatementNode } from '../../engine/program.ts';
import { type AnyRoutine, RoutineTable } from '../../engine/routine.ts';
import type { Task } from '../../engine/task.ts';
import { CHANGES } from '../../kernel/changes.ts';
import { errnoName } from '../../kernel/errno.ts';
import type { BlockItem, ParsedScenario } from '../../scenario/ast.ts';
import { opOfLine } from '../../scenario/query.ts';
import { VOCABULARY } from '../../scenario/vocabulary.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { type Coverage, type CoveredFile, type CoveredFunction, mergedCoverage } from './coverage.ts';

/** Watches the models of one scenario, one for each kernel. */
export class CoverageObserver {
  readonly #watched: Watched[] = [];

  /** The same model; what is executed on it is seen. */
  watch(model: Model): Model {
    const watched = new Watched(model);
    this.#watched.push(watched);
    return watched.model;
  }

  result(): Coverage {
    return mergedCoverage(this.#watched.map((watched) => watched.coverage()));
  }
}

const SUCCESS = 'success';

class Watched {
  readonly model: Model;
  readonly #begun = new Set<number>();
  /** Node of a `choose` → alternatives. */
  readonly #taken = new Map<number, Set<number>>();
  /** Node → results, as in {@link CoveredFile.results}. */
  readonly #results = new Map<number, Set<string>>();
  /** Routine → steps. */
  readonly #steps = new Map<AnyRoutine, Set<number>>();

  constructor(model: Model) {
    const routines = new RoutineTable();
    for (const routine of model.world.routines.routines) routines.routines.push(this.#routine(routine));
    this.model = {
      ...model,
      nodes: model.nodes.map((node) => (node.kind === 'statement' ? this.#statement(node) : node)),
      world: { ...model.world, routines },
    };
  }

  coverage(): Coverage {
    const { world } = this.model;
    const kernel = [...this.#steps.keys()].filter(({ kind }) => kind === 'kernel');
    return {
      files: this.model.sources.map((_, file) => this.#file(file)),
      functions: kernel.map((routine) => this.#function(routine)),
      changes: CHANGES.map(({ id }) => ({ id, consulted: world.kernel.consulted.has(id) })),
    };
  }

  #routine(routine: AnyRoutine): AnyRoutine {
    const executed = new Set<number>();
    const steps = routine.steps.map((step, index) => ({
      ...step,
      run: (task: Task): void => {
        const begins = index === 0 && task.depth === 1;
        step.run(task);
        if (task.waits) return;
        executed.add(index);
        if (begins) this.#begin(task);
      },
    }));
    const { id, name, source, kind, locals, parameters } = routine;
    const watched: AnyRoutine = {
      ...{ id, name, source, kind, locals, parameters, steps },
      ...(routine.case !== undefined && { case: routine.case }),
      begin: () => routine.begin(),
    };
    this.#steps.set(watched, executed);
    return watched;
  }

  #statement(node: StatementNode): StatementNode {
    const results = new Set<string>();
    this.#results.set(node.id, results);
    return {
      ...node,
      finish: (task, value, at) => {
        results.add(value < 0 ? errnoName(-value) : SUCCESS);
        node.finish?.(task, value, at);
      },
    };
  }

  /** The micro-step that is being made says where the actor was: at the statement, or at a `choose` before it. */
  #begin({ machine, actor }: Task): void {
    const { log } = machine;
    let at = machine.length - EVENT_WIDTH;
    while (at >= 0 && log[at] !== NOTE.step) at -= EVENT_WIDTH;
    const [node, alternative] = [log[at + 2]!, log[at + 3]!];
    if (this.model.nodes[node]?.kind === 'choose') {
      const taken = this.#taken.get(node) ?? new Set();
      this.#taken.set(node, taken.add(alternative));
    }
    this.#begun.add(machine.state[this.model.tasks.node.base + actor]!);
  }

  #file(file: number): CoveredFile {
    const { path, parsed } = this.model.sources[file]!;
    const nodes = this.model.nodes.filter(({ place }) => place.file === file);
    const at = (line: number): ProgramNode[] => nodes.filter(({ place }) => place.line === line);
    return {
      path,
      statements: statementLines(parsed).map((line) => ({
        line,
        executed: at(line).some(({ id }) => this.#begun.has(id)),
      })),
      alternatives: chooses(parsed).flatMap(({ line, alternatives }) =>
        alternatives.map((_, alternative) => ({
          line,
          alternative,
          executed: at(line).some(({ id }) => this.#taken.get(id)?.has(alternative)),
        })),
      ),
      results: statementLines(parsed).flatMap((line) => {
        const returned = new Set(at(line).flatMap(({ id }) => [...(this.#results.get(id) ?? [])]));
        return possibleResults(parsed, line, returned).map((result) => ({
          line,
          result,
          executed: returned.has(result),
        }));
      }),
    };
  }

  #function(routine: AnyRoutine): CoveredFunction {
    const executed = this.#steps.get(routine) ?? new Set();
    return {
      source: routine.source,
      name: routine.name,
      entered: executed.size > 0,
      steps: routine.steps.flatMap(({ local, about }, index) =>
        local ? [] : [{ about, executed: executed.has(index) }],
      ),
    };
  }
}

const STATEMENTS: ReadonlySet<string> = new Set(['syscall', 'action', 'wait']);

function statementLines({ lines }: ParsedScenario): number[] {
  return lines.flatMap(({ content }, line) => (STATEMENTS.has(content.kind) ? [line] : []));
}

/** Empty for what is not a system call. */
function possibleResults({ lines }: ParsedScenario, line: number, returned: ReadonlySet<string>): string[] {
  const found = lines[line];
  if (found?.content.kind !== 'syscall') return [];
  const errnos = opOfLine(found, VOCABULARY)?.errnos.map(({ name }) => name) ?? [];
  return [...new Set([SUCCESS, ...errnos, ...returned])];
}

function chooses({ blocks }: ParsedScenario): Extract<BlockItem, { kind: 'choose' }>[] {
  const within = (items: readonly BlockItem[]): Extract<BlockItem, { kind: 'choose' }>[] =>
    items.flatMap((item) => {
      if (item.kind === 'line') return [];
      if (item.kind !== 'choose') return within(item.body);
      return [item, ...item.alternatives.flatMap(within)];
    });
  return blocks.flatMap(({ items }) => within(items));
}
