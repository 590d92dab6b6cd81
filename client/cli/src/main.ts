/** The program: the process around {@link main}. */
import { main } from './commands/table.ts';
import { processIo } from './process-io.ts';
import { shareSimulator } from './shared-simulator.ts';

shareSimulator();
const io = processIo();
main(io)
  .finally(() => Promise.all([io.stdout.drained(), io.stderr.drained()]))
  .then((exitCode) => {
    // Not process.exit(): what is still on its way into a pipe would be lost.
    process.exitCode = exitCode;
  });
