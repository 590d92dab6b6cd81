/**
 * A run as text, one line an event that people ask about: what golden files hold and consoles show.
 *
 * Statements begin at the margin with the actor's name and the line as it is in the file; what they caused is
 * indented below, kernel functions by their depth. Changes of single slots are left out unless asked for.
 */

import type { Run } from '../engine/run.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { describeEvent, resultText } from './event-text.ts';
import { failedCall, failedCallText } from './failed-call.ts';
import { ObjectNames } from './object-names.ts';
import { why, whyText } from './why.ts';

export interface TraceTextOptions {
  /** The text of a line of the scenario, 0-based, without its indentation. */
  readonly lineText: (file: number, line: number) => string;
  /** Also print changes of slots. */
  readonly changes?: boolean;
  /** Also print why, below each finding that is a violation. */
  readonly explain?: boolean;
}

export function traceText(run: Run, options: TraceTextOptions): string[] {
  const { model, log } = run;
  const names = new ObjectNames(run);
  const lines: string[] = [];
  const statementOf = new Map<number, number>();
  for (let event = 0; event < run.events; event++) {
    const at = event * EVENT_WIDTH;
    const code = log[at]!;
    const a = log[at + 1]!;
    if (code === NOTE.step) {
      if (!statementOf.has(a)) {
        const node = nodeOf(run, event, a);
        statementOf.set(a, node);
        lines.push(`${model.world.topology.actors[a]?.name}: ${statementText(run, node, options)}`);
      }
      continue;
    }
    if (code === NOTE.environment) {
      lines.push(`environment: ${model.environment[a]?.name ?? 'changed in the debugger'}`);
      continue;
    }
    if (code === NOTE.done) {
      statementOf.delete(a);
      const result = resultLine(run, event, names);
      if (result) lines.push(`  ${result}`);
      continue;
    }
    const described = describeEvent(model, log, event, names);
    if (
      !described ||
      described.kind === 'return' ||
      described.kind === 'refusal' ||
      (described.kind === 'change' && !options.changes)
    )
      continue;
    if (described.kind === 'call') {
      if (model.world.routines.routines[log[at + 2]!]?.kind !== 'kernel') continue;
      lines.push(`  ${'  '.repeat(described.depth)}${described.text}()`);
      continue;
    }
    lines.push(`  ${described.kind === 'finding' ? '! ' : '- '}${described.text}`);
    if (described.kind === 'finding' && options.explain)
      lines.push(
        ...whyText(why(run, event))
          .slice(1)
          .map((l) => `      ${l}`),
      );
  }
  return lines;
}

/** The node of the statement that begins with the step at an event: where the actor is after its control. */
function nodeOf(run: Run, event: number, actor: number): number {
  const { log, model } = run;
  const slot = model.tasks.node.base + actor;
  for (let e = event + 1; e < run.events; e++) {
    const code = log[e * EVENT_WIDTH]!;
    if (code === slot) return log[e * EVENT_WIDTH + 2]!;
    if (code === NOTE.call || code === NOTE.done) break;
  }
  return log[event * EVENT_WIDTH + 2]!;
}

function statementText(run: Run, id: number, options: TraceTextOptions): string {
  const node = run.model.nodes[id];
  return node ? options.lineText(node.place.file, node.place.line) : '';
}

/** `= 5`, `= -1 EINVAL: kvm_vfio_set_file() found …`. Host actions have a line only where they fail. */
function resultLine({ model, log }: Run, done: number, names: ObjectNames): string | undefined {
  const node = model.nodes[log[done * EVENT_WIDTH + 2]!];
  const failed = failedCall(model, log, done, names);
  if (node?.kind !== 'statement' || (node.args.values.length === 0 && !failed)) return undefined;
  const result = `= ${resultText(log[done * EVENT_WIDTH + 3]!)}`;
  return failed ? `${result}: ${failedCallText(failed)}` : result;
}
