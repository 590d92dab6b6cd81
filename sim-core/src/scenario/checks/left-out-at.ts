/** What an editor shows at a place of a line that touches a part that is left out. */
import type { ParsedScenario } from '../ast.ts';
import type { TextPosition } from '../query.ts';
import { rolesOf } from '../roles.ts';
import { VOCABULARY } from '../vocabulary.ts';
import type { Objection } from './check.ts';
import { leftOutNames, leftOutOnMachine, machineKnown } from './left-out.ts';
import { noEffect } from './no-effect.ts';

/** What is said about the name or number at a place; undefined when it belongs to nothing that is left out. */
export function leftOutAt(
  scenario: ParsedScenario,
  included: readonly ParsedScenario[],
  { line: index, column }: TextPosition,
): Objection | undefined {
  const line = scenario.lines[index];
  if (line === undefined) return undefined;
  const machine = machineKnown({ scenario, included });
  const said = [...leftOutNames(line, VOCABULARY), ...leftOutOnMachine(line, VOCABULARY, machine)];
  const subject = { line, words: rolesOf(line, VOCABULARY), vocabulary: VOCABULARY, params: new Set<string>() };
  const hints = line.content.kind === 'syscall' ? [...noEffect.line!(subject)] : [];
  // Of what is modelled, or has no effect here, the record of the name says more.
  const known = ({ span }: Objection): boolean => {
    const text = line.text.slice(span.start, span.end);
    return VOCABULARY.constants.has(text) || VOCABULARY.requests.has(text);
  };
  return [...said, ...hints].find((one) => one.span.start <= column && column <= one.span.end && !known(one));
}
