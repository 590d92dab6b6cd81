// Writes syntaxes/snoop.tmLanguage.json from the tables of sim-core. `--check` only says whether it is up to date.
// Node 24 reads the TypeScript sources directly: `npm run generate -- grammar`.
import { readFileSync, writeFileSync } from 'node:fs';
import { textMateGrammar } from '../sim-core/src/scenario/grammar.ts';
import { VOCABULARY } from '../sim-core/src/scenario/vocabulary.ts';

const file = new URL('../syntaxes/snoop.tmLanguage.json', import.meta.url);
const text = `${JSON.stringify(textMateGrammar(VOCABULARY), undefined, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(
      'syntaxes/snoop.tmLanguage.json is older than the tables: run `npm run generate -- grammar`.\n',
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, text);
}
