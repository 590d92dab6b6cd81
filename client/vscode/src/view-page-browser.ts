// What runs in the page of a view: shows the pictures that the extension sends, and sends back what their reader wants.
import { defineViews } from '@snoopscope/views';
import type { FromPage, ToPage } from './views/messages.ts';

interface VsCode {
  postMessage(message: FromPage): void;
}

declare function acquireVsCodeApi(): VsCode;

interface View extends HTMLElement {
  picture: unknown;
  words: unknown;
  exploration?: unknown;
  refuse?(): void;
}

const vscode = acquireVsCodeApi();
defineViews();
const view = document.getElementById('view') as View;
view.addEventListener('intent', (event) =>
  vscode.postMessage({ kind: 'intent', intent: (event as CustomEvent).detail }),
);
window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  if (data.kind === 'picture') view.picture = data.picture;
  else if (data.kind === 'exploration') view.exploration = data.exploration;
  else if (data.kind === 'refused') view.refuse?.();
  else if (data.kind === 'words') view.words = data.words;
  else view.picture = undefined;
});
window.addEventListener('blur', () => vscode.postMessage({ kind: 'blurred' }));
vscode.postMessage({ kind: 'ready' });
