import { COMMAND_IDS, SERVER_COMMANDS } from '../protocol.ts';
import type { Snapshot } from '../snapshot.ts';

export interface Lens {
  readonly line: number;
  readonly title: string;
  readonly command: string;
}

/**
 * `Debug | Check | Explore | Compare kernels | Bisect` above the scenario; none for a file of procedures. Where the client has
 * no commands for them, those of the server, and what the last check came to.
 */
export function lensesOf(snapshot: Snapshot, client: boolean, verdict?: string): readonly Lens[] {
  const { lines, blocks } = snapshot.scenario;
  const actor = blocks.find(({ kind }) => kind !== 'machine' && kind !== 'proc');
  if (actor === undefined) return [];
  const title = lines.findIndex(({ content }) => content.kind === 'scenario');
  const line = title === -1 ? (blocks[0]?.line ?? actor.line) : title;
  if (!client)
    return [
      { line, title: 'Run', command: SERVER_COMMANDS.run },
      { line, title: 'Check', command: SERVER_COMMANDS.check },
      { line, title: 'Explore', command: SERVER_COMMANDS.explore },
      ...(verdict === undefined ? [] : [{ line, title: `Checked: ${verdict}`, command: SERVER_COMMANDS.check }]),
    ];
  return [
    { line, title: 'Debug', command: COMMAND_IDS.debug },
    { line, title: 'Check', command: COMMAND_IDS.check },
    { line, title: 'Explore', command: COMMAND_IDS.explore },
    { line, title: 'Compare kernels', command: COMMAND_IDS.compare },
    { line, title: 'Bisect', command: COMMAND_IDS.bisect },
  ];
}
