// Writes docs/reference/diagnostics/, a page for each code, from the records of the checks and predictions.
// `npm run generate -- diagnostics`; a test compares.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { profileNamed } from '../sim-core/src/kernel/profiles.ts';
import { predicting } from '../sim-core/src/predict/predict.ts';
import { PREDICTIONS } from '../sim-core/src/predict/table.ts';
import { checkText } from '../sim-core/src/scenario/checks/run-checks.ts';
import { CHECKS } from '../sim-core/src/scenario/checks/table.ts';
import { elaborate } from '../sim-core/src/scenario/elaborate.ts';
import { parse } from '../sim-core/src/scenario/parser.ts';
import { toEnd } from '../sim-core/src/to-end.ts';
import { root } from './install.mjs';

export const folder = 'docs/reference/diagnostics';

/** An example of more lines is as long as a limit: a page is not the place for it. */
const MOST_LINES = 40;

const records = [...CHECKS, ...PREDICTIONS].sort((a, b) => (a.code < b.code ? -1 : 1));

/** The pages by the name of their file. */
export function diagnosticPages() {
  const pages = new Map(records.map((one) => [`${one.code}.md`, page(one)]));
  pages.set('README.md', contents());
  return pages;
}

function contents() {
  const rows = records.map(
    ({ code, severity, doc }) => `| [${code}](${code}.md) | ${severity} | ${firstSentence(doc)} |`,
  );
  return `# Diagnostics

What the editor and the command say about a scenario, by code. Those of the text are found in the text alone; those of a
prediction come from running it, on the kernels that it names, before anybody asks for a run.

| code | severity | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function page({ code, severity, doc, sources, examples, limit }) {
  const found = diagnosticsOf(examples.bad).filter((one) => one.code === code);
  const fixes = [...new Set(found.flatMap(({ fixes: all }) => all ?? []).map(({ title }) => title))];
  const kind = PREDICTIONS.some((one) => one.code === code)
    ? 'a prediction: it comes from running the scenario'
    : 'found in the text';
  const said = found.slice(0, 2).map(({ line, message }) => `Line ${line + 1}: ${message}`);
  const parts = [
    `# ${code}`,
    `Severity: ${severity}. ${capital(kind)}.${limit ? ' It is about a limit of Snoopscope; nothing else need be wrong.' : ''}`,
    doc,
    `## Example\n\n${fenced(examples.bad)}`,
    said.length === 0 ? '' : said.map((line) => `> ${line}`).join('\n>\n'),
    `## Put right\n\n${fenced(examples.good)}`,
    fixes.length === 0 ? '' : `The editor offers: ${fixes.map((title) => `*${title}*`).join(', ')}.`,
    `## Source\n\n${sources.map((source) => `- ${source}`).join('\n')}`,
    '[All diagnostics](README.md)',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function diagnosticsOf(text) {
  const parsed = parse(text);
  const checked = [...parsed.diagnostics, ...checkText(parsed, { advice: true })];
  const elaborated = elaborate(parsed, { profile: profileNamed('v6.12') });
  return [...checked, ...elaborated.diagnostics, ...toEnd(predicting(parsed))];
}

function fenced(text) {
  const lines = text.trimEnd().split('\n');
  const long = lines.length > MOST_LINES || lines.some((line) => line.length > 300);
  return long ? `A file of ${lines.length} lines.` : `\`\`\`snoop\n${lines.join('\n')}\n\`\`\``;
}

function firstSentence(text) {
  return `${text.split(/(?<=[.!?]) (?=[A-Z])/)[0]}`.replaceAll('|', '\\|');
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await rm(path.join(root, folder), { recursive: true, force: true });
  await mkdir(path.join(root, folder), { recursive: true });
  for (const [name, text] of diagnosticPages()) await writeFile(path.join(root, folder, name), text);
}
