// Opening and walking through a trace of a million events: see open.ts.
export { run } from './open.ts';
