// Logs on disk, rebuilt as the command does it, for tests.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Imported, imported } from '../../sim-core/src/interop/rebuild/kernel-choice.ts';
import type { MachineChoices } from '../../sim-core/src/interop/rebuild/machine-block.ts';
import { MachineFiles } from '../../sim-core/src/interop/rebuild/machine-files.ts';
import { Rebuilder, type RebuildOptions, type Rebuilt } from '../../sim-core/src/interop/rebuild/rebuild.ts';
import type { Profile } from '../../sim-core/src/kernel/profiles.ts';

export const NOTHING_ASSUMED: MachineChoices = { snoopControl: undefined, vendor: undefined, selfSnoop: undefined };

export function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

export interface Taken {
  readonly rebuilt: Rebuilt;
  readonly result: Imported;
  readonly machine: MachineFiles;
}

/** The scenario of some logs and some files about their machine. */
export function take(
  logs: readonly { readonly name: string; readonly text: string }[],
  about: readonly string[],
  given: { readonly kernel?: Profile; readonly choices?: MachineChoices; readonly options?: RebuildOptions } = {},
): Taken {
  const rebuilder = new Rebuilder({ encoder: new TextEncoder(), ...given.options });
  const machine = new MachineFiles();
  for (const text of about) for (const line of text.split('\n')) machine.line(line);
  for (const { name, text } of logs) {
    const log = rebuilder.file(name);
    log.push(text);
    log.end();
  }
  rebuilder.know(machine.facts());
  const rebuilt = rebuilder.finish();
  return { rebuilt, machine, result: imported(rebuilt, given.choices ?? NOTHING_ASSUMED, given.kernel) };
}
