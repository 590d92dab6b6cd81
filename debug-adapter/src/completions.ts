/** What can be typed in the console at a place: commands, names, registers, facts. */
import { EXIT_NAMES, FACTS, type FactParam, FINDINGS, factByName, type Model } from '@snoopscope/sim-core';
import { CONSOLE_COMMANDS } from './console.ts';

export interface CompletionCandidate {
  readonly label: string;
  /** What is inserted, when not the label. */
  readonly text?: string;
  readonly detail?: string;
  readonly kind: 'keyword' | 'variable' | 'function' | 'field' | 'value';
  /** 0-based column where the replaced text begins, and its length. */
  readonly start: number;
  readonly length: number;
}

/** `column` is the 0-based place of the caret in `text`. */
export function completions(model: Model, actor: number, text: string, column: number): CompletionCandidate[] {
  const before = text.slice(0, column);
  const member = /([A-Za-z_]\w*)\.(\w*)$/.exec(before);
  if (member) return filtered(members(model, member[1] ?? ''), member[2] ?? '', column);
  const prefix = /[A-Za-z_][\w-]*$/.exec(before)?.[0] ?? '';
  const inBrackets = /\[\s*[A-Za-z_]?\w*$/.test(before);
  if (inBrackets) return filtered(bracketed(model, text.slice(column)), prefix, column);
  const argument = argumentAt(before);
  if (argument) return filtered(factArguments(model, argument), prefix, column);
  const compared = /([A-Za-z_]\w*)\([^()]*\)\s*[=!]=\s*[\w-]*$/.exec(before);
  const values = compared ? factValues(compared[1] ?? '') : [];
  if (values.length > 0) return filtered(values, prefix, column);
  const atStart = before.trim() === prefix;
  return filtered([...(atStart ? commands() : []), ...names(model, actor), ...facts()], prefix, column);
}

/** In `[`…`]` only words make sense; the bracket that is there is not written twice. */
function bracketed(model: Model, after: string): Candidate[] {
  const close = /^\w*\s*\]/.test(after) ? '' : ']';
  return model.world.topology.words.map(({ name }) => ({
    label: name,
    text: `${name}${close}`,
    detail: 'word',
    kind: 'variable',
  }));
}

/** The parameter of the fact whose argument is being typed. */
function argumentAt(before: string): FactParam | undefined {
  const open = /([A-Za-z_]\w*)\(([^()]*)$/.exec(before);
  return factByName.get(open?.[1] ?? '')?.params[(open?.[2] ?? '').split(',').length - 1];
}

function factArguments(model: Model, { kind }: FactParam): Candidate[] {
  const { topology } = model.world;
  const labels: Readonly<Record<FactParam['kind'], readonly string[]>> = {
    vm: [...model.names.keys()],
    vcpu: topology.actors.filter((actor) => actor.kind === 'vcpu').map(({ name }) => name),
    cpu: Array.from({ length: topology.cpu.count }, (_, cpu) => `cpu${cpu}`),
    word: topology.words.map(({ name }) => name),
    group: topology.groups.map(({ number }) => String(number)),
    exit: EXIT_NAMES,
  };
  return labels[kind].map((label) => ({ label, detail: kind, kind: 'value' }));
}

/** What a fact can be compared with, where its values have names: `cache(cpu0, x) == M`. */
function factValues(name: string): Candidate[] {
  const value = factByName.get(name)?.value;
  const names = typeof value === 'object' ? value.names : [];
  return names.map((label) => ({ label, detail: `a value of ${name}`, kind: 'value' }));
}

type Candidate = Omit<CompletionCandidate, 'start' | 'length'>;

function filtered(candidates: readonly Candidate[], prefix: string, column: number): CompletionCandidate[] {
  const seen = new Set<string>();
  return candidates
    .filter(({ label }) => label.toLowerCase().startsWith(prefix.toLowerCase()) && !seen.has(label) && seen.add(label))
    .map((candidate) => ({ ...candidate, start: column - prefix.length, length: prefix.length }));
}

function commands(): Candidate[] {
  return CONSOLE_COMMANDS.map(({ name, doc }) => ({ label: name, detail: doc, kind: 'keyword' }));
}

function names(model: Model, actor: number): Candidate[] {
  const { topology } = model.world;
  return [
    ...registerNames(model, actor).map((label): Candidate => ({ label, detail: 'register', kind: 'field' })),
    ...topology.words.map(
      ({ name }): Candidate => ({ label: name, text: `[${name}]`, detail: 'word', kind: 'variable' }),
    ),
    ...[...model.names.keys()].map((label): Candidate => ({ label, detail: 'bound by a call', kind: 'variable' })),
    ...topology.actors.map(({ name, kind }): Candidate => ({ label: name, detail: kind, kind: 'variable' })),
    ...topology.devices.map(({ name }): Candidate => ({ label: name, detail: 'device', kind: 'variable' })),
    ...Array.from(
      { length: topology.cpu.count },
      (_, cpu): Candidate => ({ label: `cpu${cpu}`, detail: 'physical CPU', kind: 'variable' }),
    ),
    ...FINDINGS.map((label): Candidate => ({ label, detail: 'finding', kind: 'value' })),
  ];
}

function facts(): Candidate[] {
  return FACTS.map(({ name, doc, params }) => ({
    label: name,
    text: `${name}(`,
    detail: `(${params.map((param) => param.name).join(', ')}) ${doc}`,
    kind: 'function',
  }));
}

function members(model: Model, owner: string): Candidate[] {
  const { topology } = model.world;
  const device = topology.devices.find(({ name }) => name === owner);
  const actor = topology.actors.findIndex(({ name }) => name === owner);
  const own = [...registerNames(model, actor), ...(device?.registers ?? [])];
  const kind = topology.actors[actor]?.kind;
  const errno = kind === 'thread' || kind === 'setup' ? ['err'] : [];
  return [...own, ...errno].map((label) => ({ label, detail: 'register', kind: 'field' }));
}

function registerNames(model: Model, actor: number): string[] {
  return [...(model.registers[actor]?.keys() ?? [])];
}
