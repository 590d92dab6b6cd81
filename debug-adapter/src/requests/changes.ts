/** Requests that read memory as bytes, and those that change something: on a branch, never in what is recorded. */

import type { Edit } from '@snoopscope/sim-core';
import { counted } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { editsOf, numberOf, wordEdits } from '../edits.ts';
import { evaluateExpression } from '../evaluate.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import { readBytes, unreadableBytes, viewOf } from '../memory-view.ts';
import { RequestError } from '../request-error.ts';
import { DECIMAL } from '../scopes/item.ts';
import { focusOn, frameOf, type Launched, type RequestAnswer, type SessionState, stoppedOf } from '../session-state.ts';
import { opened } from './inspection.ts';
import { stopped, tellContinued } from './movement.ts';
import { output } from './narrate.ts';

export function readMemory(state: SessionState, args: DebugProtocol.ReadMemoryArguments): RequestAnswer {
  const { moment } = stoppedOf(state).launched.cursor;
  const count = Math.min(args.count, DEBUGGER_LIMITS.memoryBytes);
  const view = viewOf(moment.model, args.memoryReference);
  const address = view.address + BigInt(args.offset ?? 0);
  if (address < 0n) throw new RequestError('There is no memory below address 0.');
  const bytes = readBytes(moment, { ...view, address }, count);
  const left = count - bytes.length;
  const unreadable = left > 0 ? unreadableBytes(moment, address + BigInt(bytes.length), left) : 0;
  return {
    body: {
      address: `0x${address.toString(16)}`,
      ...(bytes.length > 0 ? { data: base64(bytes) } : {}),
      ...(unreadable > 0 ? { unreadableBytes: unreadable } : {}),
    },
  };
}

/** Whole words only: the model has no smaller ones. */
export function writeMemory(state: SessionState, args: DebugProtocol.WriteMemoryArguments): RequestAnswer {
  const { launched } = stoppedOf(state);
  const { moment } = launched.cursor;
  const view = viewOf(moment.model, args.memoryReference);
  const start = view.address + BigInt(args.offset ?? 0);
  const given = bytesOf(args.data);
  const { words } = moment.model.world.topology;
  const touched = words.flatMap(({ address }, word) =>
    address < start + BigInt(given.length) && address + 8n > start ? [word] : [],
  );
  if (touched.length === 0)
    throw new RequestError('No word of the scenario is there: only named words can be written.');
  const edits = touched.flatMap((word) => {
    const at = words[word]?.address ?? 0n;
    const whole = new Uint8Array(8);
    whole.set(readBytes(moment, { view: view.view, address: at }, 8));
    for (let index = 0; index < 8; index++) {
      const from = Number(at - start) + index;
      if (from >= 0 && from < given.length) whole[index] = given[from]!;
    }
    const value = new DataView(whole.buffer).getBigInt64(0, true);
    return wordEdits(moment, view.view, word, numberOf(String(value)));
  });
  const { memoryReference, offset = 0 } = args;
  const what = touched.map((word) => `${words[word]?.name} = ${edits[0]?.value}`).join(', ');
  const change = onBranch(state, launched, edits, what);
  return {
    body: { bytesWritten: given.length },
    after() {
      change();
      state.emit('memory', { memoryReference, offset, count: given.length });
    },
  };
}

export function setVariable(state: SessionState, args: DebugProtocol.SetVariableArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { items } = opened(launched, args.variablesReference, DECIMAL);
  const item = items.find(({ name }) => name === args.name);
  if (!item) throw new RequestError(`There is no variable ${args.name} here.`);
  if (item.memory !== undefined && item.evaluateName === undefined) {
    const { moment } = launched.cursor;
    const { view, address } = viewOf(moment.model, item.memory);
    const word = moment.model.world.topology.words.findIndex((one) => one.address === address);
    return changed(state, launched, wordEdits(moment, view, word, numberOf(args.value)), args.name, args.value);
  }
  const expression = item.evaluateName ?? item.name;
  const edits = editsOf(launched.cursor.moment, stop.focus.actor, expression, args.value);
  return changed(state, launched, edits, expression, args.value);
}

export function setExpression(state: SessionState, args: DebugProtocol.SetExpressionArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const actor = args.frameId === undefined ? stop.focus.actor : frameOf(launched, stop, args.frameId).actor;
  evaluateExpression(launched.cursor, focusOn(stop, actor), args.expression, DECIMAL);
  const edits = editsOf(launched.cursor.moment, actor, args.expression, args.value);
  return changed(state, launched, edits, args.expression, args.value);
}

/** `set x = 5` in the console: also in the past. */
export function setAnywhere(state: SessionState, argument: string): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const match = /^(.+?)\s*=\s*(\S+)$/.exec(argument);
  if (!match) throw new RequestError('Set what? `set x = 5` changes a word, a register or a name, on a branch.');
  const [, expression = '', value = ''] = match;
  const edits = editsOf(launched.cursor.moment, stop.focus.actor, expression, value);
  const after = onBranch(state, launched, edits, `${expression.trim()} = ${value}`, true);
  return { body: { result: '', variablesReference: 0 }, after };
}

function changed(
  state: SessionState,
  launched: Launched,
  edits: readonly Edit[],
  what: string,
  value: string,
): RequestAnswer {
  const after = onBranch(state, launched, edits, `${what} = ${value.trim()}`);
  return { body: { value: String(numberOf(value)) }, after };
}

/** Begins a branch with the change. In the past a user may not expect that, so a view is refused and the console is the way. */
function onBranch(
  state: SessionState,
  launched: Launched,
  edits: readonly Edit[],
  what: string,
  inPast = false,
): () => void {
  const { branches, cursor } = launched;
  const { stop } = stoppedOf(state);
  if (cursor.position < cursor.run.steps && !inPast) {
    throw new RequestError(
      `This is the past: after ${cursor.position} of ${counted(cursor.run.steps, 'micro-step')}. A change here begins a branch, and what is recorded after it is not part of that. If that is what you want, type \`set ${what}\` in the debug console.`,
    );
  }
  branches.expectRoom();
  return () => {
    const old = branches.number;
    const branch = branches.edit(edits);
    output(
      state,
      `Branch ${branches.number} begins here with ${what}. "branch ${old}" in the debug console goes back.\n`,
    );
    const actor = Math.max(0, stop.focus.actor);
    tellContinued(state, actor);
    const focus = { position: branch.position, actor, reveal: 0 };
    stopped(state, { focus, reason: 'goto', description: 'Changed', text: `Changed: ${what}`, breakpoints: [] });
    state.emit('invalidated', { areas: ['all'] });
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function bytesOf(data: string): Uint8Array {
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    throw new RequestError('`data` of writeMemory is base64.');
  }
}
