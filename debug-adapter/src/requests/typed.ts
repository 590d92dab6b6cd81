/** What is typed in the debug console: a command, or an expression. */
import { type ConsoleCommand, commandOf } from '../console.ts';
import type { Focus } from '../movement.ts';
import { RequestError } from '../request-error.ts';
import { type Launched, launchedOf, type RequestAnswer, type SessionState } from '../session-state.ts';
import { setAnywhere } from './changes.ts';
import { goTo } from './goto.ts';
import { enterBranch, stepBackwards } from './movement.ts';
import { saveAs } from './save.ts';

/** The answer to a command; undefined when the text is an expression. */
export function typedCommand(
  state: SessionState,
  focus: Focus,
  text: string,
): RequestAnswer | Promise<RequestAnswer> | undefined {
  const launched = launchedOf(state);
  const called = commandOf(launched.debuggee.model, focus.actor, text);
  if (!called) return undefined;
  if ('problem' in called) throw new RequestError(called.problem);
  const { command, argument } = called;
  const { effect } = command;
  const result = command.run(launched, focus, argument).join('\n');
  const body = { result: effect?.kind === 'changes numbers' ? numbersText(state) : result, variablesReference: 0 };
  if (!effect || (argument === '' && effect.kind !== 'steps back' && effect.kind !== 'changes numbers'))
    return { body };
  if (effect.kind === 'saves') return saveAs(state, argument);
  return { body, ...effectOf(state, launched, effect, argument) };
}

function effectOf(
  state: SessionState,
  launched: Launched,
  effect: Exclude<NonNullable<ConsoleCommand['effect']>, { kind: 'saves' }>,
  argument: string,
): RequestAnswer {
  switch (effect.kind) {
    case 'sets':
      return setAnywhere(state, argument);
    case 'goes':
      return withoutBody(goTo(state, Number(argument)));
    case 'enters': {
      const branch = Number(argument);
      if (!launched.branches.all[branch - 1])
        throw new RequestError(`There is no branch ${branch}: there are ${launched.branches.all.length}.`);
      return { after: () => enterBranch(state, branch) };
    }
    case 'steps back':
      return withoutBody(stepBackwards(state, {}, effect.step));
    case 'changes numbers':
      return { after: () => toggleNumbers(state) };
  }
}

function withoutBody({ after }: RequestAnswer): RequestAnswer {
  return after ? { after } : {};
}

/** Decimal or hexadecimal, until it is asked for again. */
export function numbers(state: SessionState): RequestAnswer {
  return { body: { hexadecimal: !state.hexadecimal }, after: () => toggleNumbers(state) };
}

function numbersText({ hexadecimal }: SessionState): string {
  return `Numbers are ${hexadecimal ? 'decimal' : 'hexadecimal'} from now on; \`hex\` changes that again.`;
}

function toggleNumbers(state: SessionState): void {
  state.hexadecimal = !state.hexadecimal;
  state.emit('invalidated', { areas: ['variables'] });
}
