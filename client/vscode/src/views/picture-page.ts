// A page with one picture in it, in a panel's view or in an editor: what both have in common.
import type { ExplorationState, Intent, Picture } from '@snoopscope/views/draw';
import { Disposable, env, Uri, type Webview } from 'vscode';
import type { FromPage, ToPage } from './messages.ts';
import { viewPage } from './page.ts';
import { viewWords } from './view-words.ts';

export class PicturePage extends Disposable {
  readonly #webview: Webview;
  #ready = false;
  #message: ToPage = { kind: 'nothing' };
  #exploration: ToPage | undefined;

  constructor(
    webview: Webview,
    {
      extension,
      element,
      title,
      onIntent,
      onBlurred = () => {},
    }: {
      extension: Uri;
      element: string;
      title: string;
      onIntent: (intent: Intent) => void;
      onBlurred?: () => void;
    },
  ) {
    const folder = Uri.joinPath(extension, 'dist');
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    const listener = webview.onDidReceiveMessage((message: FromPage) => {
      if (message.kind === 'intent' && message.intent.kind === 'copy')
        void env.clipboard.writeText(message.intent.text);
      else if (message.kind === 'intent') onIntent(message.intent);
      else if (message.kind === 'blurred') onBlurred();
      else this.#begin();
    });
    super(() => listener.dispose());
    this.#webview = webview;
    const script = webview.asWebviewUri(Uri.joinPath(folder, 'view-page-browser.js')).toString();
    webview.html = viewPage({ script, nonce: nonce(), element, title, language: env.language });
  }

  show(picture: Picture | undefined): void {
    this.#message = picture ? { kind: 'picture', picture } : { kind: 'nothing' };
    if (this.#ready) void this.#webview.postMessage(this.#message);
  }

  /** The cursor stays where the last picture has it. */
  refuse(): void {
    if (this.#ready) void this.#webview.postMessage({ kind: 'refused' } satisfies ToPage);
  }

  showExploration(exploration: ExplorationState): void {
    this.#exploration = { kind: 'exploration', exploration };
    if (this.#ready) void this.#webview.postMessage(this.#exploration);
  }

  /** The page listens; it may be a new one, since VS Code forgets pages that are hidden. */
  #begin(): void {
    this.#ready = true;
    void this.#webview.postMessage({ kind: 'words', words: viewWords() } satisfies ToPage);
    if (this.#exploration) void this.#webview.postMessage(this.#exploration);
    void this.#webview.postMessage(this.#message);
  }
}

function nonce(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
