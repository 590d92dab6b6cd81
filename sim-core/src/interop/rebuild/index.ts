/** What outsiders use of reading logs: one door for the command, the editor and tests. */

export { sourceOf } from '../log/reader.ts';
export { SOURCES, type SourceId } from '../log/sources.ts';
export type { LogDifference } from './compare.ts';
export { type Imported, imported } from './kernel-choice.ts';
export { type MachineChoices, machineBlock } from './machine-block.ts';
export { MachineFiles } from './machine-files.ts';
export type { LogFile } from './rebuild.ts';
export { Rebuilder, type Rebuilt } from './rebuild.ts';
export { type LogReport, reportOf, reportText } from './report.ts';
export { Assumptions } from './step.ts';
