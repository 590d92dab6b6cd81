// Requests about more than the open document, and edits of whole lines, through the protocol.
import { expect, test } from 'vitest';
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  CodeAction,
  Diagnostic,
  DocumentHighlight,
  DocumentLink,
  FoldingRange,
  Location,
  Range,
  SignatureHelp,
  TextEdit,
  WorkspaceEdit,
  WorkspaceSymbol,
} from 'vscode-languageserver';
import { WorkDoneProgress } from 'vscode-languageserver/node';
import { type Client, connected } from './client.ts';

const MAIN = 'file:///w/a/main.snoop';
const LIBRARY = 'file:///w/lib/attach.snoop';
const OTHER = 'file:///w/a/other.snoop';

const LIBRARY_TEXT = `// Puts a group into a container.
proc attach(group, container) {
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
}
`;
const MAIN_TEXT = `scenario "one"
source "linux ec53500fae42 kvm: Add VFIO device, https://lwn.net/Articles/1/"
include "../lib/attach.snoop"
kernel v6.6
machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  call attach(group, container)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  close(kvm)
}
vcpu 0 {
  mov [x], 1
  mov eax, [x]
}
exists vcpu0.eax == 1 && cache(cpu0, x) == M
`;
const OTHER_TEXT = 'scenario "other"\nsetup {\n  close(3\n}\n';

async function started(options: object = {}, texts: Readonly<Record<string, string>> = {}): Promise<Client> {
  const files: Record<string, string> = { [LIBRARY]: LIBRARY_TEXT, [OTHER]: OTHER_TEXT, ...texts };
  const client = connected({
    readFile: async (uri) => files[uri],
    findScenarios: async () => ({ uris: [MAIN, LIBRARY, OTHER], cut: false }),
  });
  await client.initialize({ rootUri: 'file:///w', initializationOptions: options });
  await client.open(MAIN, MAIN_TEXT);
  await client.diagnostics(MAIN);
  return client;
}

const lineOf = (part: string, text = MAIN_TEXT): number => text.split('\n').findIndex((line) => line.includes(part));
const textDocument = { uri: MAIN };
const rangeOf = (first: number, last: number) => ({
  start: { line: first, character: 0 },
  end: { line: last, character: 1 },
});

function applied(text: string, edits: readonly TextEdit[]): string {
  const lines = text.split('\n');
  for (const { range, newText } of [...edits].sort((a, b) => b.range.start.line - a.range.start.line)) {
    const line = lines[range.start.line] ?? '';
    lines[range.start.line] = line.slice(0, range.start.character) + newText + line.slice(range.end.character);
  }
  return lines.join('\n');
}

test('symbols of the workspace are found by letters in their order', async () => {
  const client = await started();
  const found = await client.request<WorkspaceSymbol[]>('workspace/symbol', { query: 'atc' });
  expect(found.map(({ name, location }) => [name, location.uri])).toEqual([['proc attach', LIBRARY]]);
  const all = await client.request<WorkspaceSymbol[]>('workspace/symbol', { query: '' });
  expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(['one', 'other', 'gpu', 'x', 'vcpu 0']));
});

test('a client that asks for diagnostics gets those of files that are not open, and none are pushed', async () => {
  const client = connected({
    readFile: async (uri) => ({ [LIBRARY]: LIBRARY_TEXT, [OTHER]: OTHER_TEXT })[uri],
    findScenarios: async () => ({ uris: [MAIN, LIBRARY, OTHER], cut: false }),
  });
  const { capabilities } = await client.initialize({
    rootUri: 'file:///w',
    initializationOptions: { pullDiagnostics: true },
  });
  expect(capabilities.diagnosticProvider).toEqual({ interFileDependencies: true, workspaceDiagnostics: true });
  client.connection.onRequest('workspace/diagnostic/refresh', () => null);
  await client.open(MAIN, MAIN_TEXT.replace('mov eax, [x]', 'mov eax, [y]'));
  const one = await client.request<{ kind: string; items: Diagnostic[] }>('textDocument/diagnostic', { textDocument });
  expect(one.items.map(({ code }) => code)).toContain('unknown-word');
  const report = await client.request<{ items: { uri: string; items: Diagnostic[] }[] }>('workspace/diagnostic', {
    previousResultIds: [],
  });
  const other = report.items.find(({ uri }) => uri === OTHER);
  expect(other?.items.map(({ code }) => code)).toContain('expected');
  expect(client.published(MAIN)).toEqual([]);
});

test('from a descriptor of a group or a device to the device, from there to its IOMMU', async () => {
  const client = await started();
  const at = (part: string, column: number) =>
    client.at<Location[]>('typeDefinition', MAIN, { line: lineOf(part), column });
  const [device] = await at('call attach', 16);
  expect(device?.range.start.line).toBe(lineOf('device gpu'));
  const [iommu] = await at('device gpu', 10);
  expect(iommu?.range.start.line).toBe(lineOf('iommu dmar0'));
});

test('a debugger shows values up to where it stopped, each once a line', async () => {
  const client = await started();
  const values = (stopped: number) =>
    client.request<{ range: Range; expression: string }[]>('textDocument/inlineValue', {
      textDocument,
      range: rangeOf(0, MAIN_TEXT.split('\n').length),
      context: { frameId: 1, stoppedLocation: rangeOf(stopped, stopped) },
    });
  const shown = (found: Awaited<ReturnType<typeof values>>) =>
    found.map(({ range, expression }) => [range.start.line, expression]);
  const [store, load] = [lineOf('mov [x]'), lineOf('mov eax')];
  expect(shown(await values(store))).toEqual([[store, 'x']]);
  expect(shown(await values(load))).toEqual([
    [store, 'x'],
    [load, 'vcpu0.eax'],
    [load, 'x'],
  ]);
  // What the line binds it has not bound yet.
  expect(shown(await values(lineOf('group = open')))).toEqual([[lineOf('container = open'), 'container']]);
  expect(await values(lineOf('cpu intel'))).toEqual([]);
});

test('who calls a procedure, and what a block calls', async () => {
  const client = await started();
  const items = await client.at<CallHierarchyItem[]>('prepareCallHierarchy', MAIN, {
    line: lineOf('call attach'),
    column: 8,
  });
  expect(items).toMatchObject([{ name: 'attach', uri: LIBRARY, selectionRange: { start: { line: 1 } } }]);
  const incoming = await client.request<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', { item: items[0] });
  expect(incoming).toMatchObject([
    { from: { name: 'setup', uri: MAIN }, fromRanges: [{ start: { line: lineOf('call attach') } }] },
  ]);
  const outgoing = await client.request<CallHierarchyOutgoingCall[]>('callHierarchy/outgoingCalls', {
    item: incoming[0]!.from,
  });
  expect(outgoing).toMatchObject([{ to: { name: 'attach' } }]);
});

test('moving a file mends the lines that include it', async () => {
  const client = await started();
  const edit = await client.request<WorkspaceEdit>('workspace/willRenameFiles', {
    files: [{ oldUri: LIBRARY, newUri: 'file:///w/a/lib/group.snoop' }],
  });
  expect(edit.changes).toMatchObject({
    [MAIN]: [{ newText: 'lib/group.snoop', range: { start: { line: 2, character: 9 } } }],
  });
  const moved = await client.request<WorkspaceEdit>('workspace/willRenameFiles', {
    files: [{ oldUri: MAIN, newUri: 'file:///w/main.snoop' }],
  });
  expect(moved.changes).toMatchObject({ [MAIN]: [{ newText: 'lib/attach.snoop' }] });
});

test('commits and addresses of sources are links', async () => {
  const client = await started();
  const links = await client.request<DocumentLink[]>('textDocument/documentLink', { textDocument });
  expect(links.map(({ target }) => target)).toEqual([
    'https://git.kernel.org/linus/ec53500fae42',
    'https://lwn.net/Articles/1/',
    LIBRARY,
  ]);
});

test('a store is a write, a load is not', async () => {
  const client = await started();
  const found = await client.at<DocumentHighlight[]>('documentHighlight', MAIN, { line: lineOf('mov [x]'), column: 7 });
  const kinds = new Map(found.map(({ range, kind }) => [range.start.line, kind]));
  expect([kinds.get(lineOf('memory x')), kinds.get(lineOf('mov [x]')), kinds.get(lineOf('mov eax'))]).toEqual([
    3, 3, 2,
  ]);
});

test('procedures and facts have signatures', async () => {
  const client = await started();
  const call = await client.at<SignatureHelp>('signatureHelp', MAIN, { line: lineOf('call attach'), column: 21 });
  expect(call.signatures[0]?.label).toBe('call attach(group, container)');
  expect(call.activeParameter).toBe(1);
  const fact = await client.at<SignatureHelp>('signatureHelp', MAIN, {
    line: lineOf('exists'),
    column: MAIN_TEXT.split('\n')[lineOf('exists')]!.indexOf('x) =='),
  });
  expect(fact.signatures[0]?.label).toMatch(/^cache\(/);
  expect(fact.activeParameter).toBe(1);
});

test('the header folds', async () => {
  const client = await started();
  const ranges = await client.request<FoldingRange[]>('textDocument/foldingRange', { textDocument });
  expect(ranges).toContainEqual({ startLine: 0, endLine: 3 });
});

test('lines become a procedure, and a call what it calls', async () => {
  const client = await started();
  const actions = (first: number, last: number, only?: string[]) =>
    client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument,
      range: rangeOf(first, last),
      context: { diagnostics: [], ...(only && { only }) },
    });
  const [extract] = await actions(lineOf('kvm = open'), lineOf('vm = ioctl'), ['refactor.extract']);
  const extracted = applied(MAIN_TEXT, extract!.edit!.changes![MAIN]!);
  expect(extracted).toContain(
    'proc extracted() {\n  kvm = open("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n}\n\nsetup {',
  );
  expect(extracted).toContain('\n  call extracted()\n');
  const [inline] = await actions(lineOf('call attach'), lineOf('call attach'), ['refactor.inline']);
  expect(applied(MAIN_TEXT, inline!.edit!.changes![MAIN]!)).toContain(
    '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0\n  ioctl(container, VFIO_SET_IOMMU',
  );
});

test('all safe fixes at once, and no other', async () => {
  const client = await started();
  const wrong = MAIN_TEXT.replace('mov [x], 1', 'mvo [x], 1')
    .replace('close(kvm)', 'close(kvm);')
    .replace('mov eax, [x]', 'mov eax, [y]');
  await client.change(MAIN, [{ text: wrong }]);
  const [all, ...others] = await client.request<CodeAction[]>('textDocument/codeAction', {
    textDocument,
    range: rangeOf(0, 0),
    context: { diagnostics: [], only: ['source.fixAll'] },
  });
  expect(others).toEqual([]);
  const text = applied(wrong, all!.edit!.changes![MAIN]!);
  expect(text).toContain('\n  mov [x], 1\n');
  expect(text).toContain('\n  close(kvm)\n');
  // Two ways to put it right: the author chooses.
  expect(text).toContain('[y]');
});

test('the other name of an attribute, both ways', async () => {
  const client = await started();
  const attribute =
    '  ioctl(3, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[4]})';
  const rewritten = async (line: string): Promise<string> => {
    await client.change(MAIN, [{ text: `setup {\n${line}\n}\n` }]);
    const [action] = await client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument,
      range: rangeOf(1, 1),
      context: { diagnostics: [], only: ['refactor.rewrite'] },
    });
    const edits = [...action!.edit!.changes![MAIN]!].sort((a, b) => b.range.start.character - a.range.start.character);
    return edits.reduce(
      (text, { range, newText }) => text.slice(0, range.start.character) + newText + text.slice(range.end.character),
      line,
    );
  };
  const newer = await rewritten(attribute);
  expect(newer).toContain('{group=KVM_DEV_VFIO_FILE, attr=KVM_DEV_VFIO_FILE_ADD, addr=[4]}');
  expect(await rewritten(newer)).toBe(attribute);
});

test('formatting takes the indentation that the editor has, and a finished line is formatted while typing', async () => {
  const client = await started();
  const edits = await client.request<TextEdit[]>('textDocument/formatting', {
    textDocument,
    options: { tabSize: 4, insertSpaces: true },
  });
  expect(applied(MAIN_TEXT, edits)).toContain('\n    mov [x], 1\n');
  const tabs = await client.request<TextEdit[]>('textDocument/formatting', {
    textDocument,
    options: { tabSize: 8, insertSpaces: false },
  });
  expect(applied(MAIN_TEXT, tabs)).toContain('\n\tmov [x], 1\n');
  await client.change(MAIN, [{ text: 'vcpu 0 {\n     mov   [x],1\n\n}\n' }]);
  const options = { tabSize: 2, insertSpaces: true };
  const typed = await client.at<TextEdit[]>('onTypeFormatting', MAIN, { line: 2, column: 0 }, { ch: '\n', options });
  expect(typed).toMatchObject([{ newText: '  mov [x], 1' }]);
  const ranges = await client.request<TextEdit[]>('textDocument/rangesFormatting', {
    textDocument,
    ranges: [rangeOf(0, 0), rangeOf(1, 1)],
    options,
  });
  expect(ranges).toMatchObject([{ newText: '  mov [x], 1' }]);
});

test('in an editor without commands the lenses run, check and explore, and get text', async () => {
  const client = await started({ commands: false });
  const lenses = await client.request<{ command: { command: string; arguments: string[] } }[]>(
    'textDocument/codeLens',
    { textDocument },
  );
  const texts: string[] = [];
  for (const { command } of lenses)
    texts.push((await client.request<{ text: string }>('workspace/executeCommand', command)).text);
  expect(texts[0]).toMatch(/^A run on v6.6\n.*open/);
  expect(texts[1]).toContain('holds');
  const titles = async (): Promise<string[]> => {
    const found = await client.request<{ command: { title: string } }[]>('textDocument/codeLens', { textDocument });
    return found.map(({ command }) => command.title);
  };
  expect(await titles()).toEqual(['Run', 'Check', 'Explore', 'Checked: passed on v6.6']);
  await client.change(MAIN, [{ text: MAIN_TEXT.replace('== M', '== S') }]);
  // What was checked is another text.
  expect(await titles()).toEqual(['Run', 'Check', 'Explore']);
  expect(texts[2]).toContain('outcome  vcpu0.eax = 1, cache(cpu0, x) = M');
  const progress: unknown[] = [];
  client.connection.onProgress(WorkDoneProgress.type, 'token', ({ kind }) => void progress.push(kind));
  await client.request('workspace/executeCommand', { ...lenses[1]!.command, workDoneToken: 'token' });
  expect(progress).toEqual(['begin', 'end']);
  await expect(
    client.request('workspace/executeCommand', { command: 'snoopscope.server.run', arguments: [] }),
  ).rejects.toThrow('takes the URI');
});
