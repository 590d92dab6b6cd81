// The steps of the walkthrough: what its buttons do, and when each is done.
import { COMMAND_IDS } from '@snoopscope/server/protocol';
import { commands, Disposable, debug, window } from 'vscode';
import { debugType, debugUntil } from './debugging.ts';
import { galleryUri } from './gallery/gallery-files.ts';

export type WalkthroughStep = 'open' | 'find' | 'back' | 'explore' | 'compare';

const first = galleryUri('wbinvd/local-cpu-not-flushed.snoop');

/** VS Code marks the step as done, and remembers it. */
export function stepDone(step: WalkthroughStep): void {
  void commands.executeCommand('setContext', `snoopscope.done.${step}`, true);
}

export function registerWalkthrough(): Disposable {
  return Disposable.from(
    window.onDidChangeActiveTextEditor((editor) => {
      if (editor?.document.languageId === 'snoop') stepDone('open');
    }),
    debug.registerDebugAdapterTrackerFactory(debugType, { createDebugAdapterTracker }),
    commands.registerCommand('snoopscope.walkthrough.open', () => window.showTextDocument(first)),
    commands.registerCommand('snoopscope.walkthrough.find', () => debugUntil(first, 'v5.11', 'stale-read')),
    commands.registerCommand('snoopscope.walkthrough.explore', () =>
      commands.executeCommand(COMMAND_IDS.explore, first),
    ),
    commands.registerCommand('snoopscope.walkthrough.compare', () =>
      commands.executeCommand(COMMAND_IDS.compare, first, ['v5.11', 'v5.12']),
    ),
  );
}

/** Looks at what the debugger finds, and at the user going back from there. */
function createDebugAdapterTracker() {
  let found = false;
  return {
    onDidSendMessage: ({ event, body }: { event?: string; body?: { reason?: string; text?: string } }) => {
      if (event !== 'stopped' || body?.reason !== 'exception') return;
      found = true;
      stepDone('find');
    },
    onWillReceiveMessage: ({ command }: { command?: string }) => {
      if (found && (command === 'stepBack' || command === 'reverseContinue')) stepDone('back');
    },
  };
}
