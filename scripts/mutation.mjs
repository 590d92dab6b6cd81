// Does anything notice when one change of the kernel is missing? Switches off every change of the table, one at a time,
// and prints which scenario or recording fails. A change that nobody notices is printed last, with the reason.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CHANGES, checkScenario, parseRecording, profileFor, profilesNamed, replay } from '../sim-core/src/index.ts';
import { galleryFiles, readGallery } from './gallery.mjs';

const recordings = path.resolve(import.meta.dirname, '../test/conformance/recordings');
/** Why no scenario and no recording can notice that a change is missing. */
const UNSEEN = {};

/** Same name and place in the ranges of conditions, one change less or more. */
function without(profile, id) {
  const changes = new Set(profile.changes);
  if (!changes.delete(id)) changes.add(id);
  return { ...profile, changes };
}

/** The first scenario and kernel that fail when a change is toggled. */
function failingScenario(baselines, id) {
  for (const { file, scenario, kernels } of baselines) {
    for (const kernel of kernels) {
      if (!kernel.judgedAs || !kernel.model.world.kernel.consulted.has(id) || !kernel.profile.changes.has(id)) continue;
      const result = checkScenario(scenario.parsed, {
        includes: scenario.includes,
        profiles: [without(kernel.profile, id)],
      });
      if (result.kernels[0]?.passed === false) return `${file} on ${kernel.profile.name}`;
    }
  }
  return undefined;
}

const baselines = galleryFiles().map((file) => {
  const scenario = readGallery(file);
  const { kernels } = checkScenario(scenario.parsed, {
    includes: scenario.includes,
    profiles: profilesNamed(scenario.parsed),
  });
  return { file, scenario, kernels };
});

/** The smallest recordings first: one that notices is enough. */
const recorded = readdirSync(recordings)
  .filter((name) => name.endsWith('.jsonl.gz'))
  .map((name) => ({ name, text: gunzipSync(readFileSync(path.join(recordings, name))).toString('utf8') }))
  .sort((a, b) => a.text.length - b.text.length)
  .map(({ name, text }) => ({ name, recording: parseRecording(text) }));

function failingRecording(id) {
  for (const { name, recording } of recorded) {
    const { profile } = profileFor(recording.header);
    if (!profile.changes.has(id)) continue;
    const result = replay(recording.header, recording.sequences, without(profile, id));
    if (result.differences.length > 0) return `recording ${name}`;
  }
  return undefined;
}

let unseen = 0;
const rows = [];
for (const change of CHANGES) {
  const by = failingScenario(baselines, change.id) ?? failingRecording(change.id);
  const reason = UNSEEN[change.id];
  if (!by && !reason) unseen++;
  rows.push({ id: change.id, by: by ?? (reason ? `nobody: ${reason}` : 'NOBODY') });
}
const width = Math.max(...rows.map((row) => row.id.length));
for (const row of rows) console.log(`${row.id.padEnd(width)}  ${row.by}`);
console.log(
  `\n${rows.length} changes, ${rows.filter((r) => !r.by.startsWith('nobody') && r.by !== 'NOBODY').length} noticed, ${unseen} unexplained`,
);
process.exitCode = unseen > 0 ? 1 : 0;
