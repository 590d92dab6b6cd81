/** The language server's side of the editor. Loaded after the page has been painted. */
import { createTransportToWorker, MonacoLspClient } from 'monaco-lsp-client';

/** Diagnostics, hover, completion and what else the server has, for every scenario that is open. */
export function connectLanguage(port: MessagePort): void {
  port.start();
  new MonacoLspClient(createTransportToWorker(port as unknown as Worker));
}
