import type { Line, Span } from '../ast.ts';
import { nearest } from '../suggest.ts';
import type { ScenarioSymbol, TextPlace } from '../symbols.ts';
import { actionOp, type Vocabulary } from '../vocabulary.ts';
import { type Check, type PlacedObjection, replacing, replacingAt, type ScenarioSubject } from './check.ts';

const REGISTERS: readonly string[] = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'esp'].concat(
  Array.from({ length: 8 }, (_, index) => `r${index + 8}d`),
);
const WIDE = /^r([abcd]x|[sd]i|[bs]p|8|9|1[0-5])$/;

export const mistypedRegister: Check = {
  code: 'mistyped-register',
  severity: 'warning',
  doc: 'A register of a vCPU whose name is nearly that of an x86 register, or that of a 64-bit one: registers hold 32 bits here. Any name is a register of its own, one of a word without its brackets, too. The same for a register of a device that only others use, where the device has one of nearly that name.',
  sources: ['Intel SDM volume 1, General-Purpose Registers'],
  examples: {
    bad: `machine {
  memory x = 0
}
vcpu 0 {
  mov exa, [x]
}
`,
    good: `machine {
  memory x = 0
}
vcpu 0 {
  mov eax, [x]
}
`,
  },
  of: ['action'],
  *line({ line: { content, block }, words, params }) {
    if (content.kind !== 'action' || block !== 'vcpu') return;
    for (const { text, span, symbol } of words) {
      if (symbol?.space !== 'register' || params.has(text) || REGISTERS.includes(text)) continue;
      const wide = WIDE.test(text);
      const meant = wide ? narrow(text) : text.length === 3 ? nearest(text, REGISTERS) : undefined;
      if (meant === undefined) continue;
      const message = wide
        ? `\`${text}\` has 64 bits; registers hold 32 here: \`${meant}\`.`
        : `\`${text}\` is not a register of x86; did you mean \`${meant}\`?`;
      yield { span, message, ...replacing(span, meant) };
    }
  },
  *scenario(subject) {
    yield* oneSidedRegisters(subject);
    yield* wordsAsRegisters(subject);
  },
};

/** `mov eax, x`: a word of memory without its brackets is a register of that name. */
function* wordsAsRegisters({ scenario, symbols, vocabulary }: ScenarioSubject): Generator<PlacedObjection> {
  for (const { id, space, definitions, references } of symbols.all.values()) {
    const name = id.slice(id.lastIndexOf('.') + 1);
    if (space !== 'register' || DEVICE_REGISTER.test(id) || !symbols.all.has(`word:${name}`)) continue;
    for (const { line, span } of [...definitions, ...references]) {
      if (!isRegisterOperand(scenario.lines[line], span, vocabulary)) continue;
      const message = `This is a register that is called like the word \`${name}\`; the word is written \`[${name}]\`.`;
      yield { line, span, message, ...replacingAt(line, span, `[${name}]`) };
    }
  }
}

/** Is a register of the vCPU what the instruction takes there? */
function isRegisterOperand(line: Line | undefined, { start }: Span, vocabulary: Vocabulary): boolean {
  if (line?.block !== 'vcpu' || line.content.kind !== 'action') return false;
  const { operands } = line.content;
  const index = operands.findIndex(({ span }) => span.start === start);
  const shapes = actionOp(vocabulary, 'vcpu', line.content)?.operands[index]?.shapes;
  return shapes?.some(({ kind }) => kind === 'register') ?? false;
}

/** A register of a device that others use and the device does not, while the device waits for one that is nearly it. */
function* oneSidedRegisters({ scenario, symbols }: ScenarioSubject): Generator<PlacedObjection> {
  const users = [...symbols.all.values()].filter(({ id, space }) => space === 'register' && DEVICE_REGISTER.test(id));
  const within = ({ definitions, references }: ScenarioSymbol): readonly TextPlace[] => [...definitions, ...references];
  const ofDevice = ({ line }: TextPlace): boolean => scenario.lines[line]?.block === 'device';
  const owner = ({ id }: ScenarioSymbol): string => id.slice(0, id.lastIndexOf('.'));
  const name = ({ id }: ScenarioSymbol): string => id.slice(id.lastIndexOf('.') + 1);
  const inside = users.filter((one) => within(one).every(ofDevice));
  if (inside.length === 0) return;
  for (const symbol of users) {
    const places = within(symbol);
    if (places.some(ofDevice)) continue;
    const waiting = inside.filter((one) => owner(one) === owner(symbol)).map(name);
    const meant = nearest(name(symbol), waiting);
    if (meant === undefined) continue;
    const device = owner(symbol).replace(/^register:/, '');
    for (const { line, span } of places) {
      if (scenario.lines[line]?.block !== 'vcpu') continue;
      const message = `\`${device}\` does not use its register \`${name(symbol)}\`; did you mean \`${meant}\`?`;
      yield { line, span, message, ...replacingAt(line, span, meant) };
    }
  }
}

/** Not of a vCPU. */
const DEVICE_REGISTER = /^register:(?!(?:\w+_)?vcpu\d+\.)\w+\./;

function narrow(text: string): string {
  return /\d/.test(text) ? `${text}d` : `e${text.slice(1)}`;
}
