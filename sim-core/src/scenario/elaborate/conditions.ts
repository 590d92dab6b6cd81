/** Final conditions: from their syntax to functions of a final state. */
import type { CompiledCondition } from '../../engine/model.ts';
import { FINDINGS, type Finding } from '../../engine/monitors/table.ts';
import { FILE_KIND_NAMES } from '../../files/kinds.ts';
import { EXIT_REASONS, type ExitReason } from '../../state/event.ts';
import type { Condition, LineContent, Span, Term, Word } from '../ast.ts';
import { type FactArguments, factByName, factText, type StateReader } from '../facts.ts';
import type { ProgramContext } from './program.ts';
import { rangesContain } from './versions.ts';
import { coherentWord, compare } from './wait.ts';

type ConditionLine = Extract<LineContent, { kind: 'condition' }>;
/** A term with how its values are written in an outcome. */
interface CompiledTerm {
  readonly name: string;
  readonly read: StateReader;
  readonly text: (value: number) => string;
  /** For a name that is a value of the other side: `WB`, `M`. */
  readonly literal: boolean;
}

/** Findings that any condition mentions, and actors whose errno is asked for: known before the world is made. */
export function mentions(conditions: readonly ConditionLine[]): { findings: Set<Finding>; errors: Set<string> } {
  const findings = new Set<Finding>();
  const errors = new Set<string>();
  const visitTerm = (term: Term): void => {
    if (term.kind !== 'name') return;
    if (term.member?.text === 'err') errors.add(term.name.text);
    if (!term.member && (FINDINGS as readonly string[]).includes(term.name.text))
      findings.add(term.name.text as Finding);
  };
  const visit = (condition: Condition): void => {
    switch (condition.kind) {
      case 'and':
      case 'or':
        visit(condition.left);
        visit(condition.right);
        break;
      case 'not':
        visit(condition.operand);
        break;
      case 'compare':
        visitTerm(condition.left);
        visitTerm(condition.right);
        break;
      case 'holds':
        visitTerm(condition.term);
        break;
    }
  };
  for (const line of conditions) visit(line.condition);
  return { findings, errors };
}

export function compileCondition(
  context: ProgramContext,
  content: ConditionLine,
  text: string,
  line: number,
): CompiledCondition {
  const terms = new Map<string, CompiledTerm>();
  const compiler = new TermCompiler(context, line, terms);
  const holds = compiler.condition(content.condition);
  return {
    quantifier: content.quantifier,
    text,
    line,
    applies: rangesContain(content.on, context.world.kernel.profile),
    ...findingOf(content.condition),
    holds,
    terms: [...terms.values()].filter((t) => !t.literal),
  };
}

function findingOf(condition: Condition): { finding?: Finding } {
  if (condition.kind !== 'holds' || condition.term.kind !== 'name' || condition.term.member) return {};
  const finding = FINDINGS.find((name) => name === (condition.term as Extract<Term, { kind: 'name' }>).name.text);
  return finding === undefined ? {} : { finding };
}

class TermCompiler {
  readonly #context: ProgramContext;
  readonly #line: number;
  readonly #terms: Map<string, CompiledTerm>;

  constructor(context: ProgramContext, line: number, terms: Map<string, CompiledTerm>) {
    this.#context = context;
    this.#line = line;
    this.#terms = terms;
  }

  condition(condition: Condition): (state: Int32Array) => boolean {
    switch (condition.kind) {
      case 'and': {
        const left = this.condition(condition.left);
        const right = this.condition(condition.right);
        return (state) => left(state) && right(state);
      }
      case 'or': {
        const left = this.condition(condition.left);
        const right = this.condition(condition.right);
        return (state) => left(state) || right(state);
      }
      case 'not': {
        const operand = this.condition(condition.operand);
        return (state) => !operand(state);
      }
      case 'compare': {
        const relation = compare(condition.relation);
        const left = this.#term(condition.left, condition.right);
        const right = this.#term(condition.right, condition.left);
        return (state) => relation(left.read(state), right.read(state));
      }
      case 'holds': {
        const term = this.#term(condition.term, undefined);
        return (state) => term.read(state) !== 0;
      }
    }
  }

  #fail(span: Span, message: string): never {
    return this.#context.problems.fail(this.#line, span, message, 'unknown-term');
  }

  /** `other` is the other side of a comparison: it says what a bare word means (`cache(cpu0, x) == M`). */
  #term(term: Term, other: Term | undefined): CompiledTerm {
    const compiled = this.#compile(term, other);
    const known = this.#terms.get(compiled.name);
    if (known) return known;
    this.#terms.set(compiled.name, compiled);
    return compiled;
  }

  #compile(term: Term, other: Term | undefined): CompiledTerm {
    switch (term.kind) {
      case 'number': {
        const value = Number(BigInt.asIntN(32, term.value));
        return { name: term.text, read: () => value, text: String, literal: true };
      }
      case 'memory': {
        const word = this.#word(term.name);
        const { world } = this.#context;
        return {
          name: `[${term.name.text}]`,
          read: (state) => coherentWord(world, state, word),
          text: String,
          literal: false,
        };
      }
      case 'name':
        return term.member ? this.#member(term.name, term.member, term.span) : this.#bare(term.name, other, term.span);
      case 'call':
        return this.#fact(term.name, term.args, term.span);
    }
  }

  #member(owner: Word, member: Word, span: Span): CompiledTerm {
    const { world, register, errors } = this.#context;
    const actor = world.topology.actors.findIndex((a) => a.name === owner.text);
    const name = `${owner.text}.${member.text}`;
    const fromSlot = (slot: number): CompiledTerm => ({
      name,
      read: (state) => state[slot] as number,
      text: String,
      literal: false,
    });
    if (member.text === 'err' && actor >= 0) {
      const slot = errors[actor];
      if (slot !== undefined) return fromSlot(slot);
    }
    const device = world.topology.devices.findIndex((d) => d.name === owner.text);
    const mmio = device >= 0 ? world.pcie.registerSlot(device, member.text) : undefined;
    if (mmio !== undefined) return fromSlot(mmio);
    if (actor < 0) {
      this.#fail(
        span,
        `There is no actor ${owner.text}: known are ${world.topology.actors.map((a) => a.name).join(', ')}.`,
      );
    }
    return fromSlot(register(actor, member.text));
  }

  #bare(name: Word, other: Term | undefined, span: Span): CompiledTerm {
    const { world, names } = this.#context;
    const finding = (FINDINGS as readonly string[]).indexOf(name.text);
    if (finding >= 0) {
      const slot = world.monitors.found.base + finding;
      return {
        name: name.text,
        read: (state) => state[slot] as number,
        text: (v) => (v ? 'yes' : 'no'),
        literal: false,
      };
    }
    if (other?.kind === 'call') {
      const words = factByName.get(other.name.text)?.value;
      const value =
        typeof words === 'object' && words.names.includes(name.text) ? words.numberOf(name.text) : undefined;
      if (value !== undefined) return { name: name.text, read: () => value, text: () => name.text, literal: true };
    }
    const slot = names.get(name.text);
    if (slot !== undefined)
      return { name: name.text, read: (state) => state[slot] as number, text: String, literal: false };
    return this.#fail(span, `${name.text} is no finding and no name that a call binds.`);
  }

  #word(name: Word): number {
    const word = this.#context.world.topology.words.findIndex((w) => w.name === name.text);
    return word >= 0 ? word : this.#fail(name.span, `There is no word ${name.text}.`);
  }

  #cpu(name: Word): number {
    const cpu = /^cpu(\d+)$/.exec(name.text)?.[1];
    if (cpu === undefined || Number(cpu) >= this.#context.world.topology.cpu.count) {
      this.#fail(
        name.span,
        `The machine has no ${name.text}: it has cpu0 to cpu${this.#context.world.topology.cpu.count - 1}.`,
      );
    }
    return Number(cpu);
  }

  #actor(name: Word): number {
    const actor = this.#context.world.topology.actors.findIndex((a) => a.kind === 'vcpu' && a.name === name.text);
    return actor >= 0 ? actor : this.#fail(name.span, `There is no vCPU ${name.text}.`);
  }

  #group(name: Word): number {
    const { groups } = this.#context.world.topology;
    const group = groups.findIndex(({ number }) => String(number) === name.text);
    if (group >= 0) return group;
    return this.#fail(
      name.span,
      `The machine has no group ${name.text}: known are ${groups.map(({ number }) => number).join(', ')}.`,
    );
  }

  #exit(name: Word): ExitReason {
    const reason = EXIT_REASONS.find((known) => known === name.text);
    if (reason !== undefined) return reason;
    return this.#fail(name.span, `${name.text} is not an exit reason: known are ${EXIT_REASONS.join(', ')}.`);
  }

  /** The VM behind the descriptor that a name is bound to, in a state; -1 when it names none. */
  #vm(name: Word): StateReader {
    const { world, names } = this.#context;
    const slot = names.get(name.text);
    if (slot === undefined) this.#fail(name.span, `${name.text} is not bound by any call.`);
    const fds = world.dims.fds;
    const vmKind = FILE_KIND_NAMES.indexOf('vm');
    return (state) => {
      const fd = state[slot] as number;
      if (fd < 0 || fd >= fds) return -1;
      const file = (state[world.files.descriptor.base + fd] as number) - 1;
      if (file < 0 || state[world.files.kind.base + file] !== vmKind) return -1;
      return state[world.files.object.base + file] as number;
    };
  }

  #fact(name: Word, args: readonly Word[], span: Span): CompiledTerm {
    const { world } = this.#context;
    const fact = factByName.get(name.text);
    if (!fact) return this.#fail(name.span, `${name.text} is nothing that a condition can ask.`);
    const known: Partial<Record<keyof FactArguments, FactArguments[keyof FactArguments]>> = {};
    for (const [index, { kind }] of fact.params.entries()) {
      const arg = args[index] ?? this.#fail(span, `${name.text} needs another argument.`);
      known[kind] = this.#argument(kind, arg);
    }
    return {
      name: `${name.text}(${args.map((a) => a.text).join(', ')})`,
      read: fact.compile(world, known as FactArguments),
      text: fact.value === 'number' ? String : (value) => factText(fact, value),
      literal: false,
    };
  }

  #argument(kind: keyof FactArguments, arg: Word): FactArguments[keyof FactArguments] {
    switch (kind) {
      case 'vm':
        return this.#vm(arg);
      case 'vcpu':
        return this.#actor(arg);
      case 'cpu':
        return this.#cpu(arg);
      case 'word':
        return this.#word(arg);
      case 'group':
        return this.#group(arg);
      case 'exit':
        return this.#exit(arg);
    }
  }
}
