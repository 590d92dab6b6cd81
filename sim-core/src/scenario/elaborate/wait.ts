/** `wait doorbell == 1`: an actor that may not move until a comparison holds. */

import type { Task } from '../../engine/task.ts';
import { LINE } from '../../memory/memory.ts';
import type { NumberExpr, Operand, Relation, Wait } from '../ast.ts';
import { noWord, unknownWord } from '../checks/unknown-word.ts';
import { wrongOperand } from '../checks/wrong-operand.ts';
import type { ProgramContext } from './compile-program.ts';

/** What the `wait` routine finds as its action: true when the actor may continue. */
export type WaitCondition = (task: Task) => boolean;

const COMPARE: Readonly<Record<Relation, (left: number, right: number) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

export function comparison(relation: Relation): (left: number, right: number) => boolean {
  return COMPARE[relation];
}

export function compileWait(context: ProgramContext, actor: number, statement: Wait, line: number): WaitCondition {
  const holds = COMPARE[statement.relation];
  const right = Number((statement.right as NumberExpr).value);
  const read = reader(context, actor, statement.left, line);
  return (task) => holds(read(task), right);
}

/**
 * Waiting looks at what the actor would see and leaves no trace in the caches: a register of a device, a register of
 * its own, or a word as a coherent observer sees it.
 */
function reader(context: ProgramContext, actor: number, operand: Operand, line: number): (task: Task) => number {
  const { world, problems } = context;
  const model = world.topology.actors[actor];
  const fromSlot = (slot: number) => (task: Task) => task.machine.state[slot]!;
  if (operand.kind === 'memory' && operand.member === undefined) {
    const word = world.topology.words.findIndex((w) => w.name === operand.name.text);
    if (word < 0) {
      const { message } = noWord(
        operand.name.text,
        world.topology.words.map((w) => w.name),
      );
      problems.fail(unknownWord, line, operand.span, message);
    }
    return (task) => coherentValue(context, task, word);
  }
  if (operand.kind === 'memory' || operand.kind === 'name') {
    const name = operand.kind === 'memory' ? operand.name.text : operand.name;
    const device = operand.member
      ? world.topology.devices.findIndex((d) => d.name === name)
      : model?.kind === 'device'
        ? model.subject
        : -1;
    const register = operand.member?.text ?? name;
    const slot = device >= 0 ? world.pcie.registerSlot(device, register) : undefined;
    if (slot !== undefined) return fromSlot(slot);
    const bound = context.names.get(name);
    if (bound !== undefined && !operand.member) return fromSlot(bound);
    return fromSlot(context.register(actor, name));
  }
  return problems.fail(
    wrongOperand,
    line,
    operand.span,
    'Wait for a register, a device register or a word: `wait [flag] == 1`.',
  );
}

/** What a coherent observer sees: a modified copy if there is one, else DRAM. */
function coherentValue(context: ProgramContext, task: Task, word: number): number {
  return coherentWord(context.world, task.machine.state, word);
}

export function coherentWord(world: ProgramContext['world'], state: Int32Array, word: number): number {
  const { memory, topology } = world;
  const line = topology.words[word]!.line;
  for (let cpu = 0; cpu < topology.cpu.count; cpu++) {
    if (state[memory.lineState.base + cpu * topology.lines.length + line] === LINE.modified) {
      return state[memory.cached.base + cpu * topology.words.length + word]!;
    }
  }
  return state[memory.dram.base + word]!;
}
