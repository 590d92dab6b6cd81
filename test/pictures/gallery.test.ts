// Every scenario that ships, as pictures in words: a dozen in full, the others by their digests. UPDATE=1 rewrites both.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  memoryPicture,
  memoryText,
  outcomesPicture,
  outcomesText,
  tableLines,
  timeline,
  timelineText,
  topologyPicture,
  topologyText,
} from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import { explored, GALLERY, graphOf, modelOf, recorded, scenarioText } from './recorded.ts';

const folder = path.join(import.meta.dirname, 'golden');
const digests = path.join(folder, 'digests.golden.json');

/** One of each kind of thing that pictures show. */
const IN_FULL = [
  'caches/clean-copy-of-another-cpu',
  'caches/flush-without-fence-comes-late',
  'iommu/first-level-tables-without-page-snoop',
  'iommu/smmu-claims-snooping-it-cannot-force',
  'kvm-vfio/release-and-open-take-locks-crosswise',
  'wbinvd/local-cpu-not-flushed',
  'wbinvd/migrated-after-flush-lost-cpu',
];

function picturesOf(file: string): Readonly<Record<'timeline' | 'memory' | 'topology' | 'outcomes', string>> {
  const model = modelOf(scenarioText(file));
  const { run, index, names } = recorded(model);
  const report = explored(model);
  const finding = index.findings.size > 0 ? index.findings.at(0, 1) : undefined;
  const cursor = run.cursor();
  cursor.seek(finding === undefined ? run.steps : run.stepOfEvent(finding) + 1);
  const all = { marks: Number.POSITIVE_INFINITY, ...(finding !== undefined && { chain: finding }) };
  return {
    timeline: tableLines(timelineText(timeline(index, all))).join('\n'),
    memory: tableLines(memoryText(memoryPicture(cursor, names))).join('\n'),
    topology: tableLines(topologyText(topologyPicture(cursor, names))).join('\n'),
    outcomes: tableLines(outcomesText(outcomesPicture(report, graphOf(model, report)))).join('\n'),
  };
}

test('there are scenarios, and those that are compared in full are among them', () => {
  expect(GALLERY.length).toBeGreaterThan(50);
  for (const name of IN_FULL) expect(GALLERY).toContain(`${name}.snoop`);
});

test.each(IN_FULL)('%s', (name) => {
  const { timeline: events, memory, topology, outcomes } = picturesOf(`${name}.snoop`);
  const text = `${[events, memory, topology, outcomes].join('\n\n')}\n`;
  const golden = path.join(folder, `${path.basename(name)}.golden.txt`);
  if (process.env.UPDATE === '1') writeFileSync(golden, text);
  expect(existsSync(golden), `there is no ${golden}: look at the output and write it with UPDATE=1`).toBe(true);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});

test('the pictures of every other scenario are as they were', () => {
  const found = Object.fromEntries(
    GALLERY.map((file) => [
      file,
      Object.fromEntries(
        Object.entries(picturesOf(file)).map(([picture, text]) => {
          expect(text, `${file}: ${picture}`).not.toMatch(/undefined|NaN|\[object/);
          return [picture, createHash('sha256').update(text).digest('hex').slice(0, 12)];
        }),
      ),
    ]),
  );
  if (process.env.UPDATE === '1') writeFileSync(digests, `${JSON.stringify(found, undefined, 2)}\n`);
  expect(found).toEqual(JSON.parse(readFileSync(digests, 'utf8')));
});
