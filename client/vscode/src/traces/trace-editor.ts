// A trace that is opened: a page that says what is in it, and offers to debug it.
import { readTraceFile } from '@snoopscope/debug-adapter';
import { type CustomReadonlyEditorProvider, type Disposable, type Uri, window } from 'vscode';
import { files } from '../debugging.ts';
import { fromUri } from '../files.ts';
import { COMPARE_TRACES, DEBUG_TRACE, problemPage, tracePage } from './trace-page.ts';

export const TRACE_EDITOR = 'snoopscope.trace';

export function registerTraceEditor(): Disposable {
  return window.registerCustomEditorProvider(TRACE_EDITOR, editor);
}

const editor: CustomReadonlyEditorProvider = {
  openCustomDocument: (uri) => ({ uri, dispose: () => {} }),

  async resolveCustomEditor({ uri }, { webview }) {
    webview.options = { enableCommandUris: [DEBUG_TRACE, COMPARE_TRACES], localResourceRoots: [] };
    webview.html = await pageOf(uri);
  },
};

async function pageOf(uri: Uri): Promise<string> {
  const name = uri.path.split('/').at(-1) ?? '';
  const nonce = crypto.randomUUID();
  try {
    const { header } = await readTraceFile(files, fromUri(uri));
    return tracePage({ uri: uri.toString(), name, header, nonce });
  } catch (error) {
    return problemPage(name, (error as Error).message, nonce);
  }
}
