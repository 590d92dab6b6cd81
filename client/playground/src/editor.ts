/** Monaco with scenarios: colours from a grammar at once, everything else when the language server has answered. */

import monarch from 'built:monarch';
import { editor, languages, Uri } from 'monaco-editor/editor/editor.api.js';

// Words of the text and differences: the editor's own helper.
Object.assign(self, { MonacoEnvironment: { getWorker: () => new Worker('editor-worker.js') } });

export const LANGUAGE = 'snoop';
/** Monaco's LSP client writes addresses in lower case. */
const DOCUMENT = Uri.parse('file:///scenario.snoop');
export const PATH = '/scenario.snoop';

export interface ScenarioEditor {
  readonly text: () => string;
  readonly open: (text: string) => void;
  readonly onChange: (listener: () => void) => void;
  /** Marks the line where the run is, counting from 1; undefined marks none. */
  readonly showLine: (line: number | undefined) => void;
  readonly goTo: (line: number) => void;
}

export function createEditor(element: HTMLElement, text: string): ScenarioEditor {
  languages.register({ id: LANGUAGE, extensions: ['.snoop'], aliases: ['Snoopscope scenario'] });
  languages.setMonarchTokensProvider(LANGUAGE, monarch as languages.IMonarchLanguage);
  languages.setLanguageConfiguration(LANGUAGE, {
    comments: { lineComment: '//' },
    brackets: [
      ['{', '}'],
      ['[', ']'],
      ['(', ')'],
    ],
    autoClosingPairs: [
      { open: '{', close: '}' },
      { open: '[', close: ']' },
      { open: '(', close: ')' },
      { open: '"', close: '"' },
    ],
  });
  defineThemes();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(prefers-contrast: more) or (forced-colors: active)');
  const useTheme = (): void =>
    editor.setTheme(
      contrast.matches ? (dark.matches ? 'hc-black' : 'hc-light') : dark.matches ? 'snoop-dark' : 'snoop-light',
    );
  useTheme();
  for (const query of [dark, contrast]) query.addEventListener('change', useTheme);
  const model = editor.createModel(text, LANGUAGE, DOCUMENT);
  const shown = editor.create(element, {
    model,
    automaticLayout: true,
    minimap: { enabled: false },
    fontSize: 13,
    scrollBeyondLastLine: false,
    glyphMargin: true,
    lineNumbersMinChars: 3,
    accessibilitySupport: 'on',
    ariaLabel: 'Scenario',
    'semanticHighlighting.enabled': true,
    // Tab leaves the editor for those who have no mouse; Ctrl+M turns it on and off.
    tabFocusMode: false,
    fixedOverflowWidgets: true,
    quickSuggestions: { other: true, comments: false, strings: true },
  });
  const marks = shown.createDecorationsCollection();
  return {
    text: () => model.getValue(),
    open: (next) => model.setValue(next),
    onChange: (listener) => void model.onDidChangeContent(listener),
    showLine(line) {
      marks.set(
        line === undefined
          ? []
          : [
              {
                range: { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: 1 },
                options: { isWholeLine: true, className: 'current-line', glyphMarginClassName: 'current-glyph' },
              },
            ],
      );
      if (line !== undefined) shown.revealLineInCenterIfOutsideViewport(line);
    },
    goTo(line) {
      shown.setPosition({ lineNumber: line, column: 1 });
      shown.revealLineInCenter(line);
      shown.focus();
    },
  };
}

/** Colours by the kind of word, the same for the grammar's tokens and for those of the language server. */
const COLOURS: readonly (readonly [tokens: readonly string[], light: string, dark: string])[] = [
  [['keyword'], '8250df', 'c586c0'],
  [['predefined', 'function', 'method'], '6639ba', 'dcdcaa'],
  [['constant', 'macro', 'enumMember'], '0550ae', '4fc1ff'],
  [['attribute.name', 'property', 'decorator'], '953800', '9cdcfe'],
  [['type', 'class', 'struct', 'namespace'], '116329', '4ec9b0'],
  [['variable', 'parameter', 'identifier'], '24292f', 'd4d4d4'],
];

function defineThemes(): void {
  const rules = (column: 1 | 2): editor.ITokenThemeRule[] =>
    COLOURS.flatMap((row) => row[0].map((token) => ({ token, foreground: row[column] })));
  editor.defineTheme('snoop-light', { base: 'vs', inherit: true, rules: rules(1), colors: {} });
  editor.defineTheme('snoop-dark', { base: 'vs-dark', inherit: true, rules: rules(2), colors: {} });
}
