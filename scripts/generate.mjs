// `npm run generate`: writes everything that is made from the sources, in the order in which one needs the other.
//
//   npm run generate                       all of it but headers
//   npm run generate -- headers            needs apt, dpkg-deb and cc: only when asked for
//   npm run generate -- grammar gallery    some steps
//   npm run generate -- test/cli           the goldens below some folder alone
//   npm run generate -- test/scenarios -t remap    those of tests whose names match
//
// Read the difference before you commit it. What a scenario declares is never rewritten.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ensureInstalled, node, root, toolEnvironment } from './install.mjs';

/** Tests that compare with a file and, with UPDATE=1, write it. */
const goldens = [
  'test/cli/output.test.ts',
  'test/coverage/accepted-actions.test.ts',
  'test/coverage/accepted.test.ts',
  'test/dap/transcripts.test.ts',
  'test/language/docs.test.ts',
  'test/lsp/transcript.test.ts',
  'test/pictures/gallery.test.ts',
  'test/scenarios/gallery.test.ts',
  'test/tidy/accepted.test.ts',
  'test/tidy/commits.test.ts',
  'test/tidy/documents.test.ts',
  'test/tidy/left-out.test.ts',
];

/** step → what it writes, and the programs that do. */
const steps = {
  grammar: { writes: 'syntaxes/snoop.tmLanguage.json', run: () => script('generate-grammar.mjs') },
  goldens: {
    writes: 'traces beside scenarios, golden outputs, transcripts, tables and outputs in the documents, docs/cli.md',
    run: () => update(goldens),
  },
  diagnostics: {
    writes: 'docs/reference/diagnostics, a page for each code',
    run: () => script('diagnostic-pages.mjs'),
  },
  gallery: { writes: 'docs/gallery.md, client/vscode/gallery.json', run: () => script('gallery.mjs') },
  mutation: {
    writes: 'docs/mutation.md, test/coverage/mutation.jsonl; rows that still hold are kept',
    run: () => script('mutation.mjs', '--missing'),
  },
  headers: {
    writes: 'test/coverage/headers.json, from the linux-libc-dev packages that apt offers',
    run: () => script('generate-headers.mjs'),
    onlyWhenAsked: true,
  },
};

const words = process.argv.slice(2);
const option = words.indexOf('-t');
const asked = option === -1 ? words : words.slice(0, option);
/** What vitest is asked besides: the names of tests. */
const narrowed = option === -1 ? [] : words.slice(option);
const paths = asked.filter((word) => word.includes('/'));
const named = asked.filter((word) => !word.includes('/'));
const unknown = named.find((name) => !(name in steps));
if (unknown !== undefined) {
  const list = Object.entries(steps).map(([name, { writes }]) => `  ${name.padEnd(11)} ${writes}\n`);
  process.stderr.write(`There is no step \`${unknown}\`. Steps:\n${list.join('')}`);
  process.exit(2);
}
ensureInstalled();
for (const name of asked.length === 0 ? Object.keys(steps).filter((step) => !steps[step].onlyWhenAsked) : named) {
  process.stdout.write(`── ${name}: ${steps[name].writes}\n`);
  await steps[name].run();
}
if (paths.length > 0) await update(paths);

function script(name, ...args) {
  return run(`scripts/${name}`, ...args);
}

function update(files) {
  return run('node_modules/vitest/vitest.mjs', 'run', ...files, ...narrowed, '--silent');
}

/** A step that fails does not keep the others from being made, but the whole has failed. */
async function run(program, ...args) {
  const child = spawn(node, [path.join(root, program), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...toolEnvironment(), UPDATE: '1' },
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) process.exitCode = 1;
}
