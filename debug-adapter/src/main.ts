// The debug adapter as a program: stdio, or --port N.
import { serve } from './node.ts';

serve(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
