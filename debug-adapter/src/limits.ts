/** Limits of the debugger itself, each with its reason. Those of the language and the model are in sim-core. */
export const DEBUGGER_LIMITS = {
  /** Micro-steps between two looks at the client's messages: about a millisecond, so that pause feels immediate. */
  stepsPerChunk: 2000,
  /** Stops, log messages included, that are remembered of one run; more than anybody steps through. */
  hits: 1_000_000,
  /** Events of a recorded run that are looked at for stops between two such looks: conditions take the longest. */
  eventsPerChunk: 5000,
  /** The same of places at which a breakpoint on data may stop. */
  looksPerChunk: 500,
  /** Micro-steps of the run that is made before a launch, to see which functions call which: some milliseconds. */
  rehearsalSteps: 20_000,
  /** Runs of one session that part somewhere, each with a log of its own; more than anybody compares. */
  branches: 64,
  /** Bytes that one request reads of memory; an editor asks for a page at a time. */
  memoryBytes: 1 << 20,
  /** Lines that one answer in the console prints. */
  consoleLines: 200,
  /** Micro-steps up to which a restart after an edit looks whether the run is the same. */
  keptSteps: 20_000,
  /** Instructions that one answer lists; an editor asks for a screen at a time. */
  instructions: 10_000,
  /** UTF-16 code units of an expression. The condition language reads one line. */
  expressionCharacters: 4096,
} as const;
