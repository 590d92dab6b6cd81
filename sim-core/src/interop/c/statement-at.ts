/** The statement of a node as it runs: with a procedure's arguments in place of its parameters. */
import type { Model } from '../../engine/model.ts';
import type { Place } from '../../engine/program.ts';
import type { Action, Syscall, Wait } from '../../scenario/ast.ts';
import { substitute } from '../../scenario/elaborate/substitute.ts';

export type Executed = Syscall | Action | Wait;

const KINDS: ReadonlySet<string> = new Set(['syscall', 'action', 'wait']);

/** Undefined for what control adds by itself: the beginning of an empty alternative. */
export function statementAt({ sources }: Model, { file, line, calls }: Place): Executed | undefined {
  const contentOf = (inFile: number, at: number) => sources[inFile]?.parsed.lines[at]?.content;
  let words: ReadonlyMap<string, string> = new Map();
  for (const call of calls) {
    const content = contentOf(call.file, call.line);
    if (content?.kind !== 'call') return undefined;
    const given = substitute(content, words).args.map(({ text }) => text);
    const params = sources.flatMap(({ parsed }) => parsed.blocks).find(({ proc }) => proc?.name.text === call.proc)
      ?.proc?.params;
    words = new Map((params ?? []).map(({ text }, i) => [text, given[i] ?? text]));
  }
  const content = contentOf(file, line);
  return content && KINDS.has(content.kind) ? substitute(content as Executed, words) : undefined;
}
