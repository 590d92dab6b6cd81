/**
 * What the server and its clients say to each other beyond the Language Server Protocol. No imports: the extension
 * takes these names and types without taking the server.
 */

/**
 * Request from the server to the client: the text of a file that is not open, for `include`.
 *
 * The server sends it when it cannot read the file itself: always in a browser, and on a machine when the URI's scheme
 * is not `file`. Open documents are never asked for; the server has their unsaved text. A client that answers it says
 * so in the initialization options ({@link InitializationOptions.readFile}). An extension answers with
 * `workspace.fs.readFile(Uri.parse(uri))`.
 */
export const READ_FILE_REQUEST = 'snoopscope/readFile';
export interface ReadFileParams {
  /** An absolute URI. */
  readonly uri: string;
}
/** null when there is no such file. */
export type ReadFileResult = { readonly text: string } | null;

/**
 * Request from the server to the client, without parameters: all scenarios of the workspace, for rename and references.
 *
 * The server sends it when it cannot look into the workspace folders itself, as with {@link READ_FILE_REQUEST}. A client
 * that answers it says so in {@link InitializationOptions.findScenarios}. An extension answers with
 * `workspace.findFiles('**\/*.snoop')`.
 */
export const FIND_SCENARIOS_REQUEST = 'snoopscope/findScenarios';
/** Absolute URIs. */
export type FindScenariosResult = { readonly uris: readonly string[] };

/** What a client may say when it starts the server. */
export interface InitializationOptions {
  /** The client answers {@link READ_FILE_REQUEST}. */
  readonly readFile?: boolean;
  /** The client answers {@link FIND_SCENARIOS_REQUEST}. */
  readonly findScenarios?: boolean;
  /** The client has the commands of {@link COMMANDS}; otherwise lenses call {@link SERVER_COMMANDS}. True when left out. */
  readonly commands?: boolean;
  /** The client asks for diagnostics (`textDocument/diagnostic`, `workspace/diagnostic`), so that none are pushed. False when left out. */
  readonly pullDiagnostics?: boolean;
  /** The folder with a page for each diagnostic, as a URI; the repository's when left out. */
  readonly diagnosticPages?: string;
  /** In a browser, the address of `simulator-browser.js`; beside the script of the server when left out. */
  readonly simulator?: string;
  /** For clients without `workspace/configuration`. */
  readonly settings?: Settings;
}

/** The section `snoopscope` of the configuration, as far as the server reads it. */
export interface Settings {
  /** Name of the profile; empty: what the scenario's `kernel` line says, else the newest. */
  readonly kernel?: string;
  readonly inlayHints?: {
    /** The predicted result of each system call that declares none. True when left out. */
    readonly results?: boolean;
  };
}

/** Commands that the client has and that lenses call, each with the URI of the scenario as its only argument. */
export const COMMAND_IDS = {
  debug: 'snoopscope.debugScenario',
  check: 'snoopscope.checkScenario',
  explore: 'snoopscope.explore',
  compare: 'snoopscope.compareKernels',
  bisect: 'snoopscope.bisect',
} as const;

/**
 * Commands of the server itself (`workspace/executeCommand`), each with the URI of an open scenario as its only argument. They
 * return text. Lenses call them where the client has none of {@link COMMANDS}.
 */
export const SERVER_COMMANDS = {
  run: 'snoopscope.server.run',
  check: 'snoopscope.server.check',
  explore: 'snoopscope.server.explore',
} as const;
export type CommandName = keyof typeof SERVER_COMMANDS;
