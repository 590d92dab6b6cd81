/** The grammar of an editor without TextMate (Monaco): colours before the language server has answered. */
import { FINDINGS } from '../engine/monitors/table.ts';
import { FACTS } from './facts.ts';
import { LANGUAGE_WORDS } from './language-words.ts';
import { ALLOWED, CPU_VENDORS, IOMMU_DRIVERS } from './machine-words.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The words of the language by what they are, for editors that colour lists of words. */
export interface EditorWords {
  readonly keywords: readonly string[];
  readonly calls: readonly string[];
  readonly actions: readonly string[];
  readonly constants: readonly string[];
  readonly facts: readonly string[];
}

export function editorWords(vocabulary: Vocabulary): EditorWords {
  return {
    keywords: [...LANGUAGE_WORDS.map(({ word }) => word), 'or', 'of', 'on', 'only', 'micro'],
    calls: [...vocabulary.syscalls.keys()],
    actions: [...vocabulary.actions.keys()],
    constants: [
      ...vocabulary.requests.keys(),
      ...vocabulary.constants.keys(),
      ...vocabulary.errnos,
      ...CPU_VENDORS,
      ...IOMMU_DRIVERS,
      ...Object.keys(ALLOWED),
    ],
    facts: [...FACTS.map(({ name }) => name), ...FINDINGS],
  };
}

/** A Monarch grammar, as data: expressions are texts. All words come from the tables, as in the TextMate grammar. */
export function monarchGrammar(vocabulary: Vocabulary): object {
  return {
    defaultToken: '',
    ...editorWords(vocabulary),
    tokenizer: {
      root: [
        ['//.*$', 'comment'],
        ['"', 'string', '@string'],
        ['v\\d+\\.\\d+(?:-[\\w-]+)?', 'number'],
        ['(?:[0-9A-Fa-f]{4,8}:)?[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-7]', 'number'],
        ['-?(?:0[xX][0-9A-Fa-f]+|\\d+)\\b', 'number'],
        ['~exists\\b', 'keyword'],
        ['[a-z][\\w-]*(?==(?!=))', 'attribute.name'],
        [
          '[A-Za-z_][\\w]*(?:-[A-Za-z_][\\w]*)*',
          {
            cases: {
              '@keywords': 'keyword',
              '@calls': 'predefined',
              '@actions': 'predefined',
              '@constants': 'constant',
              '@facts': 'type',
              '@default': 'identifier',
            },
          },
        ],
        ['[{}()[\\]]', '@brackets'],
        ['&&|\\|\\||[!=<>]=|=>|[=<>!|&]', 'operator'],
      ],
      string: [
        ['[^\\\\"]+', 'string'],
        ['\\\\.', 'string.escape'],
        ['"|$', 'string', '@pop'],
      ],
    },
  };
}
