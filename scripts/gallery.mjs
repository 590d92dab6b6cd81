// Writes docs/gallery.md and client/vscode/gallery.json: for every scenario of the gallery, what can happen on which kernel, and which upstream
// change flips it. Everything in it is computed; `--check` only says whether they are up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelOf } from '../client/cli/src/scenario-file.ts';
import { Bisection, PROFILES, parse, toEnd } from '../sim-core/src/index.ts';

const root = path.resolve(import.meta.dirname, '..');
const gallery = path.join(root, 'scenarios');
const page = path.join(root, 'docs/gallery.md');
const list = path.join(root, 'client/vscode/gallery.json');

/** Scenario files below scenarios/, in order. */
export function galleryFiles() {
  return readdirSync(gallery, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.snoop'))
    .map((file) => file.split(path.sep).join('/'))
    .sort();
}

export function readGallery(file) {
  const name = path.join(gallery, file);
  const text = readFileSync(name, 'utf8');
  const includes = (include) => parse(readFileSync(path.resolve(path.dirname(name), include), 'utf8'));
  return { name: file, text, parsed: parse(text), includes, warnings: [] };
}

/** Consecutive kernels with one answer, as `v3.13..v5.11`. */
function ranges(answers) {
  const out = [];
  for (const { name, answer } of answers) {
    const last = out.at(-1);
    if (last?.answer === answer) last.to = name;
    else out.push({ from: name, to: name, answer });
  }
  return out.map(({ from, to, answer }) => ({ span: from === to ? from : `${from}..${to}`, answer }));
}

async function section(file) {
  const scenario = readGallery(file);
  const contents = scenario.parsed.lines.map((line) => line.content);
  const texts = (kind) => contents.flatMap((c) => (c.kind === kind ? [c.text.value] : []));
  const tags = contents.flatMap((c) => (c.kind === 'tags' ? c.tags.map((t) => t.text) : []));
  const bisection = new Bisection({
    parsed: scenario.parsed,
    modelOf: (profile) => modelOf(scenario, profile),
    explore: {},
    interrupted: () => false,
  });
  const mainline = PROFILES.filter((p) => p.mainline);
  const named = contents.flatMap((c) =>
    c.kind === 'condition' ? c.on.flatMap((r) => [r.from?.text, r.to?.text]) : [],
  );
  const others = PROFILES.filter((p) => !p.mainline && named.includes(p.name));
  const perKernel = new Map();
  for (const profile of [...mainline, ...others]) perKernel.set(profile, toEnd(bisection.answering(profile)));
  const rows = bisection.questions.flatMap((question) => {
    const answersOf = (profiles) =>
      profiles.map((p) => ({ name: p.name, answer: perKernel.get(p).get(question.text) ?? 'unknown' }));
    const spans = [...ranges(answersOf(mainline)), ...ranges(answersOf(others))];
    return [
      `| \`${question.text.replaceAll('|', '\\|')}\` | ${spans.map((s) => `${s.answer} ${s.span}`).join('<br>')} |`,
    ];
  });
  const turns = toEnd(bisection.turning(mainline));
  const causes = new Set(
    turns.flatMap((turn) =>
      // What a condition is about; a declared result that an older kernel cannot give turns too, and says little.
      (turn.question.line === undefined ? [] : turn.changes).map(
        (c) => `- ${turn.to.name}: ${c.commit ? `${c.commit} ` : ''}“${c.subject}”${c.added ? '' : ' goes away'}`,
      ),
    ),
  );
  const title = texts('scenario')[0];
  const doc = texts('doc').join(' ');
  const turned = turns.flatMap((turn) =>
    (turn.question.line === undefined ? [] : turn.changes).map(({ commit, subject }) =>
      JSON.stringify({ kernel: turn.to.name, change: `${commit ? `${commit} ` : ''}${subject}` }),
    ),
  );
  return {
    tags,
    entry: { file, title, doc, tags, turns: [...new Set(turned)].map((turn) => JSON.parse(turn)) },
    lines: [
      `## ${title}`,
      '',
      `[${file}](../scenarios/${file}) · ${tags.join(', ')}`,
      '',
      doc,
      '',
      '| can it happen at the end of an execution? | kernels |',
      '| --- | --- |',
      ...rows,
      '',
      ...(causes.size > 0 ? ['What flips it:', '', ...causes, ''] : []),
    ],
  };
}

/** The page, and the list that the extension shows as a view: the text of both files. */
export async function galleryTexts() {
  const sections = [];
  for (const file of galleryFiles()) sections.push(await section(file));
  // A line for each, so that two changes of the gallery can be merged.
  const index = `[\n${sections.map(({ entry }) => JSON.stringify(entry)).join(',\n')}\n]\n`;
  const byEntry = (s) => Math.min(...s.tags.flatMap((t) => (/^H-(\d+)$/.exec(t) ? [Number(t.slice(2))] : [])), 999);
  sections.sort((a, b) => byEntry(a) - byEntry(b));
  const text = [
    '# The gallery',
    '',
    'Written by `npm run generate -- gallery` from the scenarios themselves; every answer is the result of looking at all interleavings.',
    '*Never*, *sometimes* and *always* are about final states. A scenario tagged `model-finding` is our own reading of the',
    'source: no upstream text describes it. H-numbers are those of the catalogue that the gallery follows; H-12 is H-6.',
    '',
    ...sections.flatMap((s) => s.lines),
  ].join('\n');
  return { [page]: text, [list]: index };
}

if (process.argv[1] === import.meta.filename) {
  for (const [file, text] of Object.entries(await galleryTexts())) {
    if (!process.argv.includes('--check')) writeFileSync(file, text);
    else if (readFileSync(file, 'utf8') !== text) {
      const name = path.relative(root, file);
      process.stderr.write(`${name} is older than the scenarios or the model: run \`npm run generate -- gallery\`.\n`);
      process.exitCode = 1;
    }
  }
}
