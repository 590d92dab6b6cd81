/** What an instruction, TLP or host action may ask while it is compiled. */
import type { ActionContext } from '../../engine/compile.ts';
import { type DeviceId, NONE } from '../../state/ids.ts';
import type { Action, Operand, Span } from '../ast.ts';
import { noDevice, unknownDevice } from '../checks/unknown-device.ts';
import { noVcpu, unknownVcpu } from '../checks/unknown-vcpu.ts';
import { noWord, unknownWord } from '../checks/unknown-word.ts';
import { wrongOperand } from '../checks/wrong-operand.ts';
import type { ProgramContext } from './compile-program.ts';

export function actionContext(context: ProgramContext, actor: number, statement: Action, line: number): ActionContext {
  const { world, problems } = context;
  const { topology } = world;
  const model = topology.actors[actor];
  const vcpus = topology.actors.filter((a) => a.kind === 'vcpu');
  const spanOf = (i: number): Span => statement.operands[i]?.span ?? statement.op.span;
  const problem = (i: number, message: string): never => problems.fail(wrongOperand, line, spanOf(i), message);

  function operand(i: number): Operand {
    return statement.operands[i] ?? problem(-1, `${statement.op.text} needs ${i + 1} operand${i > 0 ? 's' : ''}.`);
  }

  const self: ActionContext = {
    world,
    statement,
    actor,
    vcpu: model?.kind === 'vcpu' ? vcpus.indexOf(model) : -1,
    device: (model?.kind === 'device' ? model.subject : NONE) as DeviceId,

    word(i) {
      const it = operand(i);
      const name =
        it.kind === 'memory' && !it.member ? it.name.text : it.kind === 'name' && !it.member ? it.name : undefined;
      const word = topology.words.findIndex((w) => w.name === name);
      return word >= 0
        ? word
        : name === undefined
          ? problem(i, 'Expected a word of memory.')
          : problems.fail(
              unknownWord,
              line,
              spanOf(i),
              noWord(
                name,
                topology.words.map((w) => w.name),
              ).message,
            );
    },

    mmio(i) {
      const it = operand(i);
      if (it.kind !== 'memory' || !it.member) return undefined;
      const device = topology.devices.findIndex((d) => d.name === it.name.text);
      if (device < 0) {
        const { message } = noDevice(
          it.name.text,
          topology.devices.map((d) => d.name),
        );
        return problems.fail(unknownDevice, line, spanOf(i), message);
      }
      return world.pcie.registerSlot(device, it.member.text);
    },

    register: (name) => context.register(actor, name),

    read(i) {
      const it = operand(i);
      if (it.kind === 'number') {
        const value = Number(BigInt.asIntN(32, it.value));
        return () => value;
      }
      if (it.kind !== 'name' || it.member) return problem(i, 'Expected a number or a register.');
      const slot = context.register(actor, it.name);
      return (task) => task.machine.state[slot]!;
    },

    number(i) {
      const it = operand(i);
      return it.kind === 'number' ? it.value : problem(i, 'Expected a number.');
    },

    name(i) {
      const it = statement.operands[i];
      return it?.kind === 'name' && !it.member ? it.name : undefined;
    },

    option: (key) => statement.options.find((o) => o.key.text === key)?.value.text,
    attribute: (name) => statement.attributes.some((a) => a.text === name),
    bind: statement.bind ? context.register(actor, statement.bind.text) : undefined,

    vcpuNamed(name) {
      const index = topology.actors.findIndex((a) => a.kind === 'vcpu' && a.name === name);
      return index >= 0
        ? index
        : problems.fail(
            unknownVcpu,
            line,
            spanOf(0),
            noVcpu(
              name,
              vcpus.map((v) => v.name),
            ).message,
          );
    },

    problem,
  };
  return self;
}
