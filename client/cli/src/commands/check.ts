/** `snoopscope check FILE…`: the verdict of each condition, over all interleavings, kernel by kernel. */
import { checkFile, type FileVerdict } from '../check-file.ts';
import { failureDocument, verdictDocument } from '../check-json.ts';
import { CHECK_OPTIONS, checkRequestOf } from '../check-options.ts';
import { printVerdict } from '../check-text.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { asFailure, refusalText, remarkPredicted, remarkWarnings } from '../failure-report.ts';
import { FORMAT_VERSION } from '../json.ts';
import { readScenario } from '../scenario-file.ts';
import { type Command, FORMAT, type Invocation, SCENARIO_FILES } from './command.ts';

export const check: Command = {
  name: 'check',
  summary: 'Judge the conditions of scenarios on each kernel they name, over all interleavings.',
  operands: 'FILE…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [SCENARIO_FILES],
  description: [
    'Explores every interleaving on each kernel and reports for each condition whether it holds. Kernels that behave the same are explored once. A condition that fails is printed with a schedule that refutes it; `run --schedule` replays it. A check also fails if a system call returns something other than its declared result, and on a use-after-free, deadlock or kernel warning that no condition mentions; each is listed once for every object and line, with a schedule.',
    'A file without actors and conditions, which only has procedures for others to include, is skipped: the text says so, and with --format json its `skipped` says why and `kernels` is empty.',
    'FILE may be - for standard input.',
  ],
  options: [...CHECK_OPTIONS, { name: 'witness', doc: 'Also print a schedule for each condition that holds.' }, FORMAT],
  examples: [
    {
      line: 'check scenarios/wbinvd/local-cpu-not-flushed.snoop',
      about: 'Check on every kernel that the conditions name.',
    },
    {
      line: 'check --kernel v6.1 --witness a.snoop',
      about: 'Check on one kernel, with a schedule for each condition.',
    },
  ],
  async run(call) {
    if (call.flag('witness') && call.format === 'json') {
      throw new Failure('--witness and --format json do not go together: the document has every schedule anyway.', {
        code: 'options-exclude-each-other',
      });
    }
    const request = checkRequestOf(call);
    const outcomes: Outcome[] = [];
    for (const name of call.operands) {
      // The first one says where it stopped.
      if (outcomes.length > 0 && call.io.interrupt.aborted) break;
      outcomes.push(await checkOne(call, name, request));
    }
    const left = outcomes.length < call.operands.length;
    if (call.format === 'json') {
      const files = outcomes.map(({ document }) => document);
      call.printJson({ format: FORMAT_VERSION, passed: passedOf(outcomes, left), files });
    }
    return worst([...outcomes.map(({ exitCode }) => exitCode), ...(left ? [EXIT.interrupted] : [])]);
  },
};

interface Outcome {
  readonly document: object;
  readonly exitCode: ExitCode;
}

/** Null while a limit, or Ctrl-C, keeps it open. */
function passedOf(outcomes: readonly Outcome[], left: boolean): boolean | null {
  if (outcomes.some(({ exitCode }) => exitCode === EXIT.failed || exitCode === EXIT.wrong)) return false;
  return !left && outcomes.every(({ exitCode }) => exitCode === EXIT.fine) ? true : null;
}

/** One file's failure does not keep the others from being checked. */
async function checkOne(call: Invocation, name: string, request: Parameters<typeof checkFile>[1]): Promise<Outcome> {
  try {
    const file = await readScenario(call.io, name);
    remarkWarnings(call, file);
    if (call.format === 'text') await remarkPredicted(call, file, request.profiles);
    const verdict: FileVerdict = await checkFile(file, request);
    if (call.format === 'text') printVerdict(call, verdict, call.flag('witness'));
    return { document: verdictDocument(verdict), exitCode: verdict.exitCode };
  } catch (error) {
    const failure = asFailure(error, name);
    if (call.format === 'text') call.remark(refusalText(failure, call.io.stderr));
    return { document: failureDocument(name, failure), exitCode: failure.exitCode };
  }
}
