// A name that several files share: what includes what, which of them are open, and what a rename must not change.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { findLocal } from '../../server/src/find-local.ts';
import { FIND_SCENARIOS_REQUEST } from '../../server/src/protocol.ts';
import { type Client, connected, FULL_CAPABILITIES } from './client.ts';
import { marked } from './marked.ts';

const FOLDER = 'file:///project/';
const LIBRARY = 'lib/attach.snoop';
/** Two scenarios of a library, one that has the same names and nothing to do with them, and a library of the library. */
const FILES: Readonly<Record<string, string>> = {
  [LIBRARY]: 'include "base.snoop"\nproc attach(group) {\n  mov [x], 1\n  call base(group)\n}\n',
  'lib/base.snoop': 'proc base(fd) {\n  close(fd)\n}\n',
  'one.snoop':
    'include "lib/attach.snoop"\nmachine {\n  cpu intel\n  memory x y = 0 0\n}\nsetup {\n  vfio = open("/dev/vfio/26", O_RDWR)\n}\nvcpu 0 {\n  call attach(x)\n}\nexists [x] == 1\n',
  'two.snoop':
    'include "lib/attach.snoop"\nmachine {\n  cpu intel\n  memory x z = 0 0\n}\nvcpu 0 {\n  call attach(7)\n  mov [z], 1\n}\n',
  'other.snoop': 'machine {\n  memory x = 0\n}\nproc attach(x) {\n  close(x)\n}\n',
};

async function editor(files = FILES, options: { byClient?: boolean; folder?: string } = {}): Promise<Client> {
  const uris = Object.keys(files).map((file) => FOLDER + file);
  const readFile = async (uri: string) => files[uri.slice(FOLDER.length)];
  const client = connected(
    options.byClient ? { readFile } : { readFile, findScenarios: async () => ({ uris, cut: false }) },
  );
  client.connection.onRequest(FIND_SCENARIOS_REQUEST, () => ({ uris }));
  const workspaceFolders = [{ uri: options.folder ?? FOLDER, name: 'project' }];
  await client.initialize({ workspaceFolders, initializationOptions: { findScenarios: true } });
  return client;
}

type Edits = Record<string, { range: { start: { line: number; character: number } }; newText: string }[]>;

/** The changed places of a rename as `file:line:column`, lines counted from 1. */
async function rename(client: Client, file: string, source: string, newName: string): Promise<string[]> {
  const { text, places } = marked(source);
  await client.open(FOLDER + file, text);
  const { changes } = await client.at<{ changes: Edits }>('rename', FOLDER + file, places[0]!, { newName });
  return Object.entries(changes).flatMap(([uri, edits]) =>
    edits.map(({ range }) => `${uri.slice(FOLDER.length)}:${range.start.line + 1}:${range.start.character}`),
  );
}

const library = (from: string, to: string) => FILES[LIBRARY]!.replace(from, to);

test('a procedure is renamed from its library in all scenarios that include it, though none is open', async () => {
  expect(await rename(await editor(), LIBRARY, library('proc ', 'proc <|>'), 'bind')).toEqual([
    'lib/attach.snoop:2:5',
    'one.snoop:10:7',
    'two.snoop:7:7',
  ]);
});

test('a word that the library uses is renamed in every scenario that declares it, and in no other', async () => {
  const source = FILES['one.snoop']!.replace('memory x', 'memory <|>x');
  expect(await rename(await editor(), 'one.snoop', source, 'flag')).toEqual([
    'one.snoop:4:9',
    'one.snoop:10:14',
    'one.snoop:12:8',
    'lib/attach.snoop:3:7',
    'two.snoop:4:9',
  ]);
});

test('what only scenarios define is renamed from the library that uses it', async () => {
  const changed = await rename(await editor(), LIBRARY, library('[x]', '[<|>x]'), 'flag');
  expect(changed).toContain('one.snoop:12:8');
});

test('a parameter is renamed in its file alone', async () => {
  expect(await rename(await editor(), LIBRARY, library('attach(', 'attach(<|>'), 'fd')).toEqual([
    'lib/attach.snoop:2:12',
    'lib/attach.snoop:4:12',
  ]);
});

test('scenarios that only the client can list are found through it', async () => {
  const client = await editor(FILES, { byClient: true });
  expect(await rename(client, 'lib/base.snoop', FILES['lib/base.snoop']!.replace('base', '<|>base'), 'shut')).toEqual([
    'lib/base.snoop:1:5',
    'lib/attach.snoop:4:7',
  ]);
});

test('files that changed on disk without a word are read as they are now', async () => {
  const files = { ...FILES };
  const client = await editor(files);
  const source = library('proc ', 'proc <|>');
  await rename(client, LIBRARY, source, 'bind');
  files['one.snoop'] = `// A new first line.\n${FILES['one.snoop']}`;
  const { places } = marked(source);
  const again = await client.at<{ changes: Edits }>('rename', FOLDER + LIBRARY, places[0]!, { newName: 'bind' });
  expect(again.changes[`${FOLDER}one.snoop`]?.[0]?.range.start.line).toBe(10);
});

test('and what is wrong because of the change is said', async () => {
  const files = { ...FILES };
  const client = await editor(files);
  await client.open(`${FOLDER}two.snoop`, FILES['two.snoop']!);
  await client.diagnostics(`${FOLDER}two.snoop`);
  await rename(client, 'one.snoop', FILES['one.snoop']!.replace('memory x', 'memory <|>x'), 'flag');
  files[LIBRARY] = library('proc attach', 'proc detach');
  await client.at(
    'references',
    `${FOLDER}one.snoop`,
    { line: 3, column: 9 },
    { context: { includeDeclaration: true } },
  );
  const isSaid = ({ code }: { code?: number | string }) => code === 'unknown-proc';
  await client.diagnostics(`${FOLDER}two.snoop`, ({ diagnostics }) => diagnostics.some(isSaid));
});

test('references and definitions reach the scenarios that include a file', async () => {
  const client = await editor();
  const { text, places } = marked(library('[x]', '[<|>x]'));
  await client.open(FOLDER + LIBRARY, text);
  const ask = (method: string) =>
    client.at<{ uri: string; range: { start: { line: number } } }[]>(method, FOLDER + LIBRARY, places[0]!, {
      context: { includeDeclaration: true },
    });
  const shown = (found: { uri: string; range: { start: { line: number } } }[]) =>
    found.map(({ uri, range }) => `${uri.slice(FOLDER.length)}:${range.start.line + 1}`).sort();
  expect(shown(await ask('references'))).toEqual([
    'lib/attach.snoop:3',
    'one.snoop:10',
    'one.snoop:12',
    'one.snoop:4',
    'two.snoop:4',
  ]);
  expect(shown(await ask('definition'))).toEqual(['one.snoop:4', 'two.snoop:4']);
});

test.each([
  ['a name that another scenario of the library has', 'z', /`z` already names something else in `two\.snoop`, line 4/],
  ['a name of the same file', 'y', /`y` already names something else on line 4/],
  [
    'a name that would become the parameter of a procedure',
    'group',
    /`group` would mean something else in `attach\.snoop`, line 3/,
  ],
  ['a name that an argument would take for a descriptor', 'vfio', /`vfio` would mean something else on line 10/],
])('refused: %s', async (_, newName, reason) => {
  const client = await editor();
  const source = FILES['one.snoop']!.replace('memory x', 'memory <|>x');
  await expect(rename(client, 'one.snoop', source, newName)).rejects.toThrow(reason);
});

test('a VM is renamed in the names of its vCPUs too', async () => {
  const source =
    'setup {\n  <|>vm = ioctl(3, KVM_CREATE_VM, 0)\n}\nvcpu 0 of vm {\n  mov eax, 1\n}\nexists vm_vcpu0.eax == 1 && noncoherent(vm)\n';
  const client = await editor({ 'vm.snoop': source.replace('<|>', '') });
  expect(await rename(client, 'vm.snoop', source, 'guest')).toEqual([
    'vm.snoop:2:2',
    'vm.snoop:4:10',
    'vm.snoop:7:7',
    'vm.snoop:7:40',
  ]);
});

test('files that include each other in a circle count once', async () => {
  const client = await editor({
    'a.snoop': 'include "b.snoop"\nproc a(fd) {\n  close(fd)\n}\n',
    'b.snoop': 'include "a.snoop"\nproc b(fd) {\n  call a(fd)\n}\n',
  });
  const source = 'include "b.snoop"\nproc <|>a(fd) {\n  close(fd)\n}\n';
  expect(await rename(client, 'a.snoop', source, 'shut')).toEqual(['a.snoop:2:5', 'b.snoop:3:7']);
  const found = await client.at<unknown[]>('definition', `${FOLDER}a.snoop`, marked(source).places[0]!);
  expect(found).toHaveLength(1);
});

test('a library is not wrong because its scenarios declare what it uses', async () => {
  const client = await editor();
  await client.open(FOLDER + LIBRARY, FILES[LIBRARY]!);
  expect(await client.diagnostics(FOLDER + LIBRARY)).toEqual([]);
});

test('a file is one file, however its URI is written', async () => {
  const listed = ['file:///C:/project/one%20file.snoop', 'file:///C:/project/lib.snoop'];
  const texts: Readonly<Record<string, string>> = {
    'one file.snoop': 'include "lib.snoop"\nsetup {\n  call attach(3)\n}\n',
    'lib.snoop': 'proc attach(fd) {\n  close(fd)\n}\n',
  };
  const client = connected({
    readFile: async (uri) => texts[decodeURIComponent(uri).split('/').at(-1)!],
    findScenarios: async () => ({ uris: listed, cut: false }),
  });
  await client.initialize({ rootUri: 'file:///c%3A/project' });
  // As VS Code writes them.
  const open = 'file:///c%3A/project/lib.snoop';
  await client.open(open, texts['lib.snoop']!);
  const { changes } = await client.at<{ changes: Edits }>('rename', open, { line: 0, column: 6 }, { newName: 'bind' });
  expect(Object.keys(changes)).toEqual([open, listed[0]]);
});

test('edits name the version they are for, where the client wants it', async () => {
  const client = connected({
    readFile: async (uri) => FILES[uri.slice(FOLDER.length)],
    findScenarios: async () => ({ uris: [`${FOLDER}one.snoop`], cut: false }),
  });
  await client.initialize({
    rootUri: FOLDER,
    capabilities: { ...FULL_CAPABILITIES, workspace: { workspaceEdit: { documentChanges: true } } },
  });
  const { text, places } = marked(library('proc ', 'proc <|>'));
  await client.open(FOLDER + LIBRARY, text);
  const edit = await client.at<{ documentChanges: { textDocument: object }[] }>(
    'rename',
    FOLDER + LIBRARY,
    places[0]!,
    { newName: 'bind' },
  );
  expect(edit.documentChanges.map(({ textDocument }) => textDocument)).toEqual([
    { uri: FOLDER + LIBRARY, version: 1 },
    { uri: `${FOLDER}one.snoop`, version: null },
  ]);
});

test('with more scenarios than anybody reads, a rename says so instead of missing some', async () => {
  const client = connected({ findScenarios: async () => ({ uris: [], cut: true }) });
  await client.initialize({ rootUri: FOLDER });
  await expect(rename(client, 'one.snoop', 'proc <|>a() {\n}\n', 'b')).rejects.toThrow(/not every use/);
});

test('scenarios of a folder are found in those inside it, but not in what packages installed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'snoopscope-find-'));
  try {
    for (const file of ['a.snoop', 'in/b c.snoop', 'in/text.txt', 'node_modules/c.snoop', '.git/d.snoop']) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), '');
    }
    const uri = pathToFileURL(folder).href;
    const names = ({ uris }: { readonly uris: readonly string[] }) =>
      uris.map((found) => found.slice(uri.length)).sort();
    expect(names(await findLocal(uri, true))).toEqual(['/a.snoop', '/in/b%20c.snoop']);
    expect(names(await findLocal(uri, false))).toEqual(['/a.snoop']);
    expect(await findLocal(`${uri}/nowhere`, true)).toEqual({ uris: [], cut: false });
  } finally {
    await rm(folder, { recursive: true });
  }
});
