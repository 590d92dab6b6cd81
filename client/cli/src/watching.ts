/** `test --watch`: checks everything once, and then what belongs to the files that change. */
import path from 'node:path';
import type { Invocation } from './commands/command.ts';
import type { TestedFiles } from './commands/test.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { scenarioPaths } from './scenario-paths.ts';
import { FileChanges } from './watch-files.ts';

export interface Watched {
  /** What there is at first. */
  readonly paths: readonly string[];
  /** Which of all scenarios that there are then belong to this share. */
  readonly ownOf: (paths: readonly string[]) => readonly string[];
}

export async function watching(
  call: Invocation,
  { paths, ownOf }: Watched,
  test: (paths: readonly string[]) => Promise<TestedFiles>,
): Promise<ExitCode> {
  const { io, operands, format } = call;
  if (format !== 'text' && format !== 'gcc') {
    throw new Failure(`--watch has no end, and ${format} is one document; text and gcc go with it.`, {
      code: 'conflicting-options',
    });
  }
  if (operands.includes('-')) {
    throw new Failure('--watch needs files: standard input does not change.', { code: 'conflicting-options' });
  }
  const absolute = (file: string): string => path.resolve(io.workingDirectory, file);
  const changes = new FileChanges(operands.map(absolute));
  const includes = new Map<string, ReadonlySet<string>>();
  try {
    for (let some = paths; !io.interrupt.aborted; ) {
      if (some.length > 0) {
        const tested = await test(some);
        for (const [file, included] of tested.includes) includes.set(file, included);
        if (!io.interrupt.aborted) call.remark('Watching; Ctrl-C ends it.');
      }
      const changed = await changes.next(io.interrupt);
      some = ownOf(scenarios(call)).filter(
        (file) => changed.has(absolute(file)) || [...(includes.get(file) ?? [])].some((each) => changed.has(each)),
      );
    }
  } finally {
    changes.close();
  }
  return EXIT.interrupted;
}

/** Those that there are now. A folder may have none for a while. */
function scenarios({ io, operands }: Invocation): string[] {
  return operands.flatMap((operand) => {
    try {
      return scenarioPaths(io, [operand]);
    } catch {
      return [];
    }
  });
}
