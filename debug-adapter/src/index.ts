/** The debug adapter for those who host it: the extension uses the session inline. Node's part is in `node.ts`. */

export { type FileAccessor, resolveBeside } from './file-accessor.ts';
export { FILTERS, type Filter } from './filters.ts';
export { type LaunchArguments, scenarioErrors } from './launch.ts';
export type { ScenarioErrors } from './request-error.ts';
export { type SessionOptions, SnoopscopeDebugSession } from './session.ts';
export { isTrace, readTraceFile } from './traced.ts';
