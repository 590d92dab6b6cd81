import { type Diagnostic, type Fix, type LineEdit, pointerArguments } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

/** Adds fixes that write what pointers of strace referred to, as far as the calls around them imply it. */
export function withPointerFixes({ scenario }: Snapshot, found: readonly Diagnostic[]): readonly Diagnostic[] {
  const pointers = found.filter(({ code }) => code === 'undecoded-pointer');
  if (pointers.length === 0) return found;
  const implied = pointerArguments(scenario);
  const edits = new Map<number, LineEdit>();
  for (const { line, span } of pointers) {
    const newText = implied.get(line);
    if (newText !== undefined) edits.set(line, { line, span, newText });
  }
  const [first] = edits.keys();
  if (first === undefined) return found;
  const all: Fix = {
    title: `Write what all ${edits.size} pointers point to`,
    meaning: 'changed',
    edits: [...edits.values()],
  };
  return found.map((one) => {
    if (!CODES.has(one.code) || one.line < first) return one;
    const edit = edits.get(one.line);
    const own: readonly Fix[] =
      edit === undefined ? [] : [{ title: `Write \`${edit.newText}\``, meaning: 'changed', edits: [edit] }];
    return { ...one, fixes: [...own, ...(edits.size > 1 ? [all] : []), ...(one.fixes ?? [])] };
  });
}

/** A call that gets EFAULT for its pointer, and what fails after it, has a result that is not the declared one. */
const CODES: ReadonlySet<string> = new Set(['undecoded-pointer', 'declared-result', 'failing-call']);
