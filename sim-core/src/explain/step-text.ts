/**
 * What one micro-step of a recorded run did, in words, also when it did nothing: what happened, what changed, what was
 * decided and which functions returned. Cost: a cursor that follows the steps that are asked about.
 */
import type { AnyRoutine } from '../engine/routine.ts';
import type { Cursor, Run, StepInfo } from '../engine/run.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { decisionOf } from './decisions.ts';
import { andList, describeEvent } from './event-text.ts';
import { ObjectNames } from './object-names.ts';
import { Frames } from './seen-steps.ts';
import { changeText } from './slot-names.ts';

/** A kernel function and the step in it with which a micro-step begins. */
export interface Begun {
  readonly routine: AnyRoutine;
  readonly step: number;
  /** Slots of its locals in the state. */
  readonly locals: number;
}

interface Read {
  readonly said: readonly string[];
  readonly silent: readonly string[];
  readonly returned: readonly string[];
}

export class StepTexts {
  readonly #run: Run;
  readonly #names: ObjectNames;
  readonly #cursor: Cursor;
  readonly #frames: Frames;

  constructor(run: Run, names = new ObjectNames(run)) {
    this.#run = run;
    this.#names = names;
    this.#cursor = run.cursor();
    this.#frames = new Frames(run.model);
  }

  /** What a step did, in parts: never empty. */
  of(step: number): string[] {
    const { said, silent, returned } = this.#read(step);
    return [...(said.length > 0 ? said : silent), ...returned];
  }

  /** The same without what only says that nothing happened, and without returns. */
  happenings(step: number): readonly string[] {
    return this.#read(step).said;
  }

  #read(step: number): Read {
    const { model, log } = this.#run;
    const info = this.#run.step(step);
    this.#cursor.seek(step);
    const begun = info.actor < 0 ? undefined : this.#begun(info.actor);
    const parts: string[] = [];
    /** By slot: what it held before the step, and the part that says so. */
    const changed = new Map<number, { readonly old: number; readonly part: number }>();
    const returned: { readonly name: string; readonly value: string }[] = [];
    const called: string[] = [];
    for (let event = info.firstEvent; event < info.endEvent; event++) {
      const at = event * EVENT_WIDTH;
      const [code, a, b] = [log[at]!, log[at + 1]!, log[at + 2]!];
      if (code >= 0) {
        const before = changed.get(code);
        const text = changeText(model, this.#names, event, code, before?.old ?? a, b);
        if (text === undefined) continue;
        // What is as it was before, such as a lock that was taken and dropped, has not changed.
        if (before) parts[before.part] = before.old === b ? '' : text;
        else changed.set(code, { old: a, part: parts.push(text) - 1 });
        continue;
      }
      if (code === NOTE.step) continue;
      if (code === NOTE.call) {
        const routine = model.world.routines.routines[b];
        if (routine?.kind === 'kernel') called.push(`${routine.name}()`);
        continue;
      }
      // The result of a whole statement is said with the statement.
      if (code === NOTE.done) returned.pop();
      const described = describeEvent(model, log, event, this.#names);
      if (code === NOTE.return) {
        const name = `${model.world.routines.routines[b]?.name}()`;
        if (described) returned.push({ name, value: described.text.split(' → ')[1] ?? '' });
        // Some findings are whole sentences; here they are parts of one.
      } else if (described) parts.push(described.text.replace(/\.$/, ''));
    }
    const decision = begun && decisionOf(this.#run, this.#names, this.#cursor.state, begun, info);
    if (decision !== undefined) parts.unshift(decision);
    return {
      said: parts.filter((part) => part !== ''),
      silent: begun ? silently(begun, called) : this.#quietly(info, called),
      returned: returnsText(returned),
    };
  }

  /** A step outside of the kernel that left no trace in the log. */
  #quietly({ actor, node: id, alternative }: StepInfo, called: readonly string[]): string[] {
    const node = actor < 0 ? undefined : this.#run.model.nodes[id];
    if (node?.kind === 'choose')
      return [`takes alternative ${alternative + 1}`, ...(called.length > 0 ? [`calls ${called.join(', ')}`] : [])];
    if (node?.kind !== 'statement') return [];
    if (node.routine.name === 'wait') return ['what it waits for holds'];
    return silently({ routine: node.routine, step: 0 }, called);
  }

  /** The function that an actor is in before a step. */
  #begun(actor: number): Begun | undefined {
    const { model } = this.#run;
    const { state } = this.#cursor;
    const depth = state[model.tasks.depth.base + actor]!;
    if (depth === 0) return undefined;
    const place = this.#frames.base + actor * this.#frames.perActor + (depth - 1) * this.#frames.slots;
    const { routine: id, step } = this.#frames.at(state[place]!);
    const routine = model.world.routines.routines[id];
    return routine?.kind === 'kernel' ? { routine, step, locals: place + 1 } : undefined;
  }
}

/** A step that changed nothing: what it called, or what it is for. */
function silently({ routine, step }: Pick<Begun, 'routine' | 'step'>, called: readonly string[]): string[] {
  const about = routine.steps[step]?.about ?? '';
  const calls = called.length > 0 ? [`calls ${called.join(', ')}`] : [];
  if (about === '') return calls;
  return routine.kind === 'kernel' || calls.length === 0 ? [about] : calls;
}

/** `a() and b() return 0`: one part for each value. */
function returnsText(returned: readonly { readonly name: string; readonly value: string }[]): string[] {
  const values = [...new Set(returned.map(({ value }) => value))];
  return values.map((value) => {
    const names = returned.filter((one) => one.value === value).map(({ name }) => name);
    return `${andList(names)} return${names.length === 1 ? 's' : ''} ${value}`;
  });
}
