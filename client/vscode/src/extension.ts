// The extension on desktop and in remote hosts: the language server is a Node process, and so is what explores.
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import type { ExtensionContext } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { activateSnoopscope } from './activate.ts';
import { registerAssistantTools } from './assistants.ts';
import type { BesideWorker } from './beside-workers.ts';
import type { WorkerReply } from './worker.ts';

export function activate(context: ExtensionContext): Promise<void> {
  registerAssistantTools(context);
  const server = { module: context.asAbsolutePath('dist/server.js'), transport: TransportKind.ipc };
  return activateSnoopscope(context, {
    createClient: async (options) =>
      new LanguageClient('snoopscope', 'Snoopscope', { run: server, debug: server }, options),
    startBeside: async () => besideProcess(fork(context.asAbsolutePath('dist/check.js'), AS_NODE)),
    levelWorker: async () => context.asAbsolutePath('dist/explore-level-worker.js'),
    localPath: ({ scheme, fsPath }) => (scheme === 'file' ? fsPath : undefined),
  });
}

/** Messages are copied as between threads. The program that runs extensions is not always Node itself. */
const AS_NODE: ForkOptions = {
  serialization: 'advanced',
  execArgv: [],
  env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
};

function besideProcess(child: ChildProcess): BesideWorker {
  return {
    post: (message) => {
      if (child.connected) child.send(message);
    },
    listen(onReply, onDeath) {
      child.on('message', (reply) => onReply(reply as WorkerReply));
      child.on('error', ({ message }) => onDeath(message));
      child.on('exit', (code, signal) => onDeath(signal ?? `exit code ${code}`));
    },
    // A process takes nothing with it.
    end: () => void child.kill('SIGKILL'),
  };
}
