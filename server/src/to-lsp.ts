/** The only place that turns our values into those of the Language Server Protocol, and a few back. */
import type {
  LineEdit,
  Diagnostic as OurDiagnostic,
  FoldingRange as OurFoldingRange,
  OutlineEntry,
  SemanticType,
  Span,
  TextPosition,
} from '@snoopscope/sim-core';
import {
  type CodeAction,
  CodeActionKind,
  type CodeLens,
  type CompletionItem,
  CompletionItemKind,
  CompletionItemTag,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentHighlight,
  DocumentHighlightKind,
  type DocumentLink,
  type DocumentSymbol,
  type FoldingRange,
  FoldingRangeKind,
  type Hover,
  type InlayHint,
  type InlineValue,
  InsertTextFormat,
  type Location,
  MarkupKind,
  type Position,
  type Range,
  type SelectionRange,
  type SemanticTokensLegend,
  type SignatureHelp,
  SymbolKind,
  type TextEdit,
  type WorkspaceEdit,
  type WorkspaceSymbol,
} from 'vscode-languageserver';
import type { HoverText } from './features/hover.ts';
import type { InlineValue as OurInlineValue } from './features/inline-values.ts';
import type { Lens } from './features/lenses.ts';
import type { FileLink } from './features/links.ts';
import type { Offer, OfferKind } from './features/offers.ts';
import type { Refactoring } from './features/refactorings.ts';
import type { Use } from './features/references.ts';
import type { ResultHint } from './features/results.ts';
import type { Stretch } from './features/selection.ts';
import type { Signature } from './features/signature.ts';
import { plainText } from './features/snippets.ts';
import type { ColouredWord } from './features/tokens.ts';
import type { WorkspaceName } from './features/workspace-symbols.ts';
import type { Location as OurLocation, Snapshot } from './snapshot.ts';

export function fromPosition({ line, character }: Position): TextPosition {
  return { line, column: character };
}

export function toRange(line: number, { start, end }: Span): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

/** Whether a range of the editor, which may be a mere place, touches a span of a line. */
export function touches(range: Range, line: number, { start, end }: Span): boolean {
  const before = range.end.line < line || (range.end.line === line && range.end.character < start);
  const after = range.start.line > line || (range.start.line === line && range.start.character > end);
  return !before && !after;
}

export function toLocation({ uri, line, start, end }: OurLocation): Location {
  return { uri, range: toRange(line, { start, end }) };
}

/** `pages`: the folder with a page for each code. */
export function toDiagnostic(diagnostic: OurDiagnostic, { uri, included }: Snapshot, pages: string): Diagnostic {
  const { code, severity, message, line, span, related } = diagnostic;
  return {
    range: toRange(line, span),
    severity: SEVERITIES[severity],
    code,
    codeDescription: { href: `${pages.replace(/\/$/, '')}/${code}.md` },
    source: 'snoopscope',
    message,
    ...(TAGS[code] !== undefined && { tags: [TAGS[code]] }),
    ...(related && {
      relatedInformation: related.map((other) => ({
        location: {
          uri: other.path === undefined ? uri : (included.get(other.path)?.uri ?? uri),
          range: toRange(other.line, other.span),
        },
        message: other.message,
      })),
    }),
  };
}

/** What an editor shows faded, or struck through. */
const TAGS: Readonly<Partial<Record<string, DiagnosticTag>>> = {
  unused: DiagnosticTag.Unnecessary,
  unreachable: DiagnosticTag.Unnecessary,
  'older-name': DiagnosticTag.Deprecated,
};

/** The fixes of a diagnostic; the only one is the one that a client may apply without asking, unless it changes what the scenario says. */
export function toQuickFixes(diagnostic: OurDiagnostic, snapshot: Snapshot, pages: string): CodeAction[] {
  const fixes = diagnostic.fixes ?? [];
  return fixes.map(({ title, edits }) => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [toDiagnostic(diagnostic, snapshot, pages)],
    ...(fixes.length === 1 && fixes[0]?.meaning !== 'changed' && { isPreferred: true }),
    edit: { changes: { [snapshot.uri]: edits.map(toTextEdit) } },
  }));
}

/** A refactoring that cannot be done says why: clients show it greyed. */
export function toRefactoring({ title, edits, lines, refused }: Refactoring, kind: string, uri: string): CodeAction {
  if (refused !== undefined) return { title, kind, disabled: { reason: refused } };
  const whole = [...(lines ?? [])].map(([line, texts]): TextEdit => {
    const range = { start: { line, character: 0 }, end: { line: line + 1, character: 0 } };
    return { range, newText: texts.map((text) => `${text}\n`).join('') };
  });
  return { title, kind, edit: { changes: { [uri]: [...edits.map(toTextEdit), ...whole] } } };
}

export function toTextEdit({ line, span, newText }: LineEdit): TextEdit {
  return { range: toRange(line, span), newText };
}

/** One text in place of each place. With versions, which are null for files that are not open, for these versions alone. */
export function toWorkspaceEdit(
  places: readonly OurLocation[],
  newText: string,
  versionOf?: (uri: string) => number | null,
): WorkspaceEdit {
  const changes: Record<string, TextEdit[]> = {};
  for (const place of places) {
    const edits = changes[place.uri] ?? [];
    changes[place.uri] = edits;
    edits.push({ range: toLocation(place).range, newText });
  }
  if (versionOf === undefined) return { changes };
  return {
    documentChanges: Object.entries(changes).map(([uri, edits]) => ({
      textDocument: { uri, version: versionOf(uri) },
      edits,
    })),
  };
}

export function toHover({ line, span, markdown }: HoverText, asMarkdown: boolean): Hover {
  return { contents: markup(markdown, asMarkdown), range: toRange(line, span) };
}

/** Where completion was asked for, and what the client can insert. */
export interface CompletionTarget {
  readonly uri: string;
  readonly line: number;
  readonly replace: Span;
  readonly snippets: boolean;
}

export function toCompletionItem(offer: Offer, { uri, line, replace, snippets }: CompletionTarget): CompletionItem {
  const { label, kind, detail, description, snippet, about, rank, absent } = offer;
  const newText = snippet === undefined ? label : snippets ? snippet : plainText(snippet);
  return {
    label,
    kind: OFFER_KINDS[kind],
    ...((detail || description) && {
      labelDetails: { ...(detail && { detail }), ...(description && { description }) },
    }),
    sortText: `${String(rank).padStart(3, '0')} ${label}`,
    textEdit: { range: toRange(line, replace), newText },
    insertTextFormat: snippets && snippet !== undefined ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    ...(absent && { tags: [CompletionItemTag.Deprecated] }),
    ...(about && { data: { about, uri } }),
  };
}

export function toWorkspaceSymbol({ name, kind, uri, line, span, within }: WorkspaceName): WorkspaceSymbol {
  return {
    name,
    kind: kind === 'scenario' ? SymbolKind.File : ENTRY_KINDS[kind],
    location: { uri, range: toRange(line, span) },
    ...(within && { containerName: within }),
  };
}

export function toDocumentSymbol(entry: OutlineEntry, lineLength: (line: number) => number): DocumentSymbol {
  const { name, detail, kind, line, endLine, span, children } = entry;
  return {
    name: name || kind,
    ...(detail && { detail }),
    kind: ENTRY_KINDS[kind],
    range: { start: { line, character: 0 }, end: { line: endLine, character: lineLength(endLine) } },
    selectionRange: toRange(line, span),
    children: children.map((child) => toDocumentSymbol(child, lineLength)),
  };
}

export function toDocumentLink({ line, span, uri }: FileLink): DocumentLink {
  return { range: toRange(line, span), target: uri };
}

export function toFoldingRange({ line, endLine, kind }: OurFoldingRange): FoldingRange {
  return { startLine: line, endLine, ...(kind === 'comment' && { kind: FoldingRangeKind.Comment }) };
}

export function toHighlight({ place, writes }: Use): DocumentHighlight {
  return {
    range: toRange(place.line, place.span),
    kind: writes ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
  };
}

export function toSelectionRange(stretches: readonly Stretch[], at: Position): SelectionRange {
  let outer: SelectionRange | undefined;
  for (const { line, start, endLine, end } of [...stretches].reverse()) {
    const range = { start: { line, character: start }, end: { line: endLine, character: end } };
    outer = outer === undefined ? { range } : { range, parent: outer };
  }
  return outer ?? { range: { start: at, end: at } };
}

export function toSignatureHelp(signature: Signature, asMarkdown: boolean): SignatureHelp {
  const { label, markdown, parameters, active } = signature;
  return {
    signatures: [
      {
        label,
        documentation: markup(markdown, asMarkdown),
        parameters: parameters.map(({ start, end, markdown: text }) => ({
          label: [start, end],
          documentation: markup(text, asMarkdown),
        })),
      },
    ],
    activeSignature: 0,
    // One past the last: no parameter is highlighted.
    activeParameter: active ?? parameters.length,
  };
}

export function toCodeLens({ line, title, command }: Lens, uri: string): CodeLens {
  return { range: toRange(line, { start: 0, end: 0 }), command: { title, command, arguments: [uri] } };
}

export function toInlayHint({ line, column, text, markdown }: ResultHint): InlayHint {
  return { position: { line, character: column }, label: text, tooltip: markdown, paddingLeft: false };
}

export function toInlineValue({ line, span, expression }: OurInlineValue): InlineValue {
  return { range: toRange(line, span), expression };
}

export function markup(markdown: string, asMarkdown: boolean) {
  return asMarkdown
    ? { kind: MarkupKind.Markdown, value: markdown }
    : { kind: MarkupKind.PlainText, value: withoutMarks(markdown) };
}

/** Five numbers a word, each place relative to the word before, as the protocol packs them. */
export function toTokenData(words: Iterable<ColouredWord>): number[] {
  const data: number[] = [];
  let lastLine = 0;
  let lastStart = 0;
  for (const { line, span, type, definition } of words) {
    const start = line === lastLine ? span.start - lastStart : span.start;
    data.push(line - lastLine, start, span.end - span.start, TOKEN_NUMBERS[type], definition ? 1 : 0);
    lastLine = line;
    lastStart = span.start;
  }
  return data;
}

const TOKEN_TYPES: readonly SemanticType[] = [
  'keyword',
  'function',
  'method',
  'macro',
  'enumMember',
  'property',
  'parameter',
  'variable',
  'number',
  'string',
  'comment',
  'class',
  'type',
  'event',
  'decorator',
];

const TOKEN_NUMBERS = Object.fromEntries(TOKEN_TYPES.map((type, number) => [type, number])) as Record<
  SemanticType,
  number
>;

export const TOKEN_LEGEND: SemanticTokensLegend = { tokenTypes: [...TOKEN_TYPES], tokenModifiers: ['definition'] };

const SEVERITIES: Readonly<Record<OurDiagnostic['severity'], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

const ENTRY_KINDS: Readonly<Record<OutlineEntry['kind'], SymbolKind>> = {
  machine: SymbolKind.Module,
  actor: SymbolKind.Class,
  proc: SymbolKind.Function,
  item: SymbolKind.Field,
  condition: SymbolKind.Boolean,
  schedule: SymbolKind.Event,
};

const OFFER_KINDS: Readonly<Record<OfferKind, CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  call: CompletionItemKind.Function,
  request: CompletionItemKind.Method,
  instruction: CompletionItemKind.Function,
  constant: CompletionItemKind.EnumMember,
  errno: CompletionItemKind.EnumMember,
  field: CompletionItemKind.Field,
  option: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
  name: CompletionItemKind.Variable,
  word: CompletionItemKind.Variable,
  actor: CompletionItemKind.Class,
  register: CompletionItemKind.Property,
  fact: CompletionItemKind.Function,
  finding: CompletionItemKind.Event,
  proc: CompletionItemKind.Function,
  version: CompletionItemKind.Constant,
  text: CompletionItemKind.Text,
};

/** For clients that show no Markdown: the marks would only be noise. */
function withoutMarks(markdown: string): string {
  return markdown.replace(/```\w*\n?/g, '').replace(/\*\*|`/g, '');
}
