/** The worker of the page: language server, debug adapter and explorer around one simulator. */
import { resolveBeside, SnoopscopeDebugSession } from '@snoopscope/debug-adapter';
import { serveIn } from '@snoopscope/server/browser';
import { simulation } from '@snoopscope/server/simulation';
import { work } from './jobs.ts';
import type { FromWorker, PageToWorker } from './messages.ts';

let files: Readonly<Record<string, string>> = {};
const cancelled = new Set<number>();

self.onmessage = ({ data }: MessageEvent<PageToWorker>): void => {
  switch (data.kind) {
    case 'language':
      serveLanguage(data.port);
      return;
    case 'debug':
      serveDebugger(data.port);
      return;
    case 'files':
      files = data.files;
      return;
    case 'job':
      void work(data.job, {
        send: (answer) => {
          if (!cancelled.has(data.id)) self.postMessage({ kind: 'answer', id: data.id, answer } satisfies FromWorker);
        },
        cancelled: () => cancelled.has(data.id),
        read: (path) => files[resolveBeside(data.job.path, path)],
      });
      return;
    case 'cancel':
      cancelled.add(data.id);
  }
};

function serveLanguage(port: MessagePort): void {
  serveIn(port, { simulation });
  port.start();
}

function serveDebugger(port: MessagePort): void {
  const session = new SnoopscopeDebugSession({
    readBytes: () => Promise.reject(new Error('the page has no traces')),
    resolve: resolveBeside,
    async readFile(path) {
      const text = files[path];
      if (text === undefined) throw new Error('the page has no such file');
      return text;
    },
  });
  session.onDidSendMessage((message) => port.postMessage(message));
  port.onmessage = ({ data }) => session.handleMessage(data);
}
