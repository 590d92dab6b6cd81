/** What was chosen of a log and is not in it. */
import { counted } from '../../counted.ts';
import type { RebuildOptions, Rebuilt } from './rebuild.ts';

/** Why a choice of lines or of a VM takes nothing of the logs, with what there is; undefined when each takes something. */
export function choiceRefused(rebuilt: Rebuilt, { from, to, vm }: RebuildOptions): string | undefined {
  const { files, steps, translation, cut } = rebuilt;
  const lines = Math.max(0, ...files.map(({ counts }) => counts.lines));
  if (from !== undefined && from > lines)
    return `--from ${from} is after the last line: ${logHas(files.length, lines)}.`;
  if (to !== undefined && steps.length === 0 && cut.some(({ calls }) => calls > 0))
    return `--to ${to} leaves nothing relevant: ${logHas(files.length, lines)}.`;
  if (!rebuilt.hasCalls && steps.length > 0 && (from ?? to) !== undefined)
    return '--from and --to choose lines of a log of system calls, and there is none.';
  const { vms } = translation;
  if (vm !== undefined && rebuilt.vmsInTurn > 0 && vm > rebuilt.vmsInTurn)
    return `The log has no VM ${vm}, only ${counted(rebuilt.vmsInTurn, 'VM')}.`;
  if (vm !== undefined && steps.length > 0 && rebuilt.vm !== undefined && vms[rebuilt.vm - 1] === undefined)
    return `The ${rebuilt.hasCalls ? 'process' : 'log'} has no VM ${vm}, only ${counted(vms.length, 'VM')}.`;
  return undefined;
}

function logHas(files: number, lines: number): string {
  return `${files === 1 ? 'the log' : 'the longest log'} has ${counted(lines, 'line')}`;
}
