// Files for editors without TextMate grammars, from the same tables: syntaxes/snoop.vim and syntaxes/snoop-mode.el.
import { editorWords } from '../sim-core/src/scenario/monarch.ts';
import { VOCABULARY } from '../sim-core/src/scenario/vocabulary.ts';

const words = editorWords(VOCABULARY);
/** `~exists` and the like have a rule of their own. */
const plain = (list) => [...new Set(list)].filter((word) => /^[\w-]+$/.test(word)).sort();

/** file → its text. */
export const editorFiles = { 'syntaxes/snoop.vim': vimSyntax(), 'syntaxes/snoop-mode.el': emacsMode() };

function vimSyntax() {
  const keyword = (group, list) => wrapped(plain(list), 100).map((line) => `syntax keyword ${group} ${line}`);
  return [
    '" Vim syntax of Snoopscope scenarios. Made from the tables of the language; `npm run generate -- grammar` writes it.',
    "if exists('b:current_syntax')",
    '  finish',
    'endif',
    'syntax iskeyword @,48-57,_,-',
    ...keyword('snoopKeyword', words.keywords),
    ...keyword('snoopCall', [...words.calls, ...words.actions]),
    ...keyword('snoopConstant', words.constants),
    ...keyword('snoopFact', words.facts),
    String.raw`syntax match snoopKeyword /^\s*\~exists\>/`,
    String.raw`syntax match snoopNumber /\<\%(0[xX]\x\+\|\d\+\)\>/`,
    String.raw`syntax match snoopNumber /\<v\d\+\.\d\+\>/`,
    String.raw`syntax match snoopNumber /\<\%(\x\{4,8}:\)\?\x\x:\x\x\.[0-7]\>/`,
    String.raw`syntax match snoopOption /\<[a-z][a-z0-9_-]*\ze=[^=]/`,
    String.raw`syntax region snoopString start=/"/ skip=/\\./ end=/"\|$/`,
    'syntax match snoopComment #//.*$#',
    ...Object.entries({
      Keyword: 'Keyword',
      Call: 'Function',
      Constant: 'Constant',
      Fact: 'Type',
      Number: 'Number',
      Option: 'Identifier',
      String: 'String',
      Comment: 'Comment',
    }).map(([group, linked]) => `highlight default link snoop${group} ${linked}`),
    "let b:current_syntax = 'snoop'",
    '',
  ].join('\n');
}

function emacsMode() {
  const rule = (list, face) => [
    '     (,(regexp-opt',
    `        '(${wrapped(
      plain(list).map((word) => `"${word}"`),
      100,
    ).join('\n          ')})`,
    `        'symbols) . ${face})`,
  ];
  return [
    ';;; snoop-mode.el --- Snoopscope scenarios  -*- lexical-binding: t; -*-',
    '',
    ';; Made from the tables of the language; `npm run generate -- grammar` writes it.',
    '',
    ';;; Code:',
    '',
    '(defvar snoop-mode-syntax-table',
    '  (let ((table (make-syntax-table)))',
    '    (modify-syntax-entry ?/ ". 12" table)',
    String.raw`    (modify-syntax-entry ?\n ">" table)`,
    '    (modify-syntax-entry ?- "_" table)',
    '    table))',
    '',
    '(defvar snoop-font-lock-keywords',
    '  (eval-when-compile',
    '    `(',
    ...rule(words.keywords, 'font-lock-keyword-face'),
    ...rule([...words.calls, ...words.actions], 'font-lock-function-name-face'),
    ...rule(words.constants, 'font-lock-constant-face'),
    ...rule(words.facts, 'font-lock-type-face'),
    String.raw`     ("\\_<[a-z][a-z0-9_-]*\\(?:=\\)" . font-lock-variable-name-face))))`,
    '',
    ';;;###autoload',
    '(define-derived-mode snoop-mode prog-mode "Snoop"',
    '  "Major mode for scenarios of Snoopscope."',
    "  (setq-local font-lock-defaults '(snoop-font-lock-keywords)",
    '              comment-start "// "',
    '              indent-tabs-mode nil',
    '              tab-width 2))',
    '',
    ';;;###autoload',
    String.raw`(add-to-list 'auto-mode-alist '("\\.snoop\\'" . snoop-mode))`,
    '',
    "(provide 'snoop-mode)",
    ';;; snoop-mode.el ends here',
    '',
  ].join('\n');
}

function wrapped(list, width) {
  const lines = [''];
  for (const word of list) {
    const last = lines.at(-1);
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
