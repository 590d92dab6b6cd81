/** From the arguments of a launch to a scenario that is ready to run, or a message that says why not. */
import {
  checkingText,
  type Diagnostic,
  didYouMean,
  elaborating,
  FINDINGS,
  includedFiles,
  KERNELS_FILE,
  type KernelLike,
  kernelLike,
  kernelName,
  likeText,
  type Model,
  type NamedKernels,
  nearest,
  noKernel,
  type ParsedScenario,
  type Profile,
  parse,
  type RunOptions,
  readKernelsFile,
  type Trace,
  type TracedScenario,
  typedSchedule,
} from '@snoopscope/sim-core';
import { baseName, type FileAccessor, reason, samePath } from './file-accessor.ts';
import { type KernelSource, kernelSources } from './kernel-source.ts';
import { Listing } from './listing.ts';
import { RequestError, ScenarioErrors } from './request-error.ts';
import { isTrace, optionsIn, readTraceFile, scenarioIn } from './traced.ts';
import { platformYield, withYields, type Yield } from './yielding.ts';

/** What a launch configuration may say. */
export interface LaunchArguments {
  /** Path or URI of the scenario, or of a trace. */
  readonly program: string;
  /** Kernel to simulate: `v5.11`, `6.8.0-45-generic`, `v6.12+change~change`, a name from `snoopscope.json`. Without it the scenario's `kernel` line, else the newest release. */
  readonly kernel?: string;
  /** `qemu*4 vcpu0 gpu*2`: who moves when. Without it the scenario's `schedule` line. */
  readonly schedule?: string;
  /** Stop before the first step; true when left out. */
  readonly stopOnEntry?: boolean;
  /** Stop first where this is found, `stale-read`, whatever breakpoints and filters stop at on the way. */
  readonly stopOnFinding?: string;
  /** With `stopOnFinding`: at which of the steps that make such a finding; 1 when left out. */
  readonly stopOnFindingCount?: number;
  /** How far `next` goes. */
  readonly granularity?: 'statement' | 'micro';
  /** Micro-steps after which a run that does not end is stopped. */
  readonly maxSteps?: number;
  /** Run to the end without any stop, print what came out, and terminate. */
  readonly noDebug?: boolean;
}

/** The scenario, or a file that it includes. */
export interface SourceFile {
  readonly path: string;
  readonly name: string;
  readonly parsed: ParsedScenario;
}

/** Everything about a launched scenario that does not change while it runs. */
export interface Debuggee {
  readonly arguments: LaunchArguments;
  readonly model: Model;
  readonly profile: Profile;
  /** What its user should know about the kernel, once. */
  readonly remark?: string;
  /** In the order in which `Place.file` counts. */
  readonly sources: readonly SourceFile[];
  /** Included files by their path as written. */
  readonly includes: TracedScenario['includes'];
  readonly runOptions: RunOptions;
  /** Where the run comes from, if from a file of its own. The sources are then those in it, and have no files. */
  readonly trace?: Trace;
  /** The kernel's files as the model has them. Made when somebody asks. */
  readonly kernel: readonly KernelSource[];
  /** Its micro-steps with addresses. Made when somebody asks. */
  readonly listing: Listing;
}

/** The errors because of which a launch would be refused; undefined when the text of the scenario is right. */
export async function scenarioErrors(files: FileAccessor, raw: unknown): Promise<ScenarioErrors | undefined> {
  try {
    await load(files, raw, platformYield());
    return undefined;
  } catch (error) {
    // The launch itself reports anything else that is wrong.
    return error instanceof ScenarioErrors ? error : undefined;
  }
}

/** Other requests are answered meanwhile, between two slices. */
export async function load(files: FileAccessor, raw: unknown, pause: Yield): Promise<Debuggee> {
  const launch = launchArguments(raw);
  if (isTrace(launch.program)) return loadTrace(files, launch, pause);
  const named = await kernelsNamedFor(files, launch.program);
  const main = await readScenario(files, launch.program, named);
  const included = await readIncludes(files, main);
  const includes = (path: string): ParsedScenario | undefined => included.get(path)?.parsed;
  const like = kernelFor(launch.kernel, main.parsed);
  const { profile } = like;
  // All together, so that their number is the one that an editor shows.
  const checked = await withYields(checkingText(main.parsed, { profile, includes }), pause);
  const diagnostics = [...main.parsed.diagnostics, ...checked];
  if (main.parsed.diagnostics.some(isError)) refuse(main, diagnostics);
  refuseProceduresAlone([main, ...included.values()]);
  refuse(main, diagnostics);
  const { model, diagnostics: left } = await withYields(elaborating(main.parsed, { profile, includes }), pause);
  refuse(main, left);
  if (!model) throw new RequestError(`${main.name} cannot be run, and no diagnostic says why.`);
  if (model.world.topology.actors.length === 0) {
    throw new RequestError(`${main.path} has nothing to run: it has no actor, such as \`setup {\` or \`vcpu 0 {\`.`);
  }
  const runOptions = {
    ...(launch.maxSteps === undefined ? {} : { maxSteps: launch.maxSteps }),
    ...(launch.schedule === undefined ? {} : scheduleOptions(model, launch.schedule)),
  };
  return withPages({
    arguments: launch,
    model,
    profile,
    ...(!like.exact && { remark: likeText(kernelName(main.parsed, launch.kernel), like) }),
    sources: [main, ...[...included.values()].filter((source) => source !== main)],
    includes,
    runOptions,
  });
}

/** Pages and listing are made when somebody asks for them, once. */
function withPages(debuggee: Omit<Debuggee, 'kernel' | 'listing'>): Debuggee {
  let kernel: readonly KernelSource[] | undefined;
  let listing: Listing | undefined;
  return {
    ...debuggee,
    get kernel() {
      kernel ??= kernelSources(debuggee.model, debuggee.runOptions);
      return kernel;
    },
    get listing() {
      listing ??= new Listing(this);
      return listing;
    },
  };
}

/** Options of a launch that would make another run of a trace. */
const OF_SCENARIOS = ['kernel', 'schedule', 'maxSteps'] as const;

async function loadTrace(files: FileAccessor, launch: LaunchArguments, pause: Yield): Promise<Debuggee> {
  const given = OF_SCENARIOS.find((name) => launch[name] !== undefined);
  if (given)
    throw new RequestError(
      `\`${given}\` of the launch configuration is for scenarios: a trace is run again as it was recorded.`,
    );
  const path = launch.program;
  const trace = await readTraceFile(files, path);
  const { parsed, includes, profile } = await scenarioIn(trace, path);
  const { name } = trace.header.scenario;
  const main: SourceFile = { path: name, name, parsed };
  const checked = await withYields(checkingText(parsed, { profile, includes }), pause);
  refuse(main, [...parsed.diagnostics, ...checked]);
  const { model, diagnostics } = await withYields(elaborating(parsed, { profile, includes }), pause);
  refuse(main, diagnostics);
  if (!model || model.world.topology.actors.length === 0)
    throw new RequestError(`${path} cannot be run: its scenario has no actor.`);
  const runOptions = await optionsIn(trace, path, model);
  return withPages({
    arguments: launch,
    model,
    profile,
    sources: model.sources.map((source) =>
      source.path === '' ? main : { path: source.path, name: baseName(source.path), parsed: source.parsed },
    ),
    includes,
    runOptions,
    trace,
  });
}

/** A file for other files to include is not a mistake, but nothing moves in it. */
function refuseProceduresAlone([main, ...included]: readonly [SourceFile, ...SourceFile[]]): void {
  const acts = ({ parsed }: SourceFile): boolean =>
    parsed.blocks.some(({ kind }) => kind !== 'machine' && kind !== 'proc');
  const procedures = main.parsed.blocks.flatMap(({ proc }) => (proc ? [`\`${proc.name.text}\``] : []));
  if (procedures.length === 0 || [main, ...included].some(acts)) return;
  throw new RequestError(
    `${main.name} has no scenario of its own: it only declares ${procedures.length === 1 ? 'the procedure' : 'the procedures'} ${procedures.join(', ')} for scenarios to call. Open a scenario that has the line \`include "${main.name}"\` and start that one, or name it as \`program\` in the launch configuration.`,
  );
}

function launchArguments(raw: unknown): LaunchArguments {
  const given = (raw ?? {}) as Record<string, unknown>;
  if (typeof given.program !== 'string' || given.program === '') {
    throw new RequestError('The launch configuration has no `program`: name the scenario to run, a .snoop file.');
  }
  expect(given, 'kernel', 'string');
  expect(given, 'schedule', 'string');
  expect(given, 'stopOnEntry', 'boolean');
  expect(given, 'stopOnFinding', 'string');
  refuseFinding(given.stopOnFinding);
  if (given.granularity !== undefined && given.granularity !== 'statement' && given.granularity !== 'micro') {
    throw new RequestError('`granularity` is "statement" or "micro".');
  }
  const { maxSteps } = given;
  if (maxSteps !== undefined && (typeof maxSteps !== 'number' || !Number.isInteger(maxSteps) || maxSteps < 1)) {
    throw new RequestError('`maxSteps` is a whole number of micro-steps, 1 or above.');
  }
  refuseCount(given);
  // An empty text is what a client sends for a field left blank.
  const { kernel, schedule, ...rest } = given;
  return { ...rest, ...(kernel ? { kernel } : {}), ...(schedule ? { schedule } : {}) } as unknown as LaunchArguments;
}

function refuseFinding(name: unknown): void {
  if (typeof name !== 'string' || name === '') return;
  const known = FINDINGS.find((finding) => finding === name);
  if (known) return;
  throw new RequestError(`\`stopOnFinding\` is one of ${FINDINGS.join(', ')}${didYouMean(nearest(name, FINDINGS))}`);
}

function refuseCount({ stopOnFinding, stopOnFindingCount: count }: Record<string, unknown>): void {
  if (count === undefined) return;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw new RequestError('`stopOnFindingCount` is a whole number of findings, 1 or above.');
  }
  if (!stopOnFinding) throw new RequestError('`stopOnFindingCount` needs `stopOnFinding`: which finding to count.');
}

function expect(given: Record<string, unknown>, name: string, type: 'string' | 'boolean'): void {
  const value = given[name];
  if (value === undefined || value === null || typeof value === type) return;
  throw new RequestError(`\`${name}\` of the launch configuration must be a ${type}.`);
}

async function readScenario(files: FileAccessor, path: string, named: NamedKernels | undefined): Promise<SourceFile> {
  let text: string;
  try {
    text = await files.readFile(path);
  } catch (error) {
    throw new RequestError(`${path} cannot be read: ${reason(error)}.`);
  }
  if (text.includes('\0')) throw new RequestError(`${path} is not a scenario: it is a binary file.`);
  return { path, name: baseName(path), parsed: parse(text, undefined, named) };
}

/** Included files by the path as written, in the order in which the elaborator comes across them. */
async function readIncludes(files: FileAccessor, main: SourceFile): Promise<Map<string, SourceFile>> {
  const included = new Map<string, SourceFile>();
  const paths = includedFiles(main.parsed);
  for (let next = paths.next(); !next.done; ) {
    const path = next.value;
    // What cannot be read the check reports at the `include` line.
    const source = await readInclude(files, main, files.resolve(main.path, path)).catch(() => undefined);
    if (source) included.set(path, source);
    next = paths.next(source === main ? undefined : source?.parsed);
  }
  return included;
}

async function readInclude(files: FileAccessor, main: SourceFile, path: string): Promise<SourceFile> {
  if (samePath(path, main.path)) return main;
  return { path, name: baseName(path), parsed: parse(await files.readFile(path)) };
}

function kernelFor(asked: string | undefined, parsed: ParsedScenario): KernelLike {
  const name = kernelName(parsed, asked);
  const like = kernelLike(name, parsed.named);
  if (like) return like;
  throw new RequestError(noKernel(name, parsed.named).message);
}

/** What `snoopscope.json` names in the folder of the scenario, or in the nearest folder above that has one. */
async function kernelsNamedFor(files: FileAccessor, program: string): Promise<NamedKernels | undefined> {
  const seen = new Set<string>();
  for (let place = files.resolve(program, KERNELS_FILE); !seen.has(place); ) {
    seen.add(place);
    const text = await files.readFile(place).catch(() => undefined);
    if (text !== undefined) {
      const { named, problems } = readKernelsFile(text);
      if (problems.length > 0) throw new RequestError(`${place}: ${problems.map(({ message }) => message).join(' ')}`);
      return named;
    }
    place = files.resolve(place, `../${KERNELS_FILE}`);
  }
  return undefined;
}

/** A scenario with errors does not run: the first one and its place. */
function refuse(source: SourceFile, diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(isError);
  const first = errors.toSorted((a, b) => a.line - b.line || a.span.start - b.span.start)[0];
  if (!first) return;
  const { line, span, message } = first;
  throw new ScenarioErrors(source.path, { line: line + 1, column: span.start + 1, message }, errors.length);
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

/** A `schedule` line that is in the launch configuration instead of the file. */
function scheduleOptions(model: Model, text: string): RunOptions {
  const { moves, granularity, diagnostics } = typedSchedule(model, text);
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  if (problem) throw new RequestError(`\`schedule\` of the launch configuration: ${problem.message}`);
  return { schedule: moves, granularity };
}
