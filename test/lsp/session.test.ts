// The server as an editor sees it, in this process: documents, settings, included files, and what happens when things go wrong.
import { checkText, parse } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import type {
  CompletionItem,
  Diagnostic,
  Hover,
  InlayHint,
  SemanticTokens,
  SemanticTokensDelta,
} from 'vscode-languageserver';
import { READ_FILE_REQUEST } from '../../server/src/protocol.ts';
import { profileFor } from '../../server/src/snapshot.ts';
import { type Client, connected, FULL_CAPABILITIES } from './client.ts';
import { around } from './features.ts';
import { marked } from './marked.ts';

const URI = 'file:///project/scenario.snoop';

describe('diagnostics', () => {
  test('come after opening and after each change, with the version they are about', async () => {
    const client = connected();
    await client.initialize();
    const { text, ranges } = marked(around('setup', 'ioctl(dev, <|KVM_SET_DEVICE_ATT|>, {})'));
    await client.open(URI, text);
    const found = await client.diagnostics(URI, (one) => one.version === 1);
    const wrong = found.find(({ severity }) => severity === 1);
    const { line, start, end } = ranges[0]!;
    expect(wrong).toMatchObject({
      code: 'unknown-request',
      source: 'snoopscope',
      severity: 1,
      message: expect.stringContaining('KVM_SET_DEVICE_ATTR'),
      range: { start: { line, character: start }, end: { line, character: end } },
    });
    const version = await client.change(URI, [{ range: wrong!.range, text: 'KVM_SET_DEVICE_ATTR' }]);
    const after = await client.diagnostics(URI, (found) => found.version === version);
    expect(after.filter(({ code }) => code === 'unknown-request')).toEqual([]);
  });

  test('after any sequence of changes are those of the text that results', async () => {
    const client = connected();
    await client.initialize();
    let text = around('vcpu', 'mov [x], 1');
    await client.open(URI, text);
    const edits: readonly [line: number, from: number, to: number, text: string][] = [
      [0, 0, 0, 'kernel v5.11\n'],
      [5, 2, 4, ''],
      [2, 0, 0, '}\n\n{\n'],
      [0, 3, 6, '\r\nx'],
      [1, 0, 1, '// '],
    ];
    for (const [line, from, to, inserted] of edits) {
      text = replaced(text, line, from, to, inserted);
      const range = { start: { line, character: from }, end: { line, character: to } };
      const version = await client.change(URI, [{ range, text: inserted }]);
      const found = await client.diagnostics(URI, (one) => one.version === version);
      const scenario = parse(text);
      const expected = [
        ...scenario.diagnostics,
        ...checkText(scenario, { profile: profileFor(scenario, undefined) }),
      ].map(({ code, line: at, span }) => [code, at, span.start]);
      expect(found.map(({ code, range: { start } }) => [code, start.line, start.character])).toEqual(expected);
    }
  });

  test('of the elaboration follow when the text is clean', async () => {
    const client = connected();
    await client.initialize();
    const { text, ranges } = marked(around('host', 'bind <|0000:09:00.0|> driver=vfio-pci'));
    await client.open(URI, text);
    const found = await client.diagnostics(URI, ({ diagnostics }) =>
      diagnostics.some(({ severity }) => severity === 1),
    );
    expect(found.filter(({ severity }) => severity === 1)).toMatchObject([
      { message: expect.stringContaining('no function'), range: { start: { line: ranges[0]!.line } } },
    ]);
  });

  test('go away with the document', async () => {
    const client = connected();
    await client.initialize();
    await client.open(URI, 'nonsense');
    await client.diagnostics(URI, ({ diagnostics }) => diagnostics.length > 0);
    await client.notify('textDocument/didClose', { textDocument: { uri: URI } });
    await client.diagnostics(URI, ({ diagnostics, version }) => diagnostics.length === 0 && version === undefined);
    expect(await client.at<Hover | null>('hover', URI, { line: 0, column: 0 })).toBeNull();
  });

  test('an empty text, a huge one and a binary one each get an answer', async () => {
    const client = connected();
    await client.initialize();
    const texts: readonly (readonly [text: string, code: string | undefined])[] = [
      ['', undefined],
      ['x'.repeat(10 * 1024 * 1024), 'file-too-large'],
      [Array.from({ length: 5000 }, (_, at) => String.fromCharCode((at * 7919) % 0x300)).join(''), undefined],
    ];
    for (const [index, [text, code]] of texts.entries()) {
      const uri = `file:///project/${index}.snoop`;
      await client.open(uri, text);
      const found = await client.diagnostics(uri);
      if (code !== undefined) expect(found.map((one) => one.code)).toEqual([code]);
      for (const method of ['hover', 'completion', 'definition', 'signatureHelp', 'documentHighlight'])
        await client.at(method, uri, { line: 0, column: 0 });
      for (const method of ['documentSymbol', 'foldingRange', 'codeLens', 'semanticTokens/full'])
        await client.request(`textDocument/${method}`, { textDocument: { uri } });
    }
    expect(client.messages).toEqual([]);
  });
});

describe('kernels', () => {
  const { text, places } = marked(around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {attr=<|>KVM_DEV_VFIO_FILE_ADD})'));
  const hoverOn = async (settings: unknown, document = text) => {
    const client = connected();
    await client.initialize({ initializationOptions: { settings } });
    await client.open(URI, document);
    const line = document.split('\n').findIndex((one) => one.includes('FILE_ADD'));
    const hover = await client.at<Hover>('hover', URI, { line, column: places[0]!.column });
    return JSON.stringify(hover.contents);
  };

  test('the setting decides, then the kernel line, then the newest', async () => {
    expect(await hoverOn({ kernel: 'v5.11' })).toContain('v5.11 does not have');
    expect(await hoverOn({ kernel: 'v6.6' }, `kernel v5.11\n${text}`)).not.toContain('does not have');
    expect(await hoverOn({}, `kernel v5.11\n${text}`)).toContain('v5.11 does not have');
    expect(await hoverOn({ kernel: 7 })).not.toContain('does not have');
  });

  test('what the selected kernel does not have is a warning', async () => {
    const client = connected();
    await client.initialize({ initializationOptions: { settings: { kernel: 'v5.11' } } });
    await client.open(URI, text);
    const found = await client.diagnostics(URI, ({ diagnostics }) =>
      diagnostics.some(({ code }) => code === 'not-in-kernel'),
    );
    const hint = found.find(({ code }) => code === 'not-in-kernel');
    expect(hint).toMatchObject({ severity: 2, message: expect.stringContaining('not in v5.11') });
  });

  test('a setting that names no kernel is said once, with those that there are', async () => {
    const client = connected();
    await client.initialize({ initializationOptions: { settings: { kernel: 'v9.9' } } });
    await client.open(URI, text);
    expect(await client.message(/v9\.9/)).toMatch(/v3\.12 to v\d+\.\d+, .*series-v1/);
    await client.open('file:///project/other.snoop', text);
    await client.at('hover', URI, { line: 0, column: 0 });
    expect(client.messages.filter(({ message }) => message.includes('v9.9'))).toHaveLength(1);
  });

  test('the configuration is asked for where the client has one, and again when it changes', async () => {
    const client = connected();
    let kernel = 'v5.11';
    client.connection.onRequest('workspace/configuration', ({ items }) => items.map(() => ({ kernel })));
    await client.initialize({ capabilities: { ...FULL_CAPABILITIES, workspace: { configuration: true } } });
    const closing = around('setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>d2, flags=0})');
    await client.open(URI, closing);
    const hints = async () => {
      const range = { start: { line: 0, character: 0 }, end: { line: 999, character: 0 } };
      return client.request<InlayHint[]>('textDocument/inlayHint', { textDocument: { uri: URI }, range });
    };
    await client.diagnostics(URI, (found) => found.diagnostics.length >= 0);
    const before = await hints();
    expect(before.length).toBeGreaterThan(0);
    kernel = 'v3.12';
    let seen = client.published(URI).length;
    await client.notify('workspace/didChangeConfiguration', { settings: null });
    // Predictions for the kernel before it may still arrive.
    for (let after = before; JSON.stringify(after) === JSON.stringify(before); after = await hints()) {
      await client.diagnostics(URI, (found) => client.published(URI).indexOf(found) >= seen);
      seen = client.published(URI).length;
    }
  });
});

describe('included files', () => {
  const MAIN = 'include "lib/attach.snoop"\nsetup {\n  call attach()\n}\n';
  const LIBRARY = 'proc attach() {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n';
  const library = 'file:///project/lib/attach.snoop';

  test('are read by the host', async () => {
    const client = connected({ readFile: async (uri) => (uri === library ? LIBRARY : undefined) });
    await client.initialize();
    await client.open(URI, MAIN);
    expect(await second(client)).toEqual([]);
    const { text, places } = marked(MAIN.replace('call at', 'call <|>at'));
    expect(text).toBe(MAIN);
    expect(await client.at('definition', URI, places[0]!)).toMatchObject([
      { uri: library, range: { start: { line: 0 } } },
    ]);
  });

  test('are links, as far as there are such files', async () => {
    const client = connected({ readFile: async (uri) => (uri === library ? LIBRARY : undefined) });
    await client.initialize();
    await client.open(URI, `${MAIN}include "nowhere.snoop"\n`);
    await second(client);
    const range = { start: { line: 0, character: 9 }, end: { line: 0, character: 25 } };
    expect(await client.request('textDocument/documentLink', { textDocument: { uri: URI } })).toEqual([
      { range, target: library },
    ]);
  });

  test('are asked from a client that can read them', async () => {
    const client = connected();
    client.connection.onRequest(READ_FILE_REQUEST, ({ uri }: { uri: string }) =>
      uri === library ? { text: LIBRARY } : null,
    );
    await client.initialize({ initializationOptions: { readFile: true } });
    await client.open(URI, MAIN);
    expect(await second(client)).toEqual([]);
  });

  test('that cannot be read are an error at their line', async () => {
    const client = connected();
    await client.initialize();
    await client.open(URI, MAIN);
    const found = await client.diagnostics(URI, ({ diagnostics }) => diagnostics.length > 0);
    expect(found).toContainEqual(
      expect.objectContaining({
        code: 'unknown-include',
        range: expect.objectContaining({ start: { line: 0, character: 8 } }),
      }),
    );
  });

  test('that are open count as they are in the editor, and a change there is noticed here', async () => {
    const client = connected({ readFile: async () => LIBRARY });
    await client.initialize();
    await client.open(library, LIBRARY);
    await client.open(URI, MAIN);
    await client.diagnostics(URI, ({ diagnostics }) => diagnostics.every(({ severity }) => severity !== 1));
    await client.change(library, [{ text: LIBRARY.replace('attach', 'detach') }]);
    const found = await client.diagnostics(URI, ({ diagnostics }) =>
      diagnostics.some(({ code }) => code === 'unknown-proc'),
    );
    expect(found.map(({ message }) => message).join()).toContain('attach');
  });

  test('that change on disk are read again', async () => {
    let text = LIBRARY.replace('attach', 'detach');
    const client = connected({ readFile: async () => text });
    await client.initialize();
    await client.open(URI, MAIN);
    await client.diagnostics(URI, ({ diagnostics }) => diagnostics.some(({ code }) => code === 'unknown-proc'));
    const seen = client.published(URI).length;
    text = LIBRARY;
    await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: library, type: 2 }] });
    expect(
      await client.diagnostics(
        URI,
        (found) => client.published(URI).indexOf(found) > seen && found.diagnostics.length === 0,
      ),
    ).toEqual([]);
  });
});

test('a name that two included files declare is shown with both places, each in its file', async () => {
  const library = (name: string) => `file:///project/${name}.snoop`;
  const client = connected({ readFile: async () => 'machine {\n  cpu intel\n  memory x = 0\n}\n' });
  await client.initialize();
  await client.open(URI, 'include "a.snoop"\ninclude "b.snoop"\nvcpu 0 {\n  mov [x], 1\n}\n');
  const found = await client.diagnostics(URI, ({ diagnostics }) =>
    diagnostics.some(({ code }) => code === 'duplicate-name'),
  );
  const [twice] = found.filter(({ code }) => code === 'duplicate-name');
  expect(twice).toMatchObject({ range: { start: { line: 1, character: 8 } }, severity: 1 });
  expect(twice!.message).toBe('The name `x` is taken twice: in `a.snoop`, line 3, and in `b.snoop`, line 3.');
  const range = { start: { line: 2, character: 9 }, end: { line: 2, character: 10 } };
  expect(twice!.relatedInformation?.map(({ location }) => location)).toEqual([
    { uri: library('a'), range },
    { uri: library('b'), range },
  ]);
});

test('a word that only a procedure of an included file uses is not unused, and an argument of it is known', async () => {
  const client = connected({
    readFile: async () => 'machine {\n  memory y = 0\n}\nproc set(word) {\n  mov [x], 1\n  mov [word], 1\n}\n',
  });
  await client.initialize();
  await client.open(
    URI,
    'include "a.snoop"\nmachine {\n  cpu intel\n  memory x = 0\n}\nvcpu 0 {\n  call set(y)\n}\nexists [x] == 1\n',
  );
  expect(await second(client)).toEqual([]);
});

describe('answers', () => {
  test('completion resolves to documentation for the kernel of its document', async () => {
    const client = connected();
    await client.initialize();
    const { text, places } = marked(`kernel v5.11\n${around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {attr=<|>')}`);
    await client.open(URI, text);
    const items = await client.at<CompletionItem[]>('completion', URI, places[0]!);
    const item = items.find(({ label }) => label === 'KVM_DEV_VFIO_FILE_ADD');
    expect(item).toMatchObject({ tags: [1], labelDetails: { description: 'v6.6.., not v5.11' } });
    const resolved = await client.request<CompletionItem>('completionItem/resolve', item);
    expect(JSON.stringify(resolved.documentation)).toContain('v5.11 does not have');
  });

  test('indentation alone opens no list', async () => {
    const client = connected();
    await client.initialize();
    await client.open(URI, 'setup {\n  \n}');
    const context = { triggerKind: 2, triggerCharacter: ' ' };
    expect(await client.at('completion', URI, { line: 1, column: 2 }, { context })).toEqual([]);
    expect(await client.at<CompletionItem[]>('completion', URI, { line: 1, column: 2 })).not.toEqual([]);
  });

  test('colours: a delta after an edit, all of them for an older result', async () => {
    const client = connected();
    await client.initialize();
    await client.open(URI, around('vcpu', 'wbinvd'));
    const textDocument = { uri: URI };
    const first = await client.request<SemanticTokens>('textDocument/semanticTokens/full', { textDocument });
    await client.change(URI, [
      { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: '// note\n' },
    ]);
    const params = { textDocument, previousResultId: first.resultId };
    const delta = await client.request<SemanticTokensDelta>('textDocument/semanticTokens/full/delta', params);
    expect(delta.edits.flatMap(({ data = [] }) => data).length).toBeLessThan(20);
    expect(await client.request('textDocument/semanticTokens/full/delta', params)).toHaveProperty('data');
  });

  test('a rename that is refused fails with the reason', async () => {
    const client = connected();
    await client.initialize();
    await client.open(URI, 'machine {\n  memory x = 0\n}');
    const rename = client.at('rename', URI, { line: 1, column: 9 }, { newName: '7' });
    await expect(rename).rejects.toThrow('`7` is not a name');
  });

  test('hints can be switched off', async () => {
    const client = connected();
    await client.initialize({ initializationOptions: { settings: { inlayHints: { results: false } } } });
    await client.open(URI, around('setup', 'close(9)'));
    const range = { start: { line: 0, character: 0 }, end: { line: 999, character: 0 } };
    expect(await client.request('textDocument/inlayHint', { textDocument: { uri: URI }, range })).toEqual([]);
  });

  test('a client without Markdown gets plain text', async () => {
    const client = connected();
    await client.initialize({ capabilities: {} });
    const { text, places } = marked(around('vcpu', '<|>wbinvd'));
    await client.open(URI, text);
    const hover = await client.at<{ contents: { kind: string; value: string } }>('hover', URI, places[0]!);
    expect(hover.contents.kind).toBe('plaintext');
    expect(hover.contents.value).not.toMatch(/\*\*|```/);
  });

  test('a cancelled request is answered as cancelled, and the next one is answered', async () => {
    const client = connected();
    await client.initialize();
    const loop = 'machine {\n  cpu intel\n}\nsetup {\n  loop {\n    close(9)\n  }\n}\n';
    await client.open(URI, loop);
    const { CancellationTokenSource } = await import('vscode-languageserver');
    const source = new CancellationTokenSource();
    const range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
    const hints = client.connection.sendRequest(
      'textDocument/inlayHint',
      { textDocument: { uri: URI }, range },
      source.token,
    );
    source.cancel();
    await expect(hints).rejects.toMatchObject({ code: -32800 });
    expect(await client.at('hover', URI, { line: 5, column: 5 })).not.toBeNull();
  });

  test('what goes wrong in a request is our bug: logged, answered with null, and the server lives on', async () => {
    const broken = async () => {
      throw new Error('this should not happen');
    };
    const client = connected({ findScenarios: broken, readFile: broken });
    await client.initialize();
    await client.open(URI, `include "a.snoop"\n${around('setup', 'close(9)')}`);
    expect(await client.message(/reading/)).toContain('bug of Snoopscope');
    const place = { line: 2, column: 3 };
    expect(await client.at('references', URI, place, { context: { includeDeclaration: true } })).toBeNull();
    expect(await client.message(/references/)).toContain('this should not happen');
    expect(await client.at('hover', URI, place)).not.toBeNull();
  });

  test('of a document that is not open is null', async () => {
    const client = connected();
    await client.initialize();
    expect(await client.at('hover', 'file:///nowhere.snoop', { line: 0, column: 0 })).toBeNull();
    expect(client.messages).toEqual([]);
  });
});

/** What is published once the included files are there; before that, what the text alone says. */
function second(client: Client): Promise<Diagnostic[]> {
  return client.diagnostics(URI, (found) => client.published(URI).indexOf(found) === 1);
}

/** A change as the protocol describes it, applied to lines that may end in any way. */
function replaced(text: string, line: number, from: number, to: number, inserted: string): string {
  const pieces = text.split(/(\r\n|\r|\n)/);
  const before = pieces.slice(0, line * 2).join('');
  const rest = text.slice(before.length);
  return before + rest.slice(0, from) + inserted + rest.slice(to);
}
