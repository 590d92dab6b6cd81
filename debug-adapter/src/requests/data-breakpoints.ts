/** Requests about breakpoints on data: from the Variables view, from an expression, from an address. */
import { compileExpression, isRecord } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { accessesOf } from '../accesses.ts';
import { type DataRequest, wordsOf } from '../data-breakpoint.ts';
import { evaluateExpression } from '../evaluate.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import { namedVariable } from '../named-variables.ts';
import { RequestError } from '../request-error.ts';
import { DECIMAL } from '../scopes/item.ts';
import { focusOn, frameOf, type Launched, type RequestAnswer, type SessionState, stoppedOf } from '../session-state.ts';
import { placeOfStep } from '../step-lines.ts';
import { executedBefore, type Stop } from '../stop.ts';
import { type Accessor, dataIdOf, labelOf, type VariablePlace } from '../watch.ts';
import { applyTriggers, hereOf } from './breakpoints.ts';
import { actorName, opened } from './inspection.ts';

const ACCESSOR_OF_MODE: Readonly<Record<string, Accessor>> = { cpu: 'cpu', device: 'device' };

/** What can be watched, or in words why this cannot. */
type Found = { readonly place: VariablePlace; readonly label?: string } | { readonly problem: string };

export function dataBreakpointInfo(
  state: SessionState,
  args: DebugProtocol.DataBreakpointInfoArguments,
): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const found = find(launched, stop, args);
  if ('problem' in found) return { body: { dataId: null, description: found.problem } };
  const { label } = found;
  const accessor = ACCESSOR_OF_MODE[(args as { readonly mode?: unknown }).mode as string];
  const place = accessor ? { ...found.place, accessor } : found.place;
  const isWord = wordsOf(launched.debuggee.model, place).length > 0;
  if (accessor && !isWord) {
    const description = 'Only for words of memory it can be said who has to access them.';
    return { body: { dataId: null, description } };
  }
  return {
    body: {
      dataId: dataIdOf(place),
      description: `${label ?? labelOf(place)}${accessor ? `, by a ${accessor === 'cpu' ? 'CPU' : 'device'}` : ''}`,
      accessTypes: isWord ? ['write', 'read', 'readWrite'] : ['write'],
      canPersist: true,
    },
  };
}

export function setDataBreakpoints(
  state: SessionState,
  args: DebugProtocol.SetDataBreakpointsArguments,
): RequestAnswer {
  const given: readonly unknown[] = args.breakpoints;
  state.breakpoints.setData(
    given.map((one) => (isRecord(one) ? one : {}) as unknown as DataRequest),
    hereOf(state),
  );
  applyTriggers(state);
  return { body: { breakpoints: state.breakpoints.dataAnswers(state.launched?.debuggee) } };
}

/** Who wrote a variable, an expression or a word at an address, and who read it; the latest first. */
export function who(state: SessionState, args: DebugProtocol.DataBreakpointInfoArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const found = find(launched, stop, args);
  if ('problem' in found) throw new RequestError(found.problem);
  const { place, label } = found;
  const { cursor, convert, debuggee } = launched;
  const { latest } = accessesOf(cursor, place, stop.focus.position, DEBUGGER_LIMITS.consoleLines);
  return {
    body: {
      label: label ?? labelOf(place),
      accesses: latest.map(({ step, issued, kind, text }) => {
        const { actor, node } = cursor.run.step(issued);
        const executed = executedBefore(cursor, issued + 1, actor);
        const at = debuggee.model.nodes[executed?.node ?? node]?.place;
        return {
          kind,
          position: step + 1,
          actor: actorName(launched, actor) || 'the environment',
          where: placeOfStep(launched, issued),
          text,
          ...(actor >= 0 && at ? { source: convert.source(at.file), line: convert.line(at.line) } : {}),
        };
      }),
    },
  };
}

function find(launched: Launched, stop: Stop, args: DebugProtocol.DataBreakpointInfoArguments): Found {
  if (args.asAddress === true) return atAddress(launched, args.name, args.bytes ?? 1);
  if (args.variablesReference) return ofVariable(launched, args.variablesReference, args.name);
  const actor = args.frameId === undefined ? stop.focus.actor : frameOf(launched, stop, args.frameId).actor;
  return ofExpression(launched, stop, actor, args.name.trim());
}

function ofVariable(launched: Launched, reference: number, name: string): Found {
  const { items, place } = opened(launched, reference, DECIMAL);
  if (!items.some((item) => item.name === name)) return { problem: `There is no variable ${name} here.` };
  if (!place)
    return { problem: 'A local of a kernel function is gone when the function returns: it cannot be watched.' };
  return { place: { ...place, names: [...place.names, name] } };
}

function ofExpression(launched: Launched, stop: Stop, actor: number, expression: string): Found {
  const { cursor } = launched;
  try {
    evaluateExpression(cursor, focusOn(stop, actor), expression, DECIMAL);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (/^&/.test(expression)) return atAddress(launched, expression, 1);
    return byName(launched, actor, expression) ?? { problem: error.message };
  }
  // A value that never changes is a mistake: a number, a comparison of numbers.
  const compiled = compileExpression(cursor.model, expression, { actor });
  if (!('problem' in compiled) && /^[\d\s()]+$/.test(expression)) return { problem: `${expression} never changes.` };
  return { place: { root: { expression }, actor: actorName(launched, actor), names: [] } };
}

/** A variable of the scopes that has this name, `wbinvd_dirty_mask` or `kvm->lock`; which, where there are several. */
function byName({ cursor }: Launched, actor: number, wanted: string): Found | undefined {
  try {
    const found = namedVariable(cursor, actor, wanted);
    return found && { place: found.place, label: found.place.names.join(' ▸ ') };
  } catch (error) {
    if (error instanceof RequestError) return { problem: `${error.message} Choose one in the Variables view.` };
    throw error;
  }
}

/** The words in a range of guest memory; each has one address, for the guest, the device and the host. */
function atAddress({ debuggee }: Launched, text: string, bytes: number): Found {
  const { words } = debuggee.model.world.topology;
  const named = /^&?([A-Za-z_]\w*)(?:\s*\+\s*(0x[0-9a-f]+|\d+))?$/i.exec(text.trim());
  const base = words.find(({ name }) => name === named?.[1]);
  const number = /^(0x[0-9a-f]+|\d+)$/i.test(text.trim()) ? BigInt(text.trim()) : undefined;
  const address = base ? base.address + BigInt(named?.[2] ?? 0) : number;
  if (address === undefined)
    return { problem: `${text} is not an address: write a number such as 0x1000, or \`&x\` for that of the word x.` };
  const end = address + BigInt(Math.max(1, bytes));
  const inside = words.filter((one) => one.address < end && one.address + 8n > address);
  if (inside.length === 0) {
    const known = words.map((one) => `0x${one.address.toString(16)} (${one.name})`).join(', ');
    return {
      problem: `No word of the scenario is at ${text}; there ${words.length === 1 ? 'is' : 'are'} ${known || 'none'}.`,
    };
  }
  const names = inside.map(({ name }) => name);
  return { place: { root: { words: names }, actor: '', names: [] }, label: `${text}: ${names.join(', ')}` };
}
