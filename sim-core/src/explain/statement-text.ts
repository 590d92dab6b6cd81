/** Statements of a run: which one a step belongs to, and how it is written. */
import type { Model } from '../engine/model.ts';
import type { Run } from '../engine/run.ts';
import type { LineContent } from '../scenario/ast.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

/** The statement of a node as it is in its file, without its declared result and its comment; empty for an end. */
export function statementText({ nodes, sources }: Model, id: number): string {
  const place = nodes[id]?.place;
  const line = place && sources[place.file]?.parsed.lines[place.line];
  return line?.content ? withoutResult(line.text, line.content, line.comment?.start) : '';
}

/** What the author, or an importer, wrote after the statement of a node, without the slashes; empty for nothing. */
export function statementComment({ nodes, sources }: Model, id: number): string {
  const place = nodes[id]?.place;
  const line = place && sources[place.file]?.parsed.lines[place.line];
  return line?.comment
    ? line.text
        .slice(line.comment.start, line.comment.end)
        .replace(/^\/\/\s*/, '')
        .trim()
    : '';
}

function withoutResult(text: string, content: LineContent, comment: number | undefined): string {
  const code = text.slice(0, comment ?? text.length);
  const declared = content.kind === 'syscall' ? content.result?.span.start : undefined;
  const call = declared === undefined ? code : code.slice(0, declared).replace(/=\s*$/, '');
  return call.trim();
}

/**
 * The node of the statement that a step belongs to, or the number of the environment's move. A step that begins at a
 * `choose` has moved to its alternative before the first call.
 */
export function nodeOfStep(run: Run, step: number): number {
  const { actor, node, firstEvent, endEvent } = run.step(step);
  if (actor < 0) return node;
  const slot = run.model.tasks.node.base + actor;
  for (let event = firstEvent; event < endEvent; event++) {
    const code = run.log[event * EVENT_WIDTH]!;
    if (code === slot) return run.log[event * EVENT_WIDTH + 2]!;
    if (code === NOTE.call || code === NOTE.done) break;
  }
  return node;
}
