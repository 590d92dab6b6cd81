import { type Diagnostic, KERNELS_FILE, profileLike } from '@snoopscope/sim-core';
import {
  type CancellationToken,
  CodeLensRefreshRequest,
  type Connection,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
} from 'vscode-languageserver';
import { type Client, clientOf } from './client.ts';
import { Documents } from './documents.ts';
import { ElaborationTimes } from './elaboration-times.ts';
import type { Positions } from './encodings.ts';
import type { Extras } from './extras.ts';
import { hasErrors } from './features/diagnostics.ts';
import type { ResultHint } from './features/results.ts';
import { fetchedOnce, type SimulationSource } from './fetched-simulation.ts';
import { Handlers } from './handlers.ts';
import type { ReadFile } from './includes.ts';
import { problemOfFile } from './kernel-files.ts';
import { LastResults } from './last-results.ts';
import {
  type CommandName,
  READ_FILE_REQUEST,
  type ReadFileParams,
  type ReadFileResult,
  type Settings,
} from './protocol.ts';
import { modified, NOT_CANCELLED } from './refusals.ts';
import { readInitializationOptions, readSettings } from './settings.ts';
import type { Simulation } from './simulation.ts';
import { delay, inSlices } from './slices.ts';
import type { Snapshot } from './snapshot.ts';
import { toDiagnostic } from './to-lsp.ts';
import { Warnings } from './warnings.ts';
import { type FindScenarios, Workspace } from './workspace.ts';

/** What the server needs of the world outside. */
export interface Host {
  /** The folder with a page for each diagnostic, when the process has one beside it. */
  readonly diagnosticPages?: string;
  /** Asked once, for the first scenario or request. */
  readonly simulation: SimulationSource;
  /** Converts positions for a client that does not count UTF-16, of the encodings that it offers; without it all is UTF-16. */
  readonly positionsFor?: (offered: unknown) => Positions | undefined;
  /** Reads the URIs that the process itself can read; undefined for all others, for which the client is asked. */
  readonly readFile?: (uri: string) => ReturnType<ReadFile> | undefined;
  /** Lists the scenarios of the folders that the process itself can look into; undefined for all others. */
  readonly findScenarios?: FindScenarios;
}

/** A look at the text that takes longer waits until no change has come for as long as it takes: half of the time is the author's. */
const SLOW_CHECK_MS = 50;
/** Without a change for so long, the author has stopped typing. */
const PAUSE_MS = 200;
/** Between two keystrokes of a fast typist. */
const SHORT_PAUSE_MS = 60;

/** One client's documents and settings, and what is published about them. */
export class Session {
  readonly connection: Connection;
  readonly documents: Documents;
  readonly handlers: Handlers;
  readonly workspace: Workspace;
  client: Client = clientOf({});
  options = readInitializationOptions(undefined);
  readonly #positionsFor: Host['positionsFor'];
  readonly #pauses = new Map<string, ReturnType<typeof setTimeout>>();
  /** The last look at each document: those before it are given up. */
  readonly #looks = new Map<string, symbol>();
  readonly #elaborations = new ElaborationTimes();
  /** How long the last look at its text took. */
  readonly #checkMs = new Map<string, number>();
  readonly #hints = new WeakMap<Snapshot, readonly ResultHint[]>();
  /** What kernels will say to the statements of a snapshot, once that is known. */
  readonly #predictions = new WeakMap<Snapshot, readonly Diagnostic[]>();
  /** Documents for which a client that asks was pushed predictions. */
  readonly #pushed = new Set<string>();
  readonly #verdicts = new WeakMap<Snapshot, string>();
  readonly #lineNotes = new WeakMap<Snapshot, ReadonlyMap<number, string>>();
  /** What calls returned, for completion: it waits for no prediction. */
  readonly lastResults = new LastResults();
  readonly #warnings: Warnings;
  #simulation: Simulation | undefined;
  readonly #pages: string | undefined;
  readonly #getSimulation: () => Promise<Simulation>;

  constructor(connection: Connection, host: Host) {
    this.connection = connection;
    this.#warnings = new Warnings(connection);
    const { simulation } = host;
    this.#pages = host.diagnosticPages;
    this.#positionsFor = host.positionsFor;
    if (typeof simulation !== 'function') this.#simulation = simulation;
    this.#getSimulation = fetchedOnce(simulation, () => this.options.simulator);
    this.documents = new Documents(async (uri) => {
      try {
        return await (host.readFile?.(uri) ?? this.#askForFile(uri));
      } catch (error) {
        this.handlers.reportBug(`reading ${uri}`, error);
        return undefined;
      }
    });
    this.handlers = new Handlers(connection, this.documents);
    this.documents.kernelFiles.complain = (uri, problems, text) => {
      if (problems.length > 0) this.#warnings.say(`${uri}: ${problems.map(({ message }) => message).join(' ')}`);
      void connection.sendDiagnostics({ uri, diagnostics: problems.map((problem) => problemOfFile(problem, text)) });
    };
    this.workspace = new Workspace(connection, this.documents, host.findScenarios ?? (() => undefined), () => {
      for (const uri of this.documents.uris) if (this.documents.dependsOnOthers(uri)) this.validate(uri);
    });
  }

  initialize(params: InitializeParams): void {
    this.client = clientOf(params.capabilities ?? {});
    this.documents.positions = this.#positionsFor?.(params.capabilities?.general?.positionEncodings);
    this.options = readInitializationOptions(params.initializationOptions, this.#pages);
    this.workspace.initialize(params);
    this.workspace.asksClient = this.options.findScenarios;
  }

  async initialized(): Promise<void> {
    if (this.client.folderChanges)
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) =>
        this.workspace.changeFolders(added, removed),
      );
    if (this.client.configurationChanges)
      await this.connection.client.register(DidChangeConfigurationNotification.type, { section: 'snoopscope' });
    if (this.client.watchedFiles) {
      await this.connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.snoop' }, { globPattern: `**/${KERNELS_FILE}` }],
      });
    }
  }

  /** Looks at a document and publishes what is wrong with it: at once, unless that takes so long that typing would wait. */
  validate(uri: string): void {
    this.#endPause(uri);
    const look = Symbol('look');
    this.#looks.set(uri, look);
    const tookMs = this.#checkMs.get(uri) ?? 0;
    if (tookMs <= SLOW_CHECK_MS)
      void this.handlers.take('looking at a document', () => this.#validateNow(uri, look))(undefined);
    else this.#afterPause(uri, Math.min(tookMs, PAUSE_MS), () => this.#validateNow(uri, look));
  }

  async #validateNow(uri: string, look: symbol): Promise<void> {
    const snapshot = this.documents.snapshot(uri);
    if (snapshot === undefined) return;
    const missing = this.documents.missing(uri);
    if (this.documents.kernelFiles.missingFor(uri) !== undefined)
      void this.handlers.take('reading the names of kernels', () => this.#readKernels(uri))(undefined);
    if (missing.length > 0) {
      this.#publish(snapshot, snapshot.scenario.diagnostics);
      void this.handlers.take('reading includes', () => this.#readIncludes(uri, missing))(undefined);
      return;
    }
    const isWanted = () => this.#looks.get(uri) === look;
    const simulation = this.#simulation;
    if (!simulation) {
      this.#publish(snapshot, snapshot.scenario.diagnostics);
      void this.handlers.take('fetching the simulator', async () => {
        this.#simulation = await this.#getSimulation();
        this.validate(uri);
      })(undefined);
      return;
    }
    const text = await inSlices(simulation.checking(snapshot), isWanted, (ms) => this.#checkMs.set(uri, ms));
    if (text === undefined) return;
    const instant = this.#elaborations.isInstant(uri);
    if (hasErrors(text)) {
      // What does not depend on the wrong lines is predicted all the same, once the author pauses.
      this.#publish(snapshot, text);
      if (instant) await this.#hintsOf(snapshot, NOT_CANCELLED);
      this.#afterPause(uri, PAUSE_MS, () => this.#predict(snapshot, text, simulation, isWanted));
    } else {
      const finish = async () => {
        const problems = await this.#elaborate(snapshot, simulation, isWanted);
        if (problems === undefined) return;
        if (instant || problems.length > 0) this.#publish(snapshot, [...text, ...problems]);
        // What a call returns is offered first to an author who declares it next: that does not wait for all kernels.
        if (instant) await this.#hintsOf(snapshot, NOT_CANCELLED);
        await this.#predict(snapshot, [...text, ...problems], simulation, isWanted);
      };
      // What is wrong with the text does not wait for what takes long.
      if (!instant) this.#publish(snapshot, text);
      if (instant) await finish();
      else this.#afterPause(uri, this.#elaborations.isQuick(uri) ? SHORT_PAUSE_MS : PAUSE_MS, finish);
    }
  }

  /** Everything that is known to be wrong with a document: what fixes are offered for. */
  async diagnosticsOf(snapshot: Snapshot, token: CancellationToken): Promise<readonly Diagnostic[]> {
    const text = await this.checksOf(snapshot, () => this.#isWanted(snapshot, token));
    return [...(text ?? []), ...(this.#predictions.get(snapshot) ?? [])];
  }

  /** What a client that asks for diagnostics is answered. */
  async pulled(snapshot: Snapshot, token: CancellationToken): Promise<readonly Diagnostic[]> {
    if (this.client.refreshesDiagnostics) return this.diagnosticsOf(snapshot, token);
    return (await this.checksOf(snapshot, () => this.#isWanted(snapshot, token))) ?? [];
  }

  /** What is wrong with the text; undefined when it is not wanted any more. */
  async checksOf(snapshot: Snapshot, isWanted: () => boolean): Promise<readonly Diagnostic[] | undefined> {
    return inSlices((await this.#getSimulation()).checking(snapshot), isWanted);
  }

  /** The first request waits for them. */
  async extras(): Promise<Extras> {
    return (await this.#getSimulation()).extras;
  }

  /** A command of the server about an open document; an edit meanwhile ends it. */
  async command(name: CommandName, uri: string, token: CancellationToken): Promise<string | undefined> {
    const snapshot = this.documents.snapshot(uri);
    if (snapshot === undefined) return undefined;
    const simulation = await this.#getSimulation();
    const answer = await inSlices(simulation.command(snapshot, name), () => this.#isWanted(snapshot, token));
    if (answer?.verdict !== undefined) {
      this.#verdicts.set(snapshot, answer.verdict);
      if (this.client.refreshesLenses) this.connection.sendRequest(CodeLensRefreshRequest.type).catch(() => {});
    }
    return answer?.text;
  }

  /** What the last check of a document came to, unless it was edited since. */
  verdictOf(snapshot: Snapshot): string | undefined {
    return this.#verdicts.get(snapshot);
  }

  /** What is predicted of a line, as far as it is known: no request waits for it. */
  noteOf(snapshot: Snapshot, line: number): string | undefined {
    return this.#lineNotes.get(snapshot)?.get(line);
  }

  /** Runs the scenario and publishes what comes of it. */
  async #predict(
    snapshot: Snapshot,
    text: readonly Diagnostic[],
    simulation: Simulation,
    isWanted: () => boolean,
  ): Promise<void> {
    const { kernel } = this.documents.settings(snapshot.uri);
    const chosen = profileLike(kernel ?? '', snapshot.scenario.named) !== undefined;
    await delay(0);
    const found = isWanted() ? await inSlices(simulation.predictions(snapshot, chosen), isWanted) : undefined;
    if (found === undefined) return;
    this.#predictions.set(snapshot, found);
    if (found.length > 0) this.#publish(snapshot, [...text, ...found]);
    await this.#hintAgain(snapshot);
    const notes = await inSlices(simulation.notes(snapshot), isWanted);
    if (notes !== undefined) this.#lineNotes.set(snapshot, notes);
  }

  /** What calls return in other orders is known only now. */
  async #hintAgain(snapshot: Snapshot): Promise<void> {
    const before = this.#hints.get(snapshot);
    this.#hints.delete(snapshot);
    const hints = await this.#hintsOf(snapshot, NOT_CANCELLED);
    if (before?.some(({ text }, index) => text !== hints?.[index]?.text)) this.refreshHints();
  }

  /** Looks again at every document whose answer may depend on a file. */
  validateIncluding(uri: string): void {
    for (const other of this.documents.including(uri)) if (other !== uri) this.validate(other);
  }

  close(uri: string): void {
    this.#endPause(uri);
    this.#elaborations.forget(uri);
    this.#checkMs.delete(uri);
    this.lastResults.forget(uri);
    this.#pushed.delete(uri);
    this.#looks.delete(uri);
    this.documents.close(uri);
    void this.connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  /** All scenarios that may share names with a document. Fails with ContentModified when it is edited meanwhile. */
  async workspaceOf({ uri, version }: Snapshot): ReturnType<Workspace['families']> {
    const found = await this.workspace.families(uri);
    if (this.documents.snapshot(uri)?.version !== version) throw modified();
    return found;
  }

  /** Asks for the settings of a document and looks at it again when they matter. */
  async configure(uri: string): Promise<void> {
    const settings = await this.#settingsOf(uri);
    const before = this.documents.settings(uri);
    if (settings.kernel === before.kernel && settings.inlayHints?.results === before.inlayHints?.results) return;
    this.documents.configure(uri, settings);
    if (await this.documents.kernelFiles.read(uri)) this.documents.refreshKernels();
    this.#warnings.ofKernel(settings.kernel, this.documents.kernelFiles.namedFor(uri));
    this.validate(uri);
    this.refreshHints();
  }

  refreshHints(): void {
    if (this.client.refreshesHints) this.connection.languages.inlayHint.refresh().catch(() => {});
  }

  /** The predictions for a document as it is now. Fails with ContentModified when it is edited meanwhile: the client asks again. */
  async hints(uri: string, token: CancellationToken): Promise<readonly ResultHint[]> {
    const version = this.documents.snapshot(uri)?.version;
    while (!token.isCancellationRequested) {
      const snapshot = this.documents.snapshot(uri);
      if (snapshot === undefined || snapshot.version !== version) throw modified();
      const hints = await this.#hintsOf(snapshot, token);
      if (hints !== undefined) return hints;
    }
    return [];
  }

  /** Runs in slices; undefined when it is not wanted any more, or something that it depends on has changed. */
  async #hintsOf(snapshot: Snapshot, token: CancellationToken): Promise<readonly ResultHint[] | undefined> {
    const known = this.#hints.get(snapshot);
    if (known !== undefined) return known;
    const isWanted = () => this.#isWanted(snapshot, token);
    if (!this.#elaborations.isQuick(snapshot.uri)) await delay(PAUSE_MS);
    if (!isWanted()) return undefined;
    const simulation = await this.#getSimulation();
    const text = await inSlices(simulation.checking(snapshot), isWanted);
    if (text === undefined) return undefined;
    if (!hasErrors(text) && (await this.#elaborate(snapshot, simulation, isWanted)) === undefined) return undefined;
    const hints = await inSlices(simulation.hints(snapshot), isWanted);
    if (hints === undefined) return undefined;
    this.#hints.set(snapshot, hints);
    this.lastResults.take(snapshot, hints);
    return hints;
  }

  #isWanted(snapshot: Snapshot, token: CancellationToken): boolean {
    return !token.isCancellationRequested && this.documents.snapshot(snapshot.uri) === snapshot;
  }

  #elaborate(
    snapshot: Snapshot,
    simulation: Simulation,
    isWanted: () => boolean,
  ): Promise<readonly Diagnostic[] | undefined> {
    return inSlices(simulation.problems(snapshot), isWanted, (ms) => this.#elaborations.take(snapshot.uri, ms));
  }

  #publish(snapshot: Snapshot, diagnostics: readonly Diagnostic[]): void {
    if (!this.options.pullDiagnostics) this.#push(snapshot, diagnostics);
    else if (!this.client.refreshesDiagnostics) this.#pushPredictions(snapshot);
    // The client asks; what it was answered before may be out of date by now.
    else if (this.#predictions.has(snapshot))
      this.connection.sendRequest(DiagnosticRefreshRequest.type).catch(() => {});
  }

  /** A client that asks, and that cannot be told to ask again, is pushed what is known too late for its answer, and nothing else. */
  #pushPredictions(snapshot: Snapshot): void {
    const predicted = this.#predictions.get(snapshot) ?? [];
    const { uri } = snapshot;
    if (predicted.length === 0 && !this.#pushed.has(uri)) return;
    if (predicted.length > 0) this.#pushed.add(uri);
    else this.#pushed.delete(uri);
    this.#push(snapshot, predicted);
  }

  #push(snapshot: Snapshot, diagnostics: readonly Diagnostic[]): void {
    const { uri, version } = snapshot;
    void this.connection.sendDiagnostics({
      uri,
      version,
      diagnostics: this.handlers.outgoing(
        diagnostics.map((one) => toDiagnostic(one, snapshot, this.options.diagnosticPages)),
        snapshot,
      ),
    });
  }

  #afterPause(uri: string, pauseMs: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => void this.handlers.take('looking at a document', work)(undefined), pauseMs);
    this.#pauses.set(uri, timer);
  }

  #endPause(uri: string): void {
    clearTimeout(this.#pauses.get(uri));
    this.#pauses.delete(uri);
  }

  async #readIncludes(uri: string, missing: readonly string[]): Promise<void> {
    await this.documents.includes.read(missing);
    this.documents.refresh();
    this.validate(uri);
    this.refreshHints();
  }

  /** Most documents name no kernel of the workspace: they are looked at meanwhile, and again only where it matters. */
  async #readKernels(uri: string): Promise<void> {
    await this.documents.kernelFiles.read(uri);
    const changed = this.documents.refreshKernels();
    for (const other of changed) this.validate(other);
    if (changed.length > 0) this.refreshHints();
  }

  async #askForFile(uri: string): Promise<string | undefined> {
    if (!this.options.readFile) return undefined;
    const params: ReadFileParams = { uri };
    try {
      const result = await this.connection.sendRequest<ReadFileResult>(READ_FILE_REQUEST, params);
      return typeof result?.text === 'string' ? result.text : undefined;
    } catch {
      // The client says that it cannot: the diagnostic at the `include` line says the rest.
      return undefined;
    }
  }

  async #settingsOf(uri: string): Promise<Settings> {
    if (!this.client.configuration) return this.options.settings;
    return readSettings(await this.connection.workspace.getConfiguration({ scopeUri: uri, section: 'snoopscope' }));
  }
}
