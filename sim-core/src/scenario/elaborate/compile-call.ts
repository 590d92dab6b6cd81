/** From the line of a system call to its routine and arguments. */
import type { CallOutcome, StatementArgs } from '../../engine/compile.ts';
import type { StatementNode } from '../../engine/program.ts';
import type { Routine } from '../../engine/routine.ts';
import type { Task } from '../../engine/task.ts';
import { errnoByName } from '../../kernel/errno.ts';
import { leftOutRequest, leftOutText } from '../../ops/not-modelled.ts';
import type { Op } from '../../ops/op.ts';
import { opNamed, requestOf } from '../../ops/table.ts';
import type { World } from '../../world.ts';
import type { Syscall } from '../ast.ts';
import { notModelled } from '../checks/not-modelled.ts';
import { noCall, unknownCall } from '../checks/unknown-call.ts';
import { NO_REQUEST_NAME, noRequest, unknownRequest } from '../checks/unknown-request.ts';
import { callOfOther, wrongActor } from '../checks/wrong-actor.ts';
import { declaredDescriptor, writtenDescriptors } from '../declared.ts';
import { Notes } from '../remembered.ts';
import { VOCABULARY } from '../vocabulary.ts';
import type { CompiledStatement, ProgramContext } from './compile-program.ts';
import { compileValue } from './syscall-arguments.ts';

export function compileSyscall(
  context: ProgramContext,
  actor: number,
  statement: Syscall,
  line: number,
): CompiledStatement {
  const { world, problems } = context;
  const kind = world.topology.actors[actor]?.kind;
  if (kind !== undefined && kind !== 'setup' && kind !== 'thread') {
    throw problems.fail(wrongActor, line, statement.call.span, callOfOther(statement.call.text, kind));
  }
  let compiled = calls.get(statement);
  if (compiled?.names !== context.names) {
    compiled = compileCall(context, statement, line);
    calls.set(statement, compiled);
  }
  const { routine, args } = compiled;
  return { routine: routine(world), args, finish: finisher(context, actor) };
}

/** A call as compiled for every kernel and actor: it depends on names and words alone. */
interface CompiledCall {
  /** What it was compiled against. */
  readonly names: ProgramContext['names'];
  readonly routine: (world: World) => Routine;
  readonly args: StatementArgs;
}

/** Models of one text for several kernels, and of the next text, share what they are compiled to. */
const calls = new Notes<Syscall, CompiledCall>();

function compileCall(context: ProgramContext, statement: Syscall, line: number): CompiledCall {
  const { problems } = context;
  const call = opNamed('syscall', statement.call.text);
  if (call?.code.kind !== 'syscall') {
    const { message } = noCall(statement.call.text, [...VOCABULARY.syscalls.keys()]);
    throw problems.fail(unknownCall, line, statement.call.span, message);
  }
  let request = -1;
  let op: Op = call;
  let shapes: readonly (Op['operands'][number] | undefined)[] = call.operands;
  if (call.name === 'ioctl') {
    const named = requestOf(statement.args[1]);
    // A number is a request that no file knows.
    if (!named && statement.args[1]?.kind !== 'number') {
      const request = statement.args[1];
      const part = request?.kind === 'name' ? leftOutRequest(request.name) : undefined;
      if (part && request?.kind === 'name')
        throw problems.fail(notModelled, line, request.span, leftOutText(request.name, part));
      const message =
        request?.kind === 'name' ? noRequest(request.name, VOCABULARY.requests.keys()).message : NO_REQUEST_NAME;
      throw problems.fail(unknownRequest, line, request?.span ?? statement.call.span, message);
    }
    request = named?.index ?? -1;
    op = named?.op ?? call;
    shapes = [undefined, undefined, named?.op.operands[0]];
  }
  const values = statement.args.map((expr, i) =>
    // The request is looked up by name or number above; it has no value of its own.
    call.name === 'ioctl' && i === 1
      ? { int: () => 0, wide: () => 0n }
      : compileValue(expr, expectedShape(shapes[i], expr.kind), {
          topology: context.world.topology,
          names: context.names,
          line,
          problems,
        }),
  );
  const { names } = context;
  const outcome: CallOutcome = {
    bind: statement.bind ? names.get(statement.bind.text) : undefined,
    expected: declaredResult(statement),
    written: writtenDescriptors(statement).map(({ bind: name, declared: number }) => ({
      slot: names.get(name.text)!,
      number: Number(number.value),
    })),
  };
  const own = { ...answerOf(op, statement), ...declaredDescriptor(statement) };
  return { names, routine: call.code.routine, args: { values, request, action: undefined, outcome, ...own } };
}

/** The result that a line declares, negative for an errno; undefined when it declares none. */
function declaredResult({ result }: Syscall): number | undefined {
  if (result === undefined) return undefined;
  if (result.errno !== undefined) return -(errnoByName.get(result.errno) ?? Number.NaN);
  return Number(BigInt.asIntN(32, result.value ?? 0n));
}

/** What the model cannot know is what the line says. */
function answerOf({ answer }: Op, statement: Syscall): { readonly answer?: number } {
  if (answer === undefined) return {};
  const taken = declaredResult(statement) ?? answer;
  return taken === 'usual' ? {} : { answer: taken };
}

function expectedShape(
  spec: Op['operands'][number] | undefined,
  kind: string,
): Op['operands'][number]['shapes'][number] | undefined {
  return spec?.shapes.find((s) => s.kind === kind) ?? spec?.shapes[0];
}

/** Takes the results of an actor's calls: one function for all of them, since there are thousands. */
function finisher(context: ProgramContext, actor: number): NonNullable<StatementNode['finish']> {
  let finish = context.finishers[actor];
  if (finish === undefined) {
    const { monitors } = context.world;
    const error = context.errors[actor];
    finish = (task, value, { id, args: { outcome } }) => finishSyscall(monitors, error, task, value, id, outcome!);
    context.finishers[actor] = finish;
  }
  return finish;
}

function finishSyscall(
  monitors: World['monitors'],
  error: number | undefined,
  { machine }: Task,
  value: number,
  node: number,
  { bind, expected, written }: CallOutcome,
): void {
  if (bind !== undefined) machine.put(bind, value < 0 ? -1 : value);
  if (error !== undefined) machine.put(error, value < 0 ? -value : 0);
  if (expected !== undefined && value !== expected) monitors.result(machine, node, value);
  else if (value >= 0) {
    for (const { slot, number } of written) {
      const got = machine.state[slot]!;
      if (got !== number) monitors.result(machine, node, got);
    }
  }
}
