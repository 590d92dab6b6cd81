/**
 * Every limit of the simulator in one place, each with its reason.
 *
 * A limit is never silent: the message gives its value and the way out.
 */
export const LIMITS = {
  /**
   * UTF-16 code units of a scenario. A scenario is written by a person; four million are about a hundred thousand
   * lines, which still parse in less time than an editor needs to show them.
   */
  scenarioCharacters: 4 * 1024 * 1024,
  /** Lines of a scenario. Line numbers of generated scenarios stay readable, and tables per line stay small. */
  scenarioLines: 100_000,
  /** UTF-16 code units of one line. The longest lines that strace prints are well below, even with buffers shown. */
  lineCharacters: 16 * 1024,
  /** Open `choose`, `loop` and `repeat` blocks around one statement. The elaborator walks them recursively. */
  blockNesting: 32,
  /** Open `{`, `[`, `(` and `!` inside one line. The line parser walks them recursively. */
  valueNesting: 64,
  /** Diagnostics of one text. A binary file has one in every line, and only the first page is ever read. */
  diagnostics: 1000,
  /** Times that a `repeat` repeats. More is a loop, and a loop says so. */
  repeatCount: 10_000,
  /** Statements of all programs once calls are expanded. Each is a node the debugger can stop at. */
  programNodes: 200_000,
  /** Numbers in the state of a machine: 4 MB. Stepping back and restarting copy whole states. */
  stateSlots: 1 << 20,
  /** Procedures called inside one another; calls are expanded, so recursion would not end. */
  callDepth: 16,
  /** Entries of a CPU's store buffer with `store-buffer=on`. Real ones hold dozens; a scenario has a handful of stores. */
  storeBuffer: 8,
} as const;

/** The name of a limit, for the code alone. */
export type Limit = keyof typeof LIMITS;

/**
 * A model is too small for what the scenario does: a limit of ours, never an errno of the kernel. Tools show the
 * message as it is; it says what there is too much of, and the way out.
 */
export class ModelLimit extends Error {
  override readonly name = 'ModelLimit';
}

/** `what`: `the scenario has more than 3 VMs`. There is room for what the statements make once each, and a few beyond. */
export function tooManyAtOnce(what: string): ModelLimit {
  return new ModelLimit(`${what} at once; a statement in a loop counts once, so unroll the loop`);
}
