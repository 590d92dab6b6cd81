/** What outsiders use of reading logs: one door for the command, the editor and tests. */

export { encodingOf } from '../log/damage.ts';
export { sourceOf } from '../log/reader.ts';
export { choiceRefused } from './choices.ts';
export type { LogDifference } from './compare.ts';
export { type Imported, imported } from './kernel-choice.ts';
export { type MachineChoices, machineBlock } from './machine-block.ts';
export { pointerArguments } from './pointer-arguments.ts';
export type { LoggedProcess } from './processes.ts';
export { Rebuilder, type RebuildOptions, type Rebuilt } from './rebuild.ts';
export { fileRemarks, importRemarks, leftOutRemarks, NOTHING_TO_IMPORT } from './remarks.ts';
export { type LogReport, reportOf, reportText, reportWithoutLog } from './report.ts';
export { binaryRefused, LOG_KINDS, type OpenRunFile, type RunFile, RunFiles } from './run-files.ts';
export { Assumptions } from './step.ts';
