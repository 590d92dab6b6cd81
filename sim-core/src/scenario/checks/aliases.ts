/** Constants that are the same number under two names: the newer name counts as the better one where the kernel has it. */
import { CONSTANTS, type Constant } from '../../ops/constants.ts';
import type { Line } from '../ast.ts';
import type { LineEdit } from '../format.ts';
import { rolesOf } from '../roles.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { PlacedObjection } from './check.ts';

/** The sets of kvm-vfio, whose constants got newer names in v6.6. */
const SETS: ReadonlySet<string> = new Set(['kvm-vfio-group', 'kvm-vfio-attr']);

/** The other name of each constant that has two. */
export const aliasOf: ReadonlyMap<string, Constant> = new Map(
  CONSTANTS.flatMap((one) => {
    const other = CONSTANTS.find(
      ({ set, value, name }) => SETS.has(set) && set === one.set && value === one.value && name !== one.name,
    );
    return other === undefined ? [] : [[one.name, other] as const];
  }),
);

/** Every such constant of a line, by its other name. */
export function aliasEdits(
  line: Line,
  index: number,
  vocabulary: Vocabulary,
  wanted: (alias: Constant) => boolean = () => true,
): LineEdit[] {
  return rolesOf(line, vocabulary).flatMap(({ role, text, span }) => {
    const alias = role === 'constant' ? aliasOf.get(text) : undefined;
    return alias !== undefined && wanted(alias) ? [{ line: index, span, newText: alias.name }] : [];
  });
}

export function renamingFix(
  line: Line,
  index: number,
  vocabulary: Vocabulary,
  wanted: (alias: Constant) => boolean,
): { fixes?: PlacedObjection['fixes'] } {
  const edits = aliasEdits(line, index, vocabulary, wanted);
  const last = edits.at(-1);
  return last === undefined ? {} : { fixes: [{ title: `Use the name \`${last.newText}\``, edits }] };
}
