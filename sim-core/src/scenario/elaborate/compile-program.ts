/** From the items of an actor's block to the nodes of its program. */
import type { CompiledAction, StatementArgs } from '../../engine/compile.ts';
import type { Place, ProgramNode, RepeatNode, StatementNode } from '../../engine/program.ts';
import type { Routine } from '../../engine/routine.ts';
import { LIMITS } from '../../limits.ts';
import { opNamed } from '../../ops/table.ts';
import type { LayoutBuilder } from '../../state/layout.ts';
import { isX86 } from '../../topology.ts';
import type { World } from '../../world.ts';
import type { Action, BlockItem, ParsedScenario, Statement, Syscall, Wait } from '../ast.ts';
import { callTooDeep, tooDeep } from '../checks/call-too-deep.ts';
import { EMPTY_LOOP, emptyLoop } from '../checks/empty-loop.ts';
import { leftOutValues } from '../checks/left-out.ts';
import { notModelled } from '../checks/not-modelled.ts';
import { noOp, unknownOp } from '../checks/unknown-op.ts';
import { noProcedure, unknownProc } from '../checks/unknown-proc.ts';
import { opOfOther, wrongActor } from '../checks/wrong-actor.ts';
import { remembered } from '../remembered.ts';
import { VOCABULARY } from '../vocabulary.ts';
import { actionContext } from './action-context.ts';
import { compileSyscall } from './compile-call.ts';
import { type Problems, Unresolved } from './problems.ts';
import type { Procedure, ScenarioSource } from './scenario-sources.ts';
import { substitute } from './substitute.ts';
import { compileWait } from './wait.ts';

export interface ProgramContext {
  readonly world: World;
  readonly layout: LayoutBuilder;
  readonly sources: readonly ScenarioSource[];
  readonly procedures: ReadonlyMap<string, Procedure>;
  readonly problems: Problems;
  readonly names: ReadonlyMap<string, number>;
  /** Per actor: its registers; created on first use. */
  register(actor: number, name: string): number;
  /** Per actor: where its errno goes, if a condition asks for it. */
  readonly errors: readonly (number | undefined)[];
  readonly nodes: ProgramNode[];
  /** Statements that were compiled, by actor, place and arguments: a procedure that is called often is compiled once. */
  readonly compiled: Map<string, CompiledStatement | undefined>;
  /** Per actor: what takes the results of its calls; made for its first call. */
  readonly finishers: StatementNode['finish'][];
  readonly routines: { readonly skip: Routine; readonly wait: Routine };
}

export interface CompiledStatement {
  readonly routine: Routine;
  readonly args: StatementArgs;
  readonly finish?: StatementNode['finish'];
}

/** Where control goes after an item: patched in when the next item is known. Statements stand for themselves. */
type Exits = (StatementNode | ((target: number) => void))[];

interface Expansion {
  readonly file: number;
  readonly calls: Place['calls'];
  readonly words: ReadonlyMap<string, string>;
  /** The same as one text: equal where the words are. */
  readonly key: string;
}

/** Statements that are compiled in one slice: some milliseconds. */
const SLICE_NODES = 100;

/** In slices: adds an actor's program to the nodes; the result is where it begins and where it ends. */
export function* compilingProgram(
  context: ProgramContext,
  actor: number,
  items: readonly BlockItem[],
  file: number,
  line: number,
): Generator<void, { readonly entry: number; readonly end: number }> {
  const entry: { node: number } = { node: -1 };
  const exits = yield* compilingItems(context, actor, items, { file, calls: NO_CALLS, words: NO_WORDS, key: '' }, [
    (target) => (entry.node = target),
  ]);
  const end = context.nodes.length;
  context.nodes.push({ kind: 'end', id: end, actor, place: { file, line, calls: NO_CALLS } });
  enter(exits, end);
  return { entry: entry.node, end };
}

const NO_CALLS: Place['calls'] = [];
const NO_WORDS: ReadonlyMap<string, string> = new Map();

function* compilingItems(
  context: ProgramContext,
  actor: number,
  items: readonly BlockItem[],
  expansion: Expansion,
  entries: Exits,
): Generator<void, Exits> {
  let exits = entries;
  const source = context.sources[expansion.file];
  for (const item of items) {
    // Nearly all of a long program are lines that call nothing: for them a generator each would be most of the work.
    if (item.kind === 'line' && !isCall(context, item.line, expansion)) {
      const outer = context.problems.enter(source);
      try {
        exits = compileLine(context, actor, expansion, placeOf(source, expansion, item.line), exits);
      } finally {
        context.problems.enter(outer);
      }
    } else exits = yield* context.problems.withinSlices(source, compilingItem(context, actor, item, expansion, exits));
    if (context.nodes.length % SLICE_NODES === 0) yield;
  }
  return exits;
}

function enter(exits: Exits, node: number): void {
  for (const exit of exits) {
    if (typeof exit === 'function') exit(node);
    else exit.next = node;
  }
}

/** The models of a text for several kernels share the places of what is not in a procedure. */
function placeOf(source: ScenarioSource | undefined, { file, calls }: Expansion, line: number): Place {
  if (source === undefined || calls.length > 0) return { file, line, calls };
  const places = placesOf(source.parsed);
  let place = places[line];
  if (place?.file !== file) {
    place = { file, line, calls: NO_CALLS };
    places[line] = place;
  }
  return place;
}

const placesOf = remembered(({ lines }: ParsedScenario): (Place | undefined)[] => lines.map(() => undefined));

function* compilingItem(
  context: ProgramContext,
  actor: number,
  item: BlockItem,
  expansion: Expansion,
  entries: Exits,
): Generator<void, Exits> {
  const place: Place = { file: expansion.file, line: item.line, calls: expansion.calls };
  switch (item.kind) {
    case 'line':
      return yield* compilingCall(context, actor, expansion, place, entries);
    case 'choose': {
      const alternatives: number[] = [];
      const node = context.nodes.length;
      context.nodes.push({ kind: 'choose', id: node, actor, place, alternatives });
      enter(entries, node);
      const ends: Exits = [];
      for (const body of item.alternatives) {
        const index = alternatives.push(-1) - 1;
        const start: Exits = [(target) => (alternatives[index] = target)];
        // The first statement makes the choice, so an alternative that begins with control gets a statement of its own.
        const first = body[0];
        const begun =
          first?.kind === 'line' && !isCall(context, first.line, expansion)
            ? start
            : addSkip(context, actor, place, start);
        ends.push(...(yield* compilingItems(context, actor, body, expansion, begun)));
      }
      return ends;
    }
    case 'loop': {
      let head = -1;
      const before = context.nodes.length;
      const exits = yield* compilingItems(context, actor, item.body, expansion, [
        ...entries,
        (target) => {
          head = target;
        },
      ]);
      if (head < 0 || isIdle(context, before))
        context.problems.report(emptyLoop, item.line, { start: 0, end: 0 }, EMPTY_LOOP);
      else enter(exits, head);
      return [];
    }
    case 'repeat': {
      const counter = context.layout.field('repeatCounter', [], { internal: true }).base;
      const node = context.nodes.length;
      const repeat: RepeatNode = {
        kind: 'repeat',
        id: node,
        actor,
        place,
        counter,
        count: item.count,
        body: -1,
        next: -1,
      };
      context.nodes.push(repeat);
      enter(entries, node);
      const exits = yield* compilingItems(context, actor, item.body, expansion, [(target) => (repeat.body = target)]);
      enter(exits, node);
      // Counting what does nothing would only cost rounds.
      if (isIdle(context, node)) repeat.count = 0;
      return [(target) => (repeat.next = target)];
    }
  }
}

/** Nothing but counters was added from a node on. */
function isIdle({ nodes }: ProgramContext, first: number): boolean {
  for (let node = first; node < nodes.length; node++) if (nodes[node]?.kind !== 'repeat') return false;
  return true;
}

function isCall(context: ProgramContext, line: number, expansion: Expansion): boolean {
  return context.sources[expansion.file]?.parsed.lines[line]?.content.kind === 'call';
}

function addSkip(context: ProgramContext, actor: number, place: Place, entries: Exits): Exits {
  return addStatement(context, actor, place, entries, context.routines.skip, {
    values: [],
    request: -1,
    action: undefined,
  });
}

function addStatement(
  context: ProgramContext,
  actor: number,
  place: Place,
  entries: Exits,
  routine: Routine,
  args: StatementArgs,
  finish?: StatementNode['finish'],
): Exits {
  const id = context.nodes.length;
  const node: StatementNode & { finish?: StatementNode['finish'] } = {
    kind: 'statement',
    id,
    actor,
    place,
    routine,
    args,
    next: -1,
  };
  if (finish !== undefined) Object.assign(node, { finish });
  context.nodes.push(node);
  enter(entries, id);
  return [node];
}

/** A line that is not a call of a procedure. */
function compileLine(
  context: ProgramContext,
  actor: number,
  expansion: Expansion,
  place: Place,
  entries: Exits,
): Exits {
  const content = context.sources[place.file]?.parsed.lines[place.line]?.content;
  if (!content || !isStatement(content) || content.kind === 'call') return entries;
  const compiled = compiledOnce(context, actor, content, place.line, expansion);
  if (!compiled) return addSkip(context, actor, place, entries);
  const { routine, args, finish } = compiled;
  return addStatement(context, actor, place, entries, routine, args, finish);
}

function compiledOnce(
  context: ProgramContext,
  actor: number,
  content: Exclude<Statement, { kind: 'call' }>,
  line: number,
  { file, calls, words, key: given }: Expansion,
): CompiledStatement | undefined {
  // Outside procedures nothing comes twice.
  if (calls.length === 0) return attempted(context, actor, content, line);
  const key = `${actor} ${file} ${line} ${given}`;
  if (!context.compiled.has(key)) {
    const statement = substitute(content, words);
    refuseLeftOut(context, statement, line);
    context.compiled.set(key, attempted(context, actor, statement, line));
  }
  return context.compiled.get(key);
}

/** What a procedure is given may be a number that belongs to a part that is left out; elsewhere the check sees it. */
function refuseLeftOut({ world, problems }: ProgramContext, statement: Syscall | Action | Wait, line: number): void {
  if (statement.kind !== 'syscall') return;
  const x86 = isX86(world.topology.cpu);
  for (const { span, message } of leftOutValues(statement, VOCABULARY, { x86 }))
    problems.report(notModelled, line, span, message);
}

function attempted(
  context: ProgramContext,
  actor: number,
  statement: Syscall | Action | Wait,
  line: number,
): CompiledStatement | undefined {
  try {
    return compileStatement(context, actor, statement, line);
  } catch (error) {
    if (error instanceof Unresolved) return undefined;
    throw error;
  }
}

const STATEMENTS: ReadonlySet<string> = new Set(['syscall', 'action', 'wait', 'call']);
function isStatement(content: { readonly kind: string }): content is Statement {
  return STATEMENTS.has(content.kind);
}

function* compilingCall(
  context: ProgramContext,
  actor: number,
  expansion: Expansion,
  place: Place,
  entries: Exits,
): Generator<void, Exits> {
  const content = context.sources[place.file]?.parsed.lines[place.line]?.content;
  if (content?.kind !== 'call') return entries;
  const call = substitute(content, expansion.words);
  const procedure = context.procedures.get(call.name.text);
  const { line } = place;
  if (!procedure) {
    const { message } = noProcedure(call.name.text, [...context.procedures.keys()]);
    context.problems.report(unknownProc, line, call.name.span, message);
    return entries;
  }
  if (expansion.calls.length >= LIMITS.callDepth) {
    context.problems.report(callTooDeep, line, call.name.span, tooDeep(call.name.text));
    return entries;
  }
  const words = new Map(procedure.params.map((param, i) => [param, call.args[i]?.text ?? param]));
  const calls = [...expansion.calls, { file: place.file, line: place.line, proc: procedure.name }];
  const key = JSON.stringify([...words.values()]);
  const within = { file: procedure.file, calls, words, key };
  return yield* compilingItems(context, actor, procedure.block.items, within, entries);
}

function compileStatement(
  context: ProgramContext,
  actor: number,
  statement: Syscall | Action | Wait,
  line: number,
): CompiledStatement {
  switch (statement.kind) {
    case 'syscall':
      return compileSyscall(context, actor, statement, line);
    case 'action':
      return compileAction(context, actor, statement, line);
    case 'wait':
      return {
        routine: context.routines.wait,
        args: { values: [], request: -1, action: compileWait(context, actor, statement, line) },
      };
  }
}

function compileAction(context: ProgramContext, actor: number, statement: Action, line: number): CompiledStatement {
  const { world, problems } = context;
  const actorKind = world.topology.actors[actor]?.kind;
  const notation =
    actorKind === 'vcpu' ? 'instruction' : actorKind === 'device' ? 'tlp' : actorKind === 'host' ? 'host' : undefined;
  const op = notation && opNamed(notation, statement.op.text);
  if (op?.code.kind !== 'action') {
    const block = actorKind ?? 'thread';
    const other = VOCABULARY.actions.get(statement.op.text)?.[0];
    if (other) throw problems.fail(wrongActor, line, statement.op.span, opOfOther(other, block));
    throw problems.fail(unknownOp, line, statement.op.span, noOp(statement.op.text, block, VOCABULARY).message);
  }
  const compiled: CompiledAction = op.code.compile(actionContext(context, actor, statement, line));
  return { routine: compiled.routine, args: { values: [], request: -1, action: compiled.action } };
}
