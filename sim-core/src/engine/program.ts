/**
 * The program of one actor: a small control graph. Statements take steps; control (`choose`, `loop`, `repeat`) takes
 * none: it is resolved when the statement before it ends. A choice is made by the first statement of the alternative.
 */
import type { Machine } from '../state/machine.ts';
import type { StatementArgs } from './compile.ts';
import type { Routine } from './routine.ts';
import type { Task } from './task.ts';

export type ProgramNode = StatementNode | ChooseNode | RepeatNode | EndNode;

interface NodeBase {
  readonly id: number;
  /** Whose program it belongs to: index of the actor. */
  readonly actor: number;
  readonly place: Place;
}

export interface StatementNode extends NodeBase {
  readonly kind: 'statement';
  readonly routine: Routine;
  readonly args: StatementArgs;
  /** Called with the result when the statement is over: binds names, compares with what is declared. */
  readonly finish?: (task: Task, value: number, node: StatementNode) => void;
  next: number;
}

export interface ChooseNode extends NodeBase {
  readonly kind: 'choose';
  readonly alternatives: number[];
}

export interface RepeatNode extends NodeBase {
  readonly kind: 'repeat';
  /** The slot that counts the rounds begun. */
  readonly counter: number;
  count: number;
  body: number;
  next: number;
}

export interface EndNode extends NodeBase {
  readonly kind: 'end';
}

/** A line of a file, and the `call` lines that led into the procedure it belongs to, outermost first. */
export interface Place {
  /** 0 is the scenario itself, others are included files. */
  readonly file: number;
  readonly line: number;
  readonly calls: readonly { readonly file: number; readonly line: number; readonly proc: string }[];
}

/** An endless loop without a statement in it never gets further; this many rounds prove it. */
const SETTLE_ROUNDS = 10_000;

/** Resolves control from a node on: a statement, a choice or the end, where the actor then is. */
export function settle(machine: Machine, nodes: readonly ProgramNode[], start: number): number {
  let at = start;
  for (let round = 0; round < SETTLE_ROUNDS; round++) {
    const node = nodes[at];
    if (!node) throw new RangeError(`no node ${at} in the program`);
    if (node.kind !== 'repeat') return at;
    const begun = machine.state[node.counter]!;
    machine.put(node.counter, begun < node.count ? begun + 1 : 0);
    at = begun < node.count ? node.body : node.next;
  }
  throw new Error('control does not settle: a loop without statements');
}
