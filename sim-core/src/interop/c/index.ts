/** Programs for real machines. An entry of its own: only the command makes them, and what others load is smaller. */
export { NotAProgram } from './not-a-program.ts';
export {
  type ObservedCall,
  type ObservedCalls,
  type ObservedHistogram,
  type ObservedKernel,
  parseObserved,
  type SpinSearch,
} from './observed.ts';
export {
  type CProgram,
  cLitmus,
  cProgram,
  type RunStatement,
} from './program.ts';
export { oneLine } from './text.ts';
