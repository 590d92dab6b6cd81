/** Final conditions: from their syntax to functions of a final state. */
import type { CompiledCondition } from '../../engine/model.ts';
import { FINDINGS, type Finding } from '../../engine/monitors/table.ts';
import { FILE_KIND_NAMES } from '../../files/kinds.ts';
import { exitReasonNamed } from '../../state/event.ts';
import type { Condition, LineContent, Span, Term, Word } from '../ast.ts';
import type { Check } from '../checks/check.ts';
import { noActor, unknownActor } from '../checks/unknown-actor.ts';
import { noCpu, unknownCpu } from '../checks/unknown-cpu.ts';
import { noName, unknownName } from '../checks/unknown-name.ts';
import { argumentCount, badArgument, makesCalls, noFact, noMember, unknownTerm } from '../checks/unknown-term.ts';
import { noVcpu, unknownVcpu } from '../checks/unknown-vcpu.ts';
import { noWord, unknownWord } from '../checks/unknown-word.ts';
import { type FactArguments, type FactQuestion, factByName, factText, type StateReader } from '../facts.ts';
import type { ProgramContext } from './compile-program.ts';
import { rangesContain } from './kernel-ranges.ts';
import { coherentWord, comparison } from './wait.ts';

type ConditionLine = Extract<LineContent, { kind: 'condition' }>;
/** A term with how its values are written in an outcome. */
interface CompiledTerm {
  readonly name: string;
  readonly read: StateReader;
  readonly text: (value: number) => string;
  /** For a name that is a value of the other side: `WB`, `M`. */
  readonly literal: boolean;
  /** Set when it asks a fact. */
  readonly fact?: FactQuestion;
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
    applies: rangesContain(content.on, context.world.kernel.profile, context.sources[0]?.parsed.named),
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
        const relation = comparison(condition.relation);
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

  #fail(check: Check, span: Span, message: string): never {
    return this.#context.problems.fail(check, this.#line, span, message);
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
    const { world, names, register, errors } = this.#context;
    const { actors, devices } = world.topology;
    const actor = actors.findIndex((a) => a.name === owner.text);
    const kind = actors[actor]?.kind;
    const fromSlot = (slot: number): CompiledTerm => ({
      name: `${owner.text}.${member.text}`,
      read: (state) => state[slot]!,
      text: String,
      literal: false,
    });
    if (kind && makesCalls(kind)) {
      const slot = member.text === 'err' ? errors[actor] : undefined;
      if (slot !== undefined) return fromSlot(slot);
      const wrong = noMember(kind, owner.text, member.text, names.keys());
      if (wrong) this.#fail(unknownTerm, span, wrong.message);
    }
    const device = devices.findIndex((d) => d.name === owner.text);
    const mmio = device >= 0 ? world.pcie.registerSlot(device, member.text) : undefined;
    if (mmio !== undefined) return fromSlot(mmio);
    if (actor < 0 && device >= 0)
      this.#fail(
        unknownTerm,
        span,
        `\`${owner.text}\` has no register \`${member.text}\`: nothing in the scenario uses it.`,
      );
    if (actor < 0) {
      const { message } = noActor(owner.text, [...new Set([...actors, ...devices].map((a) => a.name))]);
      this.#fail(unknownActor, span, message);
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
        read: (state) => state[slot]!,
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
    if (slot !== undefined) return { name: name.text, read: (state) => state[slot]!, text: String, literal: false };
    return this.#fail(unknownName, span, noName(name.text, [...FINDINGS, ...names.keys()]).message);
  }

  #word(name: Word): number {
    const word = this.#context.world.topology.words.findIndex((w) => w.name === name.text);
    if (word >= 0) return word;
    const { message } = noWord(
      name.text,
      this.#context.world.topology.words.map((w) => w.name),
    );
    return this.#fail(unknownWord, name.span, message);
  }

  #cpu(name: Word): number {
    const { count } = this.#context.world.topology.cpu;
    const cpu = Number(name.text.slice('cpu'.length));
    return cpu < count ? cpu : this.#fail(unknownCpu, name.span, noCpu(cpu, count));
  }

  #actor(name: Word): number {
    const { actors } = this.#context.world.topology;
    const actor = actors.findIndex((a) => a.kind === 'vcpu' && a.name === name.text);
    if (actor >= 0) return actor;
    const vcpus = actors.filter((a) => a.kind === 'vcpu').map((a) => a.name);
    return this.#fail(unknownVcpu, name.span, noVcpu(name.text, vcpus).message);
  }

  #group(name: Word): number {
    const { groups } = this.#context.world.topology;
    const group = groups.findIndex(({ number }) => String(number) === name.text);
    if (group >= 0) return group;
    const known = groups.map(({ number }) => number).join(', ');
    return this.#fail(unknownTerm, name.span, `The machine has no group ${name.text}; it has ${known || 'none'}.`);
  }

  /** The VM of the descriptor that a name is bound to, in a state; -1 when it names none. */
  #vm(name: Word): StateReader {
    const { world, names } = this.#context;
    const slot = names.get(name.text);
    if (slot === undefined) this.#fail(unknownName, name.span, noName(name.text, [...names.keys()]).message);
    const fds = world.dims.fds;
    const vmKind = FILE_KIND_NAMES.indexOf('vm');
    return (state) => {
      const fd = state[slot]!;
      if (fd < 0 || fd >= fds) return -1;
      const file = state[world.files.descriptor.base + fd]! - 1;
      if (file < 0 || state[world.files.kind.base + file] !== vmKind) return -1;
      return state[world.files.object.base + file]!;
    };
  }

  #fact(name: Word, args: readonly Word[], span: Span): CompiledTerm {
    const { world } = this.#context;
    const fact = factByName.get(name.text);
    if (!fact) return this.#fail(unknownTerm, name.span, noFact(name.text).message);
    if (args.length !== fact.params.length) return this.#fail(unknownTerm, span, argumentCount(fact));
    const known: Partial<Record<keyof FactArguments, FactArguments[keyof FactArguments]>> = {};
    for (const [index, { kind }] of fact.params.entries()) {
      const arg = args[index]!;
      const wrong = badArgument(kind, arg.text);
      if (wrong) return this.#fail(unknownTerm, arg.span, wrong.message);
      known[kind] = this.#argument(kind, arg);
    }
    return {
      name: `${name.text}(${args.map((a) => a.text).join(', ')})`,
      read: fact.compile(world, known as FactArguments),
      text: fact.value === 'number' ? String : (value) => factText(fact, value),
      literal: false,
      fact: { name: fact.name, args: known as FactArguments },
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
        return exitReasonNamed(arg.text);
    }
  }
}
