import type { LineContent, ParsedScenario, Term } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';
import { brokenNames } from '../broken-names.ts';
import { type Piece, piecesOf } from '../pieces.ts';
import { remembered } from '../remembered.ts';
import type { Check, PlacedObjection, ScenarioSubject } from './check.ts';
import { RELATIONS } from './constant-condition.ts';
import { atomsOf, type Comparison, termsOf, withNumber } from './terms.ts';
import { kindsOfActors } from './undefined-names.ts';
import { makesCalls } from './unknown-term.ts';

/** Members that the machine writes by itself. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(['err']);

export const neverWritten: Check = {
  code: 'never-written',
  severity: 'warning',
  advice: true,
  doc: 'A condition asks for a register that nothing writes, or for a value that nothing in the scenario writes anywhere: it can only come out one way. The same where a vCPU reads a register of a device that nothing writes, and what it read is asked for.',
  sources: ['docs/language.md, exists, ~exists, forall'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
  mov eax, [x]
}
exists vcpu0.eax == 7
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov [x], 1
  mov eax, [x]
}
exists vcpu0.eax == 1
`,
  },
  *scenario(subject) {
    const { scenario } = subject;
    const conditions = contentsOfKind(scenario, 'condition');
    // A line that cannot be read may write anything.
    if (conditions.length === 0 || brokenNames(scenario).mentioned.size > 0) return;
    const files = [scenario, ...subject.included];
    const values = valuesOf(files);
    const kinds = kindsOfActors(files);
    // Threads have no registers: what is asked of one is right, or unknown.
    const ofThread = (term: Term): boolean => {
      const kind = term.kind === 'name' && term.member ? kinds.get(term.name.text) : undefined;
      return kind !== undefined && makesCalls(kind);
    };
    for (const { line, content } of conditions) {
      for (const atom of atomsOf(content.condition)) {
        const unwritten = termsOf(atom).flatMap((term) =>
          ofThread(term) ? [] : unwrittenRegister(term, subject, files),
        );
        for (const finding of unwritten) yield { line, ...finding };
        if (atom.kind !== 'compare' || unwritten.length > 0) continue;
        const compared = withNumber(atom);
        if (compared === undefined || !holdsData(compared.term) || ofThread(compared.term)) continue;
        const message = oneWay(atom, compared, values);
        if (message !== undefined) yield { line, span: compared.number.span, message };
      }
    }
    if (subject.included.length === 0) yield* unwrittenLoads(subject);
  },
};

/** Why a comparison with a number comes out one way, whatever of the values that are written is there. */
function oneWay(
  { relation, left }: Comparison,
  { term, number }: { readonly term: Term; readonly number: { readonly value: bigint; readonly text: string } },
  values: ReadonlySet<bigint>,
): string | undefined {
  const bound = BigInt.asIntN(32, number.value);
  const what = `\`${textOf(term)}\``;
  if (relation === '==' || relation === '!=')
    return values.has(bound)
      ? undefined
      : `Nothing in the scenario writes ${number.text}, so ${what} is never equal to it.`;
  // Interrupts are counted, not written.
  if (/\.msi\d*$/.test(textOf(term))) return undefined;
  const holds = RELATIONS[relation];
  const outcomes = new Set([...values].map((value) => (left === term ? holds(value, bound) : holds(bound, value))));
  if (outcomes.size !== 1) return undefined;
  return `${outcomes.has(true) ? 'Every' : 'No'} value that the scenario writes anywhere makes this true of ${what}.`;
}

/** `mov eax, [gpu.status]`, where nothing writes the device's register and somebody looks at what was read. */
function* unwrittenLoads({ scenario, symbols }: ScenarioSubject): Generator<PlacedObjection> {
  const devices = new Set(contentsOfKind(scenario, 'device').map(({ content }) => content.name.text));
  const all = [...symbols.all.values()].filter(({ space }) => space === 'register');
  for (const { id, name, definitionCount, references } of all) {
    const device = id.slice(id.indexOf(':') + 1, id.lastIndexOf('.'));
    if (definitionCount > 0 || !devices.has(device) || /^msi\d*$/.test(name)) continue;
    const loads = references.map((place) => ({ ...place, ...scenario.lines[place.line]! }));
    const isLoad = ({ content, span }: (typeof loads)[number]): boolean =>
      content.kind === 'wait' || (content.kind === 'action' && (content.operands[0]?.span.end ?? 0) <= span.start);
    // Stores, procedures and the device's own lines may all write it.
    if (!loads.every((one) => isLoad(one) && (one.block === 'vcpu' || one.content.kind === 'wait'))) continue;
    for (const { line, span, content } of loads) {
      const isUsed = all.some(
        ({ definitions, references: uses }) => uses.length > 0 && definitions.some((place) => place.line === line),
      );
      if (content.kind === 'action' && isUsed)
        yield { line, span, message: `Nothing writes \`${device}.${name}\`: this reads 0.` };
    }
  }
}

function unwrittenRegister(
  term: Term,
  { symbols, definedElsewhere }: ScenarioSubject,
  files: readonly ParsedScenario[],
): Omit<PlacedObjection, 'line'>[] {
  if (term.kind !== 'name' || term.member === undefined || OF_THE_MACHINE.has(term.member.text)) return [];
  const { text } = term.member;
  const actor = symbols.all.get(`actor:${term.name.text}`);
  const id = `register:${term.name.text}.${text}`;
  const symbol = symbols.all.get(id);
  if (actor === undefined || actor.definitionCount === 0 || symbol === undefined) return [];
  if (symbol.definitionCount > 0 || definedElsewhere.has(id)) return [];
  // A procedure writes the registers of its caller, and a device's registers are written by others.
  const word = new RegExp(`\\b${text}\\b`);
  const used = files.some(({ lines }) =>
    lines.some((line) => line.content.kind !== 'condition' && line.content.kind !== 'blank' && word.test(line.text)),
  );
  return used ? [] : [{ span: term.member.span, message: `Nothing writes \`${term.name.text}.${text}\`: it stays 0.` }];
}

/** Registers and words hold what somebody wrote; facts count other things. */
function holdsData(term: Term): boolean {
  return (
    term.kind === 'memory' ||
    (term.kind === 'name' && term.member !== undefined && !OF_THE_MACHINE.has(term.member.text))
  );
}

function textOf(term: Term): string {
  if (term.kind === 'memory') return `[${term.name.text}]`;
  return term.kind === 'name' ? `${term.name.text}${term.member ? `.${term.member.text}` : ''}` : '';
}

/** Every number that can get into a word or register: what is written in the scenario, 0, and what a blocked read gives. */
function valuesOf(files: readonly ParsedScenario[]): ReadonlySet<bigint> {
  return new Set([0n, -1n, ...files.flatMap((file) => piecesOf(file).flatMap(({ piece }) => valuesOfPiece(piece)))]);
}

const valuesOfPiece = remembered(({ lines }: Piece): readonly bigint[] => [
  ...new Set(lines.flatMap(({ content }) => valuesIn(content).map((value) => BigInt.asIntN(32, value)))),
]);

function valuesIn(content: LineContent): readonly bigint[] {
  switch (content.kind) {
    case 'action':
      return content.operands.flatMap((operand) => (operand.kind === 'number' ? [operand.value] : []));
    case 'memory':
      return content.values.map(({ value }) => value);
    // Arguments of procedures may be numbers.
    case 'call':
      return content.args.flatMap(({ text }) => (/^(0x[0-9a-f]+|\d+)$/i.test(text) ? [BigInt(text)] : []));
    // What the VMM writes into registers of a vCPU or into config space.
    case 'syscall':
      return content.args
        .flatMap((arg) => (arg.kind === 'struct' ? arg.fields : []))
        .flatMap(({ value }) => (value.kind === 'in' && value.expr.kind === 'number' ? [value.expr.value] : []));
    default:
      return [];
  }
}
