import type { InitializeParams } from 'vscode-languageserver';

/** What the client can show. */
export interface Client {
  readonly markdownHover: boolean;
  readonly markdownCompletion: boolean;
  readonly markdownSignature: boolean;
  readonly snippets: boolean;
  readonly configuration: boolean;
  readonly watchedFiles: boolean;
  readonly refreshesHints: boolean;
  readonly refreshesLenses: boolean;
  readonly refreshesDiagnostics: boolean;
  readonly configurationChanges: boolean;
  readonly folderChanges: boolean;
  readonly versionedEdits: boolean;
  /** It shows what cannot be done, with the reason. */
  readonly disabledActions: boolean;
}

export function clientOf(capabilities: InitializeParams['capabilities']): Client {
  const { textDocument, workspace } = capabilities;
  return {
    markdownHover: textDocument?.hover?.contentFormat?.includes('markdown') ?? false,
    markdownCompletion: textDocument?.completion?.completionItem?.documentationFormat?.includes('markdown') ?? false,
    markdownSignature:
      textDocument?.signatureHelp?.signatureInformation?.documentationFormat?.includes('markdown') ?? false,
    snippets: textDocument?.completion?.completionItem?.snippetSupport ?? false,
    configuration: workspace?.configuration ?? false,
    folderChanges: workspace?.workspaceFolders ?? false,
    disabledActions: textDocument?.codeAction?.disabledSupport ?? false,
    versionedEdits: workspace?.workspaceEdit?.documentChanges ?? false,
    configurationChanges: workspace?.didChangeConfiguration?.dynamicRegistration ?? false,
    watchedFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false,
    refreshesLenses: workspace?.codeLens?.refreshSupport ?? false,
    refreshesDiagnostics: workspace?.diagnostics?.refreshSupport ?? false,
    refreshesHints: workspace?.inlayHint?.refreshSupport ?? false,
  };
}
