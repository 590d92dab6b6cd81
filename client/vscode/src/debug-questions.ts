// What VS Code has no buttons for in a debug session: who wrote a variable, what if somebody else moved, steps backwards
// over, into and out of calls.
import { commands, type DebugSession, Disposable, debug, l10n, type QuickPickItem, window } from 'vscode';
import { debugType } from './debugging.ts';

/** What VS Code gives to a command in the context menu of a variable. */
interface VariableContext {
  readonly container: { readonly variablesReference?: number; readonly expression?: string };
  readonly variable: { readonly name: string; readonly evaluateName?: string };
}

interface Access {
  readonly kind: 'write' | 'read';
  readonly position: number;
  readonly where: string;
  readonly text: string;
}

export function registerDebugQuestions(): Disposable {
  return Disposable.from(
    commands.registerCommand('snoopscope.whoWroteThis', whoWroteThis),
    commands.registerCommand('snoopscope.letAnotherMove', letAnotherMove),
    commands.registerCommand('snoopscope.reverseStepOver', () => ask('snoopscope/reverseNext')),
    commands.registerCommand('snoopscope.reverseStepInto', () => ask('snoopscope/reverseStepIn')),
    commands.registerCommand('snoopscope.reverseStepOut', () => ask('snoopscope/reverseStepOut')),
    commands.registerCommand('snoopscope.toggleHexadecimal', () => ask('snoopscope/numbers')),
  );
}

/** The list of accesses, the latest first; the chosen one is gone to. */
async function whoWroteThis(given?: VariableContext): Promise<void> {
  const session = ours();
  if (!session) return;
  const name =
    given?.variable.name ?? (await window.showInputBox({ prompt: l10n.t('Of what? A name or an expression, [x]') }));
  if (!name) return;
  const { label, accesses } = await session.customRequest('snoopscope/who', {
    name: given?.variable.evaluateName ?? name,
    ...(given &&
      given.variable.evaluateName === undefined && { variablesReference: given.container.variablesReference, name }),
  });
  if (accesses.length === 0) {
    void window.showInformationMessage(l10n.t('Nobody has written {0} up to here: it is as the run began.', label));
    return;
  }
  const items = (accesses as Access[]).map(({ kind, position, where, text }) => ({
    label: `${kind === 'write' ? '$(edit)' : '$(eye)'} ${where}`,
    description: l10n.t('micro-step {0}', position),
    detail: text,
    position,
  }));
  const chosen = await window.showQuickPick(items, {
    placeHolder: l10n.t('Who wrote and read {0}; choose one to go there', label),
  });
  if (chosen) await session.customRequest('snoopscope/seek', { position: chosen.position });
}

/** Who can move here instead of the one that would; the run continues with it, in the past on a branch. */
async function letAnotherMove(): Promise<void> {
  const session = ours();
  if (!session) return;
  const { threadId } = await session.customRequest('snoopscope/position', {});
  const { targets } = await session.customRequest('stepInTargets', { frameId: 0 });
  const items = (targets as { id: number; label: string }[]).map(({ id, label }): QuickPickItem & { id: number } => {
    const [who = '', ...what] = label.split(': ');
    return { label: who, description: what.join(': '), id };
  });
  const chosen = await window.showQuickPick(items, {
    placeHolder: l10n.t('Who moves next?'),
    matchOnDescription: true,
  });
  if (chosen) await session.customRequest('stepIn', { threadId, targetId: chosen.id });
}

/** A request without a question: of the thread that is selected, where it is one of a thread. */
async function ask(request: string): Promise<void> {
  const session = ours();
  const selected = debug.activeStackItem;
  const threadId = selected?.session === session ? selected?.threadId : undefined;
  await session?.customRequest(request, threadId === undefined ? {} : { threadId });
}

function ours(): DebugSession | undefined {
  const session = debug.activeDebugSession;
  if (session?.type === debugType) return session;
  void window.showErrorMessage(l10n.t('Start a Snoopscope debug session first, and stop somewhere in it.'));
  return undefined;
}
