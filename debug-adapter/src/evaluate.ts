/** Watches, hovers and the console: names, registers, words, facts, conditions. Nothing that is asked changes anything. */

import { compileExpression, type Model } from '@snoopscope/sim-core';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Moment } from './moment.ts';
import type { Focus } from './movement.ts';
import type { Observer } from './observe.ts';
import { RequestError } from './request-error.ts';
import { deviceRegisters } from './scopes/actor.ts';
import { boundName } from './scopes/bound-names.ts';
import { lineItems } from './scopes/caches.ts';
import { DECIMAL, type Format, HEXADECIMAL, type Item, numberItem, openableItem } from './scopes/item.ts';
import { wordItem } from './scopes/memory.ts';

/** A position of a run, with its state: what an expression is asked of. A run's cursor is one. */
export interface EvaluationPlace {
  readonly model: Model;
  readonly moment: Moment;
  readonly observer: Observer;
  readonly state: Int32Array;
  readonly position: number;
}

/** The value of an expression at the user's focus; throws an error in words if it is malformed. */
export function evaluateExpression(cursor: EvaluationPlace, focus: Focus, text: string, wanted: Format): Item {
  const { expression, format } = formatted(text, wanted);
  if (expression === '')
    throw new RequestError(
      'There is nothing to evaluate: write a name, a word `[x]`, a fact such as `noncoherent(vm)`, or a condition.',
    );
  if (expression.length > DEBUGGER_LIMITS.expressionCharacters) {
    throw new RequestError(`An expression has at most ${DEBUGGER_LIMITS.expressionCharacters} characters.`);
  }
  return object(cursor, focus, expression, format) ?? condition(cursor, focus, expression, format);
}

const FORMATS: Readonly<Record<string, Format>> = { h: HEXADECIMAL, d: DECIMAL };

/** `x,h` is x in hexadecimal, `x,d` in decimal, whatever the view is set to. */
function formatted(text: string, format: Format): { readonly expression: string; readonly format: Format } {
  const [, expression = text, letter = ''] = /^(.*\S)\s*,\s*([hd])$/s.exec(text.trim()) ?? [];
  return { expression: expression.trim(), format: FORMATS[letter] ?? format };
}

/** What is wrong with an expression before anything has run; what it names may not be there yet. */
export function expressionProblem(model: Model, actor: number, text: string): string | undefined {
  const { expression } = formatted(text, DECIMAL);
  if (expression === '') return 'There is nothing between the braces: write an expression, or double them for braces.';
  if (expression.length > DEBUGGER_LIMITS.expressionCharacters)
    return `An expression has at most ${DEBUGGER_LIMITS.expressionCharacters} characters.`;
  if (namesObject(model, expression)) return undefined;
  const compiled = compileExpression(model, expression, { actor });
  return 'problem' in compiled ? compiled.problem : undefined;
}

/** Names that can be asked for without being a value: a descriptor, a device, an actor, a CPU. */
function namesObject({ names, world }: Model, text: string): boolean {
  const { actors, cpu, devices, words } = world.topology;
  const number = /^cpu(\d+)$/.exec(text)?.[1];
  const known = [...actors, ...devices, ...words].some(({ name }) => name === text);
  return known || names.has(text) || (number !== undefined && Number(number) < cpu.count);
}

/** Fills in a message of a log point: what cannot be evaluated says why. */
export function interpolate(
  cursor: EvaluationPlace,
  focus: Focus,
  parts: readonly ({ readonly text: string } | { readonly expression: string })[],
): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      try {
        return logValue(cursor, focus, part.expression.trim());
      } catch (error) {
        if (error instanceof RequestError) return `{${error.message}}`;
        throw error;
      }
    })
    .join('');
}

/** In a message a word is its value; where its copies are is for those who stop and look. */
function logValue(cursor: EvaluationPlace, focus: Focus, text: string): string {
  const { expression, format } = formatted(text, DECIMAL);
  const compiled = compileExpression(cursor.model, expression, { actor: focus.actor });
  return (
    'problem' in compiled
      ? evaluateExpression(cursor, focus, text, DECIMAL)
      : condition(cursor, focus, expression, format)
  ).value;
}

function condition(cursor: EvaluationPlace, focus: Focus, text: string, format: Format): Item {
  const expression = compileExpression(cursor.model, text, { actor: focus.actor });
  if ('problem' in expression) throw new RequestError(expression.problem);
  const value = expression.plain
    ? format.number(cursor.observer.value(expression, cursor.state, cursor.position))
    : cursor.observer.text(expression, cursor.state, cursor.position);
  return { name: text, value, evaluateName: text };
}

/** Names of things that can be opened: a word, a CPU, a descriptor, a device, an actor. */
function object(cursor: EvaluationPlace, focus: Focus, text: string, format: Format): Item | undefined {
  const name = /^\[\s*([A-Za-z_]\w*)\s*\]$/.exec(text)?.[1] ?? text;
  if (!/^[A-Za-z_]\w*$/.test(name)) return undefined;
  const { moment, model } = cursor;
  const { topology, pcie } = model.world;
  const actor = topology.actors[focus.actor];
  const ownRegister =
    model.registers[focus.actor]?.has(name) ||
    (actor?.kind === 'device' && pcie.registerSlot(actor.subject, name) !== undefined);
  if (text === name && ownRegister) return undefined;
  const word = topology.words.findIndex((one) => one.name === name);
  if (word >= 0) return wordItem(moment, word, format);
  if (text !== name) return undefined;
  const slot = model.names.get(name);
  if (slot !== undefined) return boundName(moment, name, moment.state[slot]!, format);
  const cpu = /^cpu(\d+)$/.exec(name)?.[1];
  if (cpu !== undefined && Number(cpu) < topology.cpu.count) {
    return openableItem(name, 'a physical CPU', (f) => lineItems(moment, Number(cpu), f), { evaluateName: name });
  }
  return registersOf(cursor, name);
}

/** `gpu`, `vcpu0`: the registers of an actor, and of the device that it is. */
function registersOf(cursor: EvaluationPlace, name: string): Item | undefined {
  const { moment, model } = cursor;
  const { topology } = model.world;
  const actor = topology.actors.findIndex((one) => one.name === name);
  const device = topology.devices.findIndex((one) => one.name === name);
  if (actor < 0 && device < 0) return undefined;
  const what =
    device >= 0 ? `a PCIe function, ${topology.devices[device]?.bdf}` : KINDS[topology.actors[actor]?.kind ?? 'thread'];
  return openableItem(
    name,
    what,
    (format) => [
      ...[...(model.registers[actor] ?? [])].map(([register, slot]) =>
        numberItem(register, moment.state[slot]!, format, { evaluateName: `${name}.${register}` }),
      ),
      ...(device >= 0 ? deviceRegisters({ moment, actor }, device, format) : []),
    ],
    { evaluateName: name },
  );
}

const KINDS = {
  setup: 'the setup, which runs first and alone',
  thread: 'a thread of the VMM',
  vcpu: 'a vCPU',
  device: 'a device',
  host: 'the host',
} as const;
