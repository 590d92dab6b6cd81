// Writes what colours scenarios in editors, from the tables of sim-core: syntaxes/snoop.tmLanguage.json, snoop.vim and
// snoop-mode.el. `--check` only says whether they are up to date. Node 24 reads the TypeScript sources directly:
// `npm run generate -- grammar`.
import { readFileSync, writeFileSync } from 'node:fs';
import { textMateGrammar } from '../sim-core/src/scenario/grammar.ts';
import { VOCABULARY } from '../sim-core/src/scenario/vocabulary.ts';
import { editorFiles } from './editor-files.mjs';

const files = {
  'syntaxes/snoop.tmLanguage.json': `${JSON.stringify(textMateGrammar(VOCABULARY), undefined, 2)}\n`,
  ...editorFiles,
};
for (const [name, text] of Object.entries(files)) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${name} is older than the tables: run \`npm run generate -- grammar\`.\n`);
    process.exitCode = 1;
  }
}
