/** Registers the simulator's tools with the editor, for its assistants. Only where processes can be started. */
import { type ExtensionContext, lm, McpStdioServerDefinition, workspace } from 'vscode';

const PROVIDER = 'snoopscope';

export function registerAssistantTools(context: ExtensionContext): void {
  const { version } = context.extension.packageJSON as { version: string };
  context.subscriptions.push(
    lm.registerMcpServerDefinitionProvider(PROVIDER, {
      provideMcpServerDefinitions() {
        const server = new McpStdioServerDefinition(
          'Snoopscope',
          // The program that runs extensions is not always Node itself.
          process.execPath,
          [context.asAbsolutePath('dist/mcp.js')],
          { ELECTRON_RUN_AS_NODE: '1' },
          version,
        );
        const folder = workspace.workspaceFolders?.[0]?.uri;
        if (folder?.scheme === 'file') server.cwd = folder;
        return [server];
      },
    }),
  );
}
