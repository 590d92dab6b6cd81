/** What there is to say about an import beside its scenario, a line each. */
import { counted } from '../../counted.ts';
import type { LogDifference } from './compare.ts';
import type { Imported } from './kernel-choice.ts';
import type { Rebuilt } from './rebuild.ts';
import type { RunFiles } from './run-files.ts';

/** Assumptions, calls left out and differences that are listed one by one. */
const MOST_LISTED = 20;

/** What is said when no file has anything of a run. */
export const NOTHING_TO_IMPORT =
  'Nothing relevant found: no calls on /dev/kvm, /dev/vfio or /dev/iommu, no KVM exits, and no calls of the KVM and VFIO functions that register non-coherent DMA.';

/** What each file was taken for, and which were left out. */
export function fileRemarks(read: RunFiles): string[] {
  const taken = read.files.flatMap(({ name, what, log, broken }) => {
    const counts = log?.counts;
    const unread =
      counts && counts.unread > 0
        ? `, ${counts.unread} of them not understood (first: ${counts.first.length === 1 ? 'line' : 'lines'} ${counts.first.join(', ')})`
        : '';
    const kind =
      what === 'machine'
        ? 'about the machine'
        : `${log?.source?.title}, ${counted(counts?.lines ?? 0, 'line')}${unread}`;
    return [`${name}: ${kind}.`, ...(broken === undefined ? [] : [`${name}: ${broken}; what came before was read.`])];
  });
  return [...taken, ...leftOutRemarks(read)];
}

export function leftOutRemarks({ leftOut }: RunFiles): string[] {
  return leftOut.map(({ name, why }) => `${name}: left out. ${why}`);
}

/** What was taken and what not, the kernel and why this one, assumptions, and where the profile answers otherwise. */
export function importRemarks(rebuilt: Rebuilt, { outcome, kernel, agreeing }: Imported): string[] {
  const calls = countOf(rebuilt.counted);
  const events = countOf(rebuilt.harmless);
  const without = [
    ...(calls > 0 || events === 0 ? [counted(calls, 'call')] : []),
    ...(events > 0 ? [`${counted(events, 'event')} of the kernel`] : []),
  ];
  const unknown = [...rebuilt.translation.unknown, ...rebuilt.unknownEvents].map(
    ([name, { count, line }]) => `${name} (${count}, first on line ${line})`,
  );
  return [
    `Taken: ${counted(rebuilt.steps.length, 'statement')}. Known and without effect: ${without.join(', ')}. Unknown: ${unknown.length === 0 ? 'none' : unknown.join(', ')}.`,
    `Kernel: ${kernel}`,
    ...rebuilt.assumptions.all
      .slice(0, MOST_LISTED)
      .map(({ text, count }) => `Assumed: ${text}${count > 1 ? ` (${count} times)` : ''}`),
    ...rebuilt.leftOut.slice(0, MOST_LISTED).map(({ text, why, line }) => `Left out, line ${line}: ${text}: ${why}.`),
    ...rebuilt.cut.map(
      ({ file, line, calls }) =>
        `Cut: ${file} from line ${line} on${calls > 0 ? `, ${counted(calls, 'call')}` : ''}. --from and --to choose other lines.`,
    ),
    ...outcome.differences.slice(0, MOST_LISTED).map((difference) => differenceText(difference, outcome.profile.name)),
    ...(outcome.differences.length === 0
      ? ['No difference: the profile gives every result of the log.']
      : agreeing.length > 0
        ? [`Without any difference: ${agreeing.map(({ name }) => name).join(', ')}.`]
        : []),
  ];
}

function countOf(counts: Rebuilt['counted']): number {
  return [...counts.values()].reduce((sum, { count }) => sum + count, 0);
}

function differenceText({ line, text, kernel, profile }: LogDifference, name: string): string {
  return `Difference${line === undefined ? '' : `, line ${line} of the scenario`}: ${text}: the log says ${kernel}, ${name} ${profile}.`;
}
