// The debug adapter beside the smallest adapter that the library allows: see latency.ts.
export { run } from './latency.ts';
