/** Where in the scenario's own text a diagnostic about a statement goes. */
import type { Model } from '../engine/model.ts';
import type { StatementNode } from '../engine/program.ts';
import type { Line, RelatedPlace, Span } from '../scenario/ast.ts';
import { codeSpan } from '../scenario/line-text.ts';

export interface TextSpot {
  readonly line: number;
  readonly span: Span;
  /** `` `attach`, line 3 of `lib.snoop`: ``, or `Called from line 9: `; empty for a statement of an actor's own. */
  readonly prefix: string;
  /** The statement itself, where it is in another file, and the calls that led to it. */
  readonly related: readonly RelatedPlace[];
  /** The statement is at the spot, so that a fix can change it. */
  readonly here: boolean;
}

/**
 * A statement of the scenario is at its own line. One of an included file is at the `call` that led there, or at the
 * `include` line: diagnostics are about the scenario's own text.
 */
export function spotOf(model: Model, { place }: StatementNode, span: (line: Line) => Span): TextSpot {
  const { file, line, calls } = place;
  const source = model.sources[file];
  const own = model.sources[0]?.parsed.lines ?? [];
  const text = source?.parsed.lines[line];
  if (source === undefined || text === undefined)
    return { line: 0, span: { start: 0, end: 0 }, prefix: '', related: [], here: false };
  if (file === 0) {
    const related = calls
      .filter((call) => call.file === 0)
      .map((call) => ({
        line: call.line,
        span: codeSpan(own[call.line]!),
        message: `\`${call.proc}\` is called here.`,
      }));
    const prefix = related.length === 0 ? '' : `Called from line ${related.map((one) => one.line + 1).join(', ')}: `;
    return { line, span: span(text), prefix, related, here: true };
  }
  const call = calls.find((one) => one.file === 0);
  const proc = calls.at(-1)?.proc;
  const prefix = `${proc === undefined ? '' : `\`${proc}\`, `}line ${line + 1} of \`${source.path}\`: `;
  const related = [{ path: source.path, line, span: span(text), message: 'This statement.' }];
  if (call !== undefined) return { line: call.line, span: codeSpan(own[call.line]!), prefix, related, here: false };
  const via = source.via ?? { line: 0, span: { start: 0, end: 0 } };
  return { ...via, prefix, related, here: false };
}

/** The argument of the `call` that gives a procedure of the same file what a statement in it uses under a name. */
export function argumentSpot(model: Model, { place }: StatementNode, name: string): TextSpot | undefined {
  const [call, ...others] = place.calls;
  const parsed = model.sources[0]?.parsed;
  if (place.file !== 0 || call?.file !== 0 || others.length > 0 || parsed === undefined) return undefined;
  const { params = [] } = parsed.blocks.find(({ proc }) => proc?.name.text === call.proc)?.proc ?? {};
  const content = parsed.lines[call.line]?.content;
  const given = content?.kind === 'call' ? content.args[params.findIndex(({ text }) => text === name)] : undefined;
  if (given === undefined) return undefined;
  const statement = { line: place.line, span: codeSpan(parsed.lines[place.line]!), message: 'This statement.' };
  const prefix = `\`${call.proc}\`, line ${place.line + 1}: `;
  return { line: call.line, span: given.span, prefix, related: [statement], here: false };
}
