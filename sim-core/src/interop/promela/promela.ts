/**
 * A scenario as a Promela model, for SPIN.
 *
 * The explorer learns what each move of an actor does from each place of its program; {@link promelaModel} writes that
 * down as guarded assignments to the variables of the state. Each actor is a process with a label for each statement, and
 * the environment is a process. SPIN then searches the same states with none of the explorer's own machinery: no packing,
 * no reduction, no store. What it prints of final states is a histogram that `compare` reads.
 *
 * When all states were visited, all that moves do is known, and the model is exact. Else it has an assertion wherever a move
 * reaches a situation that was not learned.
 */
import type { Model } from '../../engine/model.ts';
import type { Branching, Effect } from '../../explore/learn/learner.ts';
import { outcomeTerms } from '../../explore/results/outcomes.ts';
import type { Search } from '../../explore/search.ts';
import type { Sites } from '../../explore/sites.ts';
import { cComment } from '../c/text.ts';
import { type Ask, anyOf, bothOf, conditionFor, type Decided, decide, unknownTo } from './decisions.ts';
import { type Variable, variablesOf } from './variables.ts';

/** SPIN cannot check the scenario; the message says why. */
export class NotInPromela extends Error {
  override readonly name = 'NotInPromela';
}

export interface PromelaOptions {
  /** The scenario's file and title, and the kernel, for the first lines. */
  readonly file: string;
  readonly title: string;
  readonly kernel: string;
}

export interface PromelaModel {
  readonly text: string;
  /** Nothing is left to be learned. */
  readonly exact: boolean;
}

/** Walks at most; each takes less than a second. */
const MOST_WALKS = 8;

/** SPIN numbers processes by a byte, and `init` and `never` may be among them. */
const MOST_PROCESSES = 250;

/** `search` is over, or has met a limit; it looked without reductions. */
export function promelaModel(model: Model, search: Search, options: PromelaOptions): PromelaModel {
  const { limit } = search.result();
  if (limit?.kind === 'model') throw new NotInPromela(`The simulator reaches a limit of its own: ${limit.message}.`);
  if (limit === undefined && search.finality.revived > 0) {
    throw new NotInPromela(
      'When no actor can move, what the environment may do lets one move again; SPIN cannot tell such a state from a final one.',
    );
  }
  if (model.world.topology.actors.length >= MOST_PROCESSES)
    throw new NotInPromela(`SPIN has at most ${MOST_PROCESSES} processes.`);
  if (limit !== undefined) walkFurther(search);
  const writer = new Writer(model, search, limit === undefined);
  return { text: [...head(options, writer), ...writer.body].join('\n'), exact: writer.exact };
}

/** Walks at random beyond the states that were visited, until a walk learns nothing. */
function walkFurther({ space }: Search): void {
  for (let walk = 1, known = -1; walk <= MOST_WALKS && known < space.learner.effects.length; walk++) {
    known = space.learner.effects.length;
    space.surveyAgain(walk);
  }
}

/** What one move may do at one place: options of a process. */
interface Choice {
  readonly decided: Decided;
  /** Where the actor is; undefined when it may be anywhere. */
  readonly node?: number;
}

class Writer {
  readonly exact: boolean;
  readonly granularity: string;
  readonly variables: ReadonlyMap<number, Variable>;
  readonly body: readonly string[];
  readonly #model: Model;
  readonly #search: Search;
  readonly #ask: Ask;

  constructor(model: Model, search: Search, exact: boolean) {
    this.#model = model;
    this.#search = search;
    this.exact = exact;
    this.granularity = search.space.options.granularity;
    this.variables = variablesOf(model, search.space.slotValues);
    this.#ask = (slot) => this.variables.get(slot);
    this.body = this.#written();
  }

  get #sites(): Sites {
    return this.#search.space.options.sites;
  }

  #written(): string[] {
    const actors = this.#model.world.topology.actors.flatMap((_, actor) => this.#actor(actor));
    return [
      ...[...this.variables.values()].map(({ declaration }) => declaration),
      '',
      '/* No actor can move, and nothing is on its way. */',
      `#define STUCK (${this.#stuck()})`,
      '',
      ...MACROS,
      ...(this.exact ? [] : MACROS_INEXACT),
      '',
      ...actors,
      ...this.#environment(),
      ...this.#judge(),
    ];
  }

  // --- processes -----------------------------------------------------------------------------------------------------

  #actor(actor: number): string[] {
    const { name, kind } = this.#model.world.topology.actors[actor] as { name: string; kind: string };
    const choices = this.#choicesOf(actor);
    const nodes = [...new Set(choices.map(({ node }) => node))];
    const places = nodes.map((node) => ({ node, options: this.#optionsAt(actor, choices, node) }));
    if (kind === 'setup' || places.every(({ options }) => options.length === 0)) return [];
    const lines = places.flatMap(({ node, options }) => [
      `${labelOf(node)}:${this.#comment(node)}`,
      ...(options.length === 0 ? ['\tfalse;'] : ['\tif', ...options, '\tfi;']),
    ]);
    const first = this.#search.space.slotValues.base[this.#nodeSlot(actor)];
    const start = nodes.includes(undefined) ? undefined : first;
    return [`active proctype ${processName(actor, name)}()`, '{', `\tgoto ${labelOf(start)};`, ...lines, '}', ''];
  }

  #comment(node: number | undefined): string {
    const place = node === undefined ? undefined : this.#model.nodes[node]?.place;
    if (!place) return '';
    const text = this.#model.sources[place.file]?.parsed.lines[place.line]?.text.trim() ?? '';
    return ` /* line ${place.line + 1}: ${cComment(text)} */`;
  }

  /** An option for each class of effects, and one for what was not learned. */
  #optionsAt(actor: number, choices: readonly Choice[], at: number | undefined): string[] {
    return choices
      .filter(({ node }) => node === at)
      .flatMap(({ decided }) =>
        this.#optionsOf(decided, (effect) => `goto ${labelOf(this.#nodeAfter(effect, actor, at))}`),
      );
  }

  #optionsOf({ root, classes }: Decided, after: (effect: Effect) => string, isOptional = false): string[] {
    const options = classes.flatMap((effect, leaf) => {
      if (!effect.enabled) return [];
      const guard = conditionFor(root, (each) => each === leaf, this.#ask);
      const steps = [...this.#findings(effect), ...this.#assignments(effect)];
      // What the environment does where nothing moves must not let an actor move, else the state was not final.
      const checked = isOptional && !this.exact ? ['wasStuck = STUCK', ...steps, 'REVIVED', 'wasStuck = 0'] : steps;
      return [option([guard === '1' ? 'true' : guard, ...checked], after(effect))];
    });
    const unknown = this.exact ? '0' : unknownTo(root, this.#ask);
    return unknown === '0' ? options : [...options, option([unknown, 'NOT_LEARNED'], after(classes[0]!))];
  }

  #findings({ findings }: Effect): string[] {
    return findings.flatMap((number) => this.#finding(number));
  }

  #finding(number: number): string[] {
    const { finding, place } = this.#sites.site(number);
    const text = `finding ${number} ${finding}${place ? ` line ${place.line + 1}` : ''}`;
    const fails = this.#model.conditions.some(
      (condition) => condition.applies && condition.quantifier === '~exists' && condition.finding === finding,
    );
    return [`FINDING(${number}, ${printed(text)})`, ...(fails ? ['CONDITION_FAILS'] : [])];
  }

  #assignments({ writes }: Effect): string[] {
    return writes.flatMap(({ slot, value }) => {
      const variable = this.variables.get(slot);
      return variable ? [`${variable.name} = ${variable.encode(value)}`] : [];
    });
  }

  #environment(): string[] {
    const options = this.#environmentMoves.flatMap(({ move, inevitable }) => {
      const tree = this.#search.space.learner.trees[move];
      return tree ? this.#optionsOf(this.#decided(tree), () => '', !inevitable) : [];
    });
    if (options.length === 0) return [];
    return ['active proctype environment()', '{', 'end:\tdo', ...options, '\tod', '}', ''];
  }

  /** Leaves every state as it is, and prints what a final one says. */
  #judge(): string[] {
    const { trees, judgementMove } = this.#search.space.learner;
    const tree = trees[judgementMove];
    if (!tree) return [];
    const key = ({ judgement }: Effect): string =>
      `${judgement?.deadlock} ${judgement?.values.join()} ${judgement?.truth.join()}`;
    const { root, classes } = decide(tree, key, this.#ask);
    const options = classes.map((effect, leaf) => {
      const guard = bothOf(
        'STUCK',
        conditionFor(root, (each) => each === leaf, this.#ask),
      );
      return option([guard, ...this.#judged(effect, leaf)], '');
    });
    const unknown = this.exact ? '0' : bothOf('STUCK', unknownTo(root, this.#ask));
    if (unknown !== '0') options.push(option([unknown, 'NOT_LEARNED'], ''));
    return ['active proctype judge()', '{', 'end:\tdo', ...options, '\tod', '}', ''];
  }

  #judged({ judgement }: Effect, leaf: number): string[] {
    if (!judgement) return [];
    const { deadlock, values, truth } = judgement;
    const outcome = outcomeTerms(this.#model)
      .map(({ name, text }, i) => `${name}=${text(values[i] ?? 0)};`)
      .join(' ');
    const failed = this.#model.conditions.some(
      ({ quantifier, applies }, i) =>
        applies && ((quantifier === '~exists' && truth[i]) || (quantifier === 'forall' && !truth[i])),
    );
    return [
      ...(deadlock === undefined ? [] : this.#finding(deadlock)),
      `OUTCOME(${leaf}, ${printed(`1 :>${outcome}`)})`,
      ...(failed ? ['CONDITION_FAILS'] : []),
    ];
  }

  // --- what was learned ----------------------------------------------------------------------------------------------

  get #environmentMoves(): { move: number; inevitable: boolean }[] {
    return this.#model.moves.flatMap((made, move) =>
      made.kind === 'environment' ? [{ move, inevitable: made.inevitable }] : [],
    );
  }

  /** By the statement that the actor is at, unless somebody else may put it elsewhere. */
  #choicesOf(actor: number): Choice[] {
    const slot = this.#nodeSlot(actor);
    const { trees, effects } = this.#search.space.learner;
    const moves = this.#model.moves.flatMap((made, move) =>
      made.kind === 'actor' && made.actor === actor ? [move] : [],
    );
    const isOwn = (effect: Effect): boolean => moves.includes(effect.move);
    const moved = effects.some((effect) => !isOwn(effect) && effect.writes.some((write) => write.slot === slot));
    return moves.flatMap((move): Choice[] => {
      const tree = trees[move];
      if (!tree) return [];
      if (moved || !('branches' in tree) || tree.slot !== slot) return [{ decided: this.#decided(tree) }];
      return [...tree.branches].map(([node, then]) => ({ decided: this.#decided(then), node }));
    });
  }

  #nodeSlot(actor: number): number {
    return this.#model.tasks.node.base + actor;
  }

  #nodeAfter(effect: Effect, actor: number, before: number | undefined): number | undefined {
    if (before === undefined) return undefined;
    return effect.writes.find(({ slot }) => slot === this.#nodeSlot(actor))?.value ?? before;
  }

  #decided(tree: Branching | Effect): Decided {
    return decide(tree, keyOfMove, this.#ask);
  }

  #stuck(): string {
    const actors = this.#model.world.topology.actors.flatMap((_, actor) => this.#movable(actor));
    const { trees } = this.#search.space.learner;
    const inevitable = this.#environmentMoves.flatMap(({ move, inevitable: mustHappen }) => {
      const tree = mustHappen ? trees[move] : undefined;
      return tree ? [this.#canHappen(this.#decided(tree))] : [];
    });
    const any = anyOf([...actors, ...inevitable]);
    return any === '0' ? '1' : `!${any.startsWith('(') ? any : `(${any})`}`;
  }

  #movable(actor: number): string[] {
    const asked = this.#ask(this.#nodeSlot(actor));
    return this.#choicesOf(actor).map(({ decided, node }) => {
      const at = node === undefined || !asked ? '1' : `${asked.name} == ${asked.encode(node)}`;
      return bothOf(at, this.#canHappen(decided));
    });
  }

  #canHappen({ root, classes }: Decided): string {
    return conditionFor(root, (leaf) => classes[leaf]?.enabled === true, this.#ask);
  }
}

function keyOfMove({ enabled, writes, findings }: Effect): string {
  return enabled ? `${writes.map(({ slot, value }) => `${slot}=${value}`).join()} ${findings.join()}` : 'disabled';
}

function option(steps: readonly string[], after: string): string {
  return `\t:: d_step { ${steps.join('; ')} }${after === '' ? '' : `; ${after}`}`;
}

/** The prefix tells SPIN that a process may stay there for ever. */
function labelOf(node: number | undefined): string {
  return node === undefined ? 'end' : `end_${node}`;
}

function processName(actor: number, name: string): string {
  return `p${actor}_${name.replace(/[^A-Za-z0-9]+/g, '_')}`;
}

/** In `printf`, where SPIN has its own ideas of escapes. */
function printed(text: string): string {
  return `"${text.replace(/[^ !#-$&-[\]-~]/g, '?')}\\n"`;
}

/** What a search with SPIN prints and stops at. */
const MACROS = [
  '#ifndef STOP_AT_FINDING',
  '#define STOP_AT_FINDING -1',
  '#endif',
  '#ifndef STOP_AT_OUTCOME',
  '#define STOP_AT_OUTCOME -1',
  '#endif',
  '#define FINDING(number, text) printf(text); assert(number != STOP_AT_FINDING)',
  '#define OUTCOME(number, text) printf(text); assert(number != STOP_AT_OUTCOME)',
  '#ifdef CHECK',
  '#define CONDITION_FAILS assert(false)',
  '#else',
  '#define CONDITION_FAILS skip',
  '#endif',
];

/** Where something is left to be learned. */
const MACROS_INEXACT = [
  '#define NOT_LEARNED printf("not learned\\n"); assert(false)',
  '#define REVIVED assert(!wasStuck || STUCK)',
  'hidden byte wasStuck;',
];

function head({ file, title, kernel }: PromelaOptions, { exact, granularity }: Writer): string[] {
  const known = exact
    ? ['The explorer visited every state, so the model is exact.']
    : [
        'The explorer met a limit before it had visited every state. Where a move comes to what was not learned, or where the',
        'environment lets an actor move after none could, an assertion fails: export again with a larger --max-states.',
      ];
  return [
    '/*',
    ` * ${cComment(title)}`,
    ` * ${cComment(file)} on ${cComment(kernel)}, written by snoopscope export promela.`,
    ' *',
    ...known.map((line) => ` * ${line}`),
    ' *',
    ' * The outcomes of all interleavings, held against the explorer:',
    ' *   spin -a MODEL && cc -O2 -DSAFETY -DPRINTF -o pan pan.c && ./pan -m1000000 > LOG',
    ` *   snoopscope compare --granularity ${granularity} --kernel ${cComment(kernel)} SCENARIO LOG`,
    ' * A condition that fails, or an outcome or finding by its number, with a trail:',
    ' *   spin -DCHECK -a MODEL, or -DSTOP_AT_OUTCOME=0, or -DSTOP_AT_FINDING=0; without -DPRINTF',
    ' * As many states as explore --no-reduction counts: spin -o1 -o2 -o3 -a, cc -DNOREDUCE.',
    ' */',
  ];
}
