// Does anything notice when one change of the kernel is missing? Switches off every change of the table, one at a time,
// until a scenario or a recording fails, and writes who noticed: test/coverage/mutation.jsonl and docs/mutation.md.
//
//   npx node scripts/mutation.mjs             every change
//   npx node scripts/mutation.mjs --missing   changes that no row of the table is about, or whose row no longer holds
//   npx node scripts/mutation.mjs ID …        some changes; nothing is written
//
// A scenario or a recording is only tried when the kernel it runs on has the change and the model asked for it. Scenarios
// that name the commit come first, then small ones; the first that fails is enough. A recording notices an answer that
// differs, or kernel functions that ran in the kernel and do not run in the model any more. A change that another one of
// the same release hides is switched on alone in a kernel without it, as a backport would be. Progress goes to stderr.
// Exit status 1 when a change goes unnoticed.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CHANGES,
  changeById,
  checkScenario,
  parse,
  parseRecording,
  profileNamed,
  profileOfRecording,
  profilesNamed,
  replay,
} from '../sim-core/src/index.ts';

const root = path.resolve(import.meta.dirname, '..');
const recordings = path.join(root, 'test/conformance/recordings');
const table = path.join(root, 'test/coverage/mutation.jsonl');
const page = path.join(root, 'docs/mutation.md');
/** Sequences replayed at once: fewer mean an earlier stop, more mean fewer elaborations. */
const SLICE = 100;

/** Why no scenario and no recording can notice that a change is missing. */
const UNSEEN = {};

/**
 * Who noticed, one row a change. With `added` the kernel does not have the change and gets it.
 *
 * @typedef {{ change: string, scenario?: string, kernel?: string, added?: boolean, recording?: string, sequence?: string,
 *   nobody?: string }} Row
 * @returns {Row[]}
 */
export function readMutationTable() {
  return readFileSync(table, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/**
 * Does what a row names really fail with the change switched, and pass as it is? A text says what is wrong with the row.
 *
 * @param {Row} row
 * @returns {string | undefined}
 */
export function verifyMutation(row) {
  if (row.scenario !== undefined) {
    const scenario = readScenario(row.scenario);
    const profile = profileNamed(row.kernel);
    if (profile?.changes.has(row.change) !== !row.added)
      return `${row.kernel} is not a kernel to switch ${row.change} on`;
    if (passes(scenario, profile) !== true) return `${row.scenario} does not pass on ${row.kernel}`;
    if (passes(scenario, switched(profile, row.change)) !== false) return `${row.scenario} does not notice`;
    return undefined;
  }
  const { header, sequences } = readRecording(row.recording, row.sequence);
  if (sequences.length !== 1) return `${row.recording} has no sequence ${row.sequence}`;
  const { profile } = profileOfRecording(header);
  if (!profile.changes.has(row.change)) return `${profile.name} does not have ${row.change}`;
  const asRecorded = replay(header, sequences, profile);
  if (asRecorded.differences.length > 0) return `${row.recording} ${row.sequence} differs anyway`;
  const without = replay(header, sequences, switched(profile, row.change));
  return disagreements(without) > disagreements(asRecorded) ? undefined : `${row.recording} does not notice`;
}

/** @param {Row[]} rows */
export function mutationPage(rows) {
  const noticed = rows.filter((row) => row.nobody === undefined);
  const byScenario = noticed.filter((row) => row.scenario !== undefined).length;
  const lines = rows.map((row) => {
    const { subject, first, until } = changeById.get(row.change);
    const versions = first === undefined ? 'never merged' : `${first}${until ? `, until ${until}` : ''}`;
    return `| \`${row.change}\` | ${subject.replaceAll('|', '\\|')} | ${versions} | ${witness(row)} |`;
  });
  return [
    '# Mutation: who notices when a change of the kernel is missing',
    '',
    'Written by `npm run generate -- mutation`, which switches off every row of the table of changes, one at a time, on a kernel that has',
    'it, until a scenario or a recording of a real kernel fails. `npm test` tries every line of this page again.',
    '',
    `${rows.length} changes: ${byScenario} are noticed by a scenario, ${noticed.length - byScenario} by a recording, ${rows.length - noticed.length} by none.`,
    '',
    '| change | upstream | from | noticed by |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

function witness(row) {
  if (row.nobody !== undefined) return `nobody: ${row.nobody}`;
  if (row.scenario !== undefined)
    return `[${path.basename(row.scenario)}](../${row.scenario}) on ${row.kernel}${row.added ? ', when it is added there' : ''}`;
  return `recording ${row.recording}, sequence ${row.sequence}`;
}

/** Same name and place in the ranges of conditions, one change less or more. */
function switched(profile, id) {
  const changes = new Set(profile.changes);
  if (!changes.delete(id)) changes.add(id);
  return { ...profile, changes };
}

function passes({ parsed, includes }, profile) {
  return checkScenario(parsed, { includes, profiles: [profile] }).kernels[0]?.passed;
}

/** Answers that differ, and calls of traced kernel functions that only one side made. */
function disagreements({ differences, functions }) {
  let count = differences.length;
  for (const { recorded, ours, agreed } of functions.values()) count += recorded + ours - 2 * agreed;
  return count;
}

function readScenario(file) {
  const name = path.join(root, file);
  const includes = (include) => parse(readFileSync(path.resolve(path.dirname(name), include), 'utf8'));
  const text = readFileSync(name, 'utf8');
  return { file, text, parsed: parse(text), includes };
}

/** All sequences of a recording, or one of them. */
function readRecording(name, id) {
  const text = gunzipSync(readFileSync(path.join(recordings, `${name}.jsonl.gz`))).toString('utf8');
  if (id === undefined) return { name, ...parseRecording(text) };
  const lines = text.split('\n');
  const one = lines.filter(
    (line, i) => i === 0 || line.includes(`"id":${JSON.stringify(id)}`) || line.includes(`"id": ${JSON.stringify(id)}`),
  );
  const { header, sequences } = parseRecording(one.join('\n'));
  return { name, header, sequences: sequences.filter((sequence) => sequence.id === id) };
}

function main(args) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
  const progress = (text) => process.stderr.write(`${seconds()} s  ${text}\n`);
  const missing = args.includes('--missing');
  const ids = args.filter((word) => word !== '--missing');
  const kept = missing ? keptRows(progress) : new Map();
  const unknown = ids.filter((id) => !changeById.has(id));
  if (unknown.length > 0) throw new RangeError(`there is no change ${unknown.join(', ')}`);
  const asked = CHANGES.filter((change) => ids.length === 0 || ids.includes(change.id));
  // Exploring every scenario takes its time, and may not be needed.
  let scenarios;
  let recorded;
  const rows = asked.map(({ id }) => {
    const before = kept.get(id);
    if (before) return before;
    scenarios ??= new Scenarios(progress);
    recorded ??= new Recordings(progress);
    const noticed = scenarios.noticing(id, false) ?? recorded.noticing(id) ?? scenarios.noticing(id, true);
    const row = { change: id, ...(noticed ?? { nobody: UNSEEN[id] ?? '' }) };
    progress(`${id}: ${row.nobody === undefined ? witness(row) : `NOBODY ${row.nobody}`}`);
    return row;
  });
  const unexplained = rows.filter((row) => row.nobody === '');
  for (const row of rows)
    process.stdout.write(`${row.change.padEnd(36)}  ${row.nobody === '' ? 'NOBODY' : witness(row)}\n`);
  const unseen = rows.filter((row) => row.nobody !== undefined).length;
  process.stdout.write(
    `\n${rows.length} changes, ${rows.length - unseen} noticed, ${unexplained.length} unexplained\n`,
  );
  if (ids.length === 0) {
    writeFileSync(table, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    writeFileSync(page, mutationPage(rows));
  }
  process.exitCode = unexplained.length > 0 ? 1 : 0;
}

/** Rows of the table that are still true, by change. */
function keptRows(progress) {
  const rows = readMutationTable().filter(
    (row) => changeById.has(row.change) && row.nobody === undefined && verifyMutation(row) === undefined,
  );
  progress(`${rows.length} rows still hold`);
  return new Map(rows.map((row) => [row.change, row]));
}

/** Every scenario on every kernel that it names, explored once with all changes. */
class Scenarios {
  #explored = [];

  constructor(progress) {
    for (const folder of ['scenarios', 'test/coverage']) {
      const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
      for (const file of files.filter((name) => name.endsWith('.snoop')).sort()) {
        const scenario = readScenario(path.posix.join(folder, file.split(path.sep).join('/')));
        const { kernels } = checkScenario(scenario.parsed, {
          includes: scenario.includes,
          profiles: profilesNamed(scenario.parsed),
        });
        for (const kernel of kernels) {
          if (kernel.passed !== true) progress(`${scenario.file} does not pass on ${kernel.profile.name}`);
          else this.#explored.push({ scenario, kernel, states: kernel.exploration.states });
        }
      }
    }
    // The gallery before the scenarios that only count, then the small ones.
    const counts = ({ scenario }) => Number(scenario.file.startsWith('test/'));
    this.#explored.sort((a, b) => counts(a) - counts(b) || a.states - b.states);
    progress(`${this.#explored.length} scenarios on kernels`);
  }

  noticing(id, added) {
    const tried = new Set();
    const { commit } = changeById.get(id);
    const names = ({ scenario }) => commit !== undefined && scenario.text.includes(commit);
    for (const { scenario, kernel } of this.#explored.toSorted((a, b) => Number(names(b)) - Number(names(a)))) {
      if (kernel.profile.changes.has(id) === added || !kernel.model.world.kernel.consulted.has(id)) continue;
      // Kernels that behave alike do so without the change as well.
      const same = `${scenario.file} ${kernel.judgedAs.name}`;
      if (tried.has(same)) continue;
      tried.add(same);
      if (passes(scenario, switched(kernel.profile, id)) === false)
        return { scenario: scenario.file, kernel: kernel.profile.name, ...(added ? { added } : {}) };
    }
    return undefined;
  }
}

/** Recordings, parsed once each, the smallest first. */
class Recordings {
  #parsed = new Map();
  #names;
  #progress;

  constructor(progress) {
    this.#progress = progress;
    const size = (name) => readFileSync(path.join(recordings, name)).length;
    this.#names = readdirSync(recordings)
      .filter((name) => name.endsWith('.jsonl.gz'))
      .map((name) => ({ name: name.replace('.jsonl.gz', ''), size: size(name) }))
      .sort((a, b) => a.size - b.size)
      .map(({ name }) => name);
  }

  noticing(id) {
    for (const name of this.#names) {
      const { header, slices } = this.#recording(name);
      const { profile } = profileOfRecording(header);
      if (!profile.changes.has(id)) continue;
      const changed = switched(profile, id);
      for (const { sequences, consulted, agreed } of slices) {
        if (!consulted.has(id)) continue;
        const result = replay(header, sequences, changed);
        if (disagreements(result) <= agreed) continue;
        // One sequence alone has to show it, in its answers if any does.
        const candidates = new Set([...result.differences.map((d) => d.sequence), ...sequences.map((s) => s.id)]);
        for (const candidate of candidates) {
          const one = sequences.filter((sequence) => sequence.id === candidate);
          const before = replay(header, one, profile);
          if (before.differences.length === 0 && disagreements(replay(header, one, changed)) > disagreements(before))
            return { recording: name, sequence: candidate };
        }
      }
    }
    return undefined;
  }

  #recording(name) {
    let known = this.#parsed.get(name);
    if (!known) {
      this.#progress(`reading ${name}`);
      const { header, sequences } = readRecording(name);
      const slices = [];
      for (let at = 0; at < sequences.length; at += SLICE) {
        const slice = sequences.slice(at, at + SLICE);
        const result = replay(header, slice);
        slices.push({ sequences: slice, consulted: result.consulted, agreed: disagreements(result) });
      }
      known = { header, slices };
      this.#parsed.set(name, known);
    }
    return known;
  }
}

if (process.argv[1] === import.meta.filename) main(process.argv.slice(2));
