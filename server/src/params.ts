/** What the parameters of each message have to be, as far as the server reads them. Clients send what they like. */

/** What is wrong with a value, with the place in it; undefined when nothing is. */
type Shape = (value: unknown, place: string) => string | undefined;

/**
 * Says what is wrong with the parameters of a message, in words for who writes the client; undefined when nothing is, and
 * for messages that the server does not know.
 */
export function problemOfParams(method: string, params: unknown): string | undefined {
  const shape = Object.hasOwn(SHAPES, method) ? SHAPES[method] : undefined;
  const problem = shape?.(params, 'params');
  return problem === undefined ? undefined : `${method}: ${problem}`;
}

const text: Shape = (value, place) => (typeof value === 'string' ? undefined : expected('a string', value, place));
const truth: Shape = (value, place) =>
  typeof value === 'boolean' ? undefined : expected('true or false', value, place);
const anything: Shape = () => undefined;
const whole: Shape = (value, place) =>
  Number.isSafeInteger(value) ? undefined : expected('a whole number', value, place);
const count: Shape = (value, place) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? undefined
    : expected('a whole number from 0 on', value, place);

const uri: Shape = (value, place) =>
  typeof value === 'string' && value !== '' ? undefined : expected('a URI', value, place);

function record(members: Readonly<Record<string, Shape>>): Shape {
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return expected('an object', value, place);
    const read = value as Readonly<Record<string, unknown>>;
    for (const [name, shape] of Object.entries(members)) {
      const problem = shape(Object.hasOwn(read, name) ? read[name] : undefined, `${place}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

function list(of: Shape): Shape {
  return (value, place) => {
    if (!Array.isArray(value)) return expected('an array', value, place);
    for (const [index, item] of value.entries()) {
      const problem = of(item, `${place}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** May be left out; null counts as left out, as many clients have it. */
function optional(shape: Shape): Shape {
  return (value, place) => (value === undefined || value === null ? undefined : shape(value, place));
}

function expected(what: string, value: unknown, place: string): string {
  return value === undefined
    ? `${place} is missing: expected ${what}.`
    : `${place} must be ${what}, found ${shown(value)}.`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? typeof value;
  return json.length <= LONGEST_SHOWN ? json : `${json.slice(0, LONGEST_SHOWN)}…`;
}

const LONGEST_SHOWN = 60;

const position = record({ line: count, character: count });
const range = record({ start: position, end: position });
const textDocument = record({ uri });
const document = record({ textDocument });
const place = record({ textDocument, position });
const folder = record({ uri });

const SHAPES: Readonly<Record<string, Shape>> = {
  initialize: record({
    capabilities: optional(record({})),
    rootUri: optional(uri),
    workspaceFolders: optional(list(folder)),
  }),
  initialized: optional(record({})),
  '$/setTrace': record({ value: text }),
  'textDocument/didOpen': record({ textDocument: record({ uri, languageId: text, version: whole, text }) }),
  'textDocument/didChange': record({
    textDocument: record({ uri, version: whole }),
    contentChanges: list(record({ text, range: optional(range) })),
  }),
  'textDocument/didClose': document,
  'workspace/didChangeConfiguration': record({ settings: anything }),
  'workspace/didChangeWatchedFiles': record({ changes: list(record({ uri })) }),
  'workspace/didChangeWorkspaceFolders': record({ event: record({ added: list(folder), removed: list(folder) }) }),
  'textDocument/hover': place,
  'textDocument/completion': record({
    textDocument,
    position,
    context: optional(record({ triggerKind: whole, triggerCharacter: optional(text) })),
  }),
  'completionItem/resolve': record({ label: text }),
  'textDocument/signatureHelp': place,
  'textDocument/definition': place,
  'textDocument/references': record({ textDocument, position, context: record({ includeDeclaration: truth }) }),
  'textDocument/documentHighlight': place,
  'textDocument/prepareRename': place,
  'textDocument/rename': record({ textDocument, position, newName: text }),
  'textDocument/documentSymbol': document,
  'textDocument/documentLink': document,
  'textDocument/foldingRange': document,
  'textDocument/selectionRange': record({ textDocument, positions: list(position) }),
  'textDocument/formatting': record({ textDocument, options: optional(record({})) }),
  'textDocument/rangeFormatting': record({ textDocument, range, options: optional(record({})) }),
  'textDocument/rangesFormatting': record({ textDocument, ranges: list(range) }),
  'textDocument/onTypeFormatting': record({ textDocument, position, ch: text }),
  'textDocument/typeDefinition': place,
  'textDocument/prepareCallHierarchy': place,
  'textDocument/diagnostic': document,
  'callHierarchy/incomingCalls': record({ item: record({ name: text }) }),
  'callHierarchy/outgoingCalls': record({ item: record({ name: text, uri, range }) }),
  'workspace/symbol': record({ query: text }),
  'workspace/willRenameFiles': record({ files: list(record({ oldUri: uri, newUri: uri })) }),
  'textDocument/codeAction': record({
    textDocument,
    range,
    context: optional(record({ only: optional(list(text)) })),
  }),
  'textDocument/codeLens': document,
  'textDocument/inlayHint': record({ textDocument, range }),
  'textDocument/inlineValue': record({ textDocument, range, context: record({ stoppedLocation: range }) }),
  'textDocument/semanticTokens/full': document,
  'textDocument/semanticTokens/full/delta': record({ textDocument, previousResultId: text }),
  'textDocument/semanticTokens/range': record({ textDocument, range }),
};

/** The messages whose parameters are looked at. */
export const CHECKED_METHODS: readonly string[] = Object.keys(SHAPES);
