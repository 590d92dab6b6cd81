// docs/style.md: words that no kernel engineer would use, in sources, documents and tests. Where a word is right,
// because it means something else there, the line is listed with it.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../cli/command.ts';

/** What not to write → what to write instead. */
const WORDS: Readonly<Record<string, RegExp>> = {
  'after, for "behind"':
    /\bbehind\b(?! (?:the|a|an|its|one|its own|the good|another) (?:bridge|IOMMU|proxy|switch|root port|symptom|units?)\b| units with)/i,
  'is, for "stands"':
    /\bstands?\b(?= (?:in(?! for\b|[,.]| the text)|at|behind|below|above|there|before|here|between|under)\b)/i,
  'is not a, for "is no"':
    /(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|different\b|later\b|kernel change)/i,
  'again, for "anew"': /\banew\b/i,
  'continues, for "goes on"': /\b(?:go(?:es|ing)?|gone|went) on\b/i,
  'the user, for "whoever"': /\bwhoever\b/i,
  'starts over, for "begins again"': /\bbeg[iau]ns? again\b/i,
  'finishes, for "comes to its end"': /\bc(?:omes?|oming|ame) to (?:its|their|an|the) end\b/i,
  'already, before what is the case':
    /\b(?:is|are|was|were|has|have|had|in|open|with|there) (?:[\w-]+ ){0,5}already(?:[.,;:)]|$)/i,
  'is in, for "lies in"': /\b(?:lies?|lay)\b(?= (?:in(?! wait)|at|on|under|above|below|between|there)\b)/i,
  'considers it coherent, for "takes it for coherent"': /\btak(?:es?|en|ing) (?:[\w'-]+ ){1,6}for (?:non-)?coherent\b/i,
  'differently from, for "otherwise than"': /\botherwise than\b/i,
  'of its own, for "an own"': /\ban own\b/i,
  'by default, for "unless said"': /\bunless said\b/i,
  'on line 3, for "in line 3"': /\bin line (?:\$\{|\d)/i,
  'reaches, for "comes to" a place': /\bcomes? to (?:this|that|its|a|the) (?:statement|line|state|limit)s?\b/i,
  'about, for "says of" and "told of"': /\b(?:says?|tells?|told) of\b|(?<!const )\bsaid of\b/i,
  'a string, for "a text" in messages': /\b(?:is|be|is not|for) a text\b(?! of| that| whose)/i,
};

/** What is held to it. */
const CLEAN = [
  'CONTRIBUTING.md',
  'README.md',
  'docs/*.md',
  'client/cli/src/**/*.ts',
  'client/vscode/src/**/*.ts',
  'debug-adapter/src/**/*.ts',
  'scenarios/**/*.snoop',
  'scripts/**/*.mjs',
  'server/src/**/*.ts',
  'sim-core/src/**/*.ts',
  'test/**/*.{ts,mjs,snoop}',
  'client/cli/package.json',
  'package.json',
];

/** This file, and the rule itself, name the words. */
const NAMES_THEM = ['docs/style.md', 'test/tidy/words.test.ts'];

const files = globSync(CLEAN, { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !NAMES_THEM.includes(file));

test('there are files to look at', () => {
  expect(files.length).toBeGreaterThan(50);
});

test.each(Object.entries(WORDS))('%s', (_, word) => {
  const hits = files.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (word.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(hits).toEqual([]);
});
