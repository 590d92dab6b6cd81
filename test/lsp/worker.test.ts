// The server as a web worker: its bundle asks nothing of Node, and talks through messages.
import path from 'node:path';
import vm from 'node:vm';
import { type BuildOptions, build } from 'esbuild';
import { expect, test } from 'vitest';
import { around } from './features.ts';

const root = path.resolve(import.meta.dirname, '../..');

async function bundle(name: 'server-browser' | 'simulator-browser') {
  const { bundles } = await import('../../scripts/build.mjs');
  const { entry, options } = bundles[name];
  const { outputFiles, metafile } = await build({
    ...(options as BuildOptions),
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: `${name}.js`,
    bundle: true,
    write: false,
    metafile: true,
    mainFields: ['browser', 'module', 'main'],
  });
  return {
    text: outputFiles[0]!.text,
    // What went in, not what was only looked at.
    inputs: Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
    ),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports),
  };
}

const dist = 'https://editor.example/extension/dist';

test.each([
  { where: 'a worker', href: `${dist}/server-browser.js`, options: {} },
  // Extensions of VS Code start workers through a script that loads theirs.
  {
    where: 'a worker of VS Code',
    href: 'blob:https://editor.example/1',
    options: { simulator: `${dist}/simulator-browser.js` },
  },
])('the bundle is complete, asks nothing of Node, and answers in $where', async ({ href, options }) => {
  const { text, inputs, imports } = await bundle('server-browser');
  const simulation = await bundle('simulator-browser');
  expect([...imports, ...simulation.imports]).toEqual([]);
  const ofNode = (input: string): boolean => input.includes('/node/') || input.endsWith('server/src/node.ts');
  expect([...inputs, ...simulation.inputs].filter(ofNode)).toEqual([]);
  // What simulates is fetched when there is something to simulate.
  expect(
    inputs.filter((input) =>
      /sim-core\/src\/(?:create-world|engine\/run|predict|scenario\/checks\/run-checks)/.test(input),
    ),
  ).toEqual([]);
  const fetched: string[] = [];

  const page = new Page();
  // Only what a worker has; no require, no process, no Buffer.
  const scope = {
    postMessage: (message: Message) => page.take(message),
    addEventListener: () => {},
    performance,
    URL,
    setTimeout,
    clearTimeout,
    console,
    TextDecoder,
    TextEncoder,
    crypto,
    location: { href },
    importScripts: (url: string) => {
      fetched.push(url);
      vm.runInContext(simulation.text, scope);
    },
  } as unknown as vm.Context & Worker;
  scope.self = scope;
  vm.runInContext(text, vm.createContext(scope));
  page.send = (message) => scope.onmessage({ data: message });

  await page.request('initialize', {
    processId: null,
    rootUri: null,
    capabilities: {},
    initializationOptions: { readFile: true, ...options },
  });
  page.notify('initialized', {});
  const uri = 'vscode-vfs://github/snoopscope/a.snoop';
  const document = `include "lib.snoop"\n${around('setup', 'call shut(vm)')}`;
  page.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'snoop', version: 1, text: document } });
  const library = 'vscode-vfs://github/snoopscope/lib.snoop';
  const asksFor =
    (wanted: (uri: string) => boolean) =>
    ({ method, params }: Message): boolean =>
      method === 'snoopscope/readFile' && wanted(params.uri);
  // The names that folders give to kernels are asked for first.
  const kernels = await page.next(asksFor((asked) => asked.endsWith('/snoopscope.json')));
  page.send({ jsonrpc: '2.0', id: kernels.id as number, result: null });
  const question = await page.next(asksFor((asked) => asked === library));
  page.send({ jsonrpc: '2.0', id: question.id, result: { text: 'proc shut(fd) {\n  close(fd)\n}\n' } });
  const published = await page.next(
    ({ method, params }) =>
      method === 'textDocument/publishDiagnostics' &&
      params.diagnostics.every(({ severity }: { severity: number }) => severity !== 1) &&
      page.answered.has(question.id),
  );
  expect(published.params.uri).toBe(uri);
  await page.request('textDocument/inlayHint', {
    textDocument: { uri },
    range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
  });
  expect(fetched).toEqual([`${dist}/simulator-browser.js`]);
  const hover = await page.request('textDocument/hover', {
    textDocument: { uri },
    position: { line: document.split('\n').findIndex((line) => line.includes('KVM_CREATE_VM')), character: 20 },
  });
  expect(JSON.stringify(hover)).toContain('Creates a VM');
  // What is refused in the one bundle is refused by the other.
  const refused = await page.answer('textDocument/rename', {
    textDocument: { uri },
    position: { line: document.split('\n').findIndex((line) => line.includes('vm = ')), character: 2 },
    newName: 'not a name',
  });
  expect(refused.error?.message).toContain('not a name');
  const changed = document.replace('KVM_CREATE_VM', 'KVM_CREATE_MV');
  page.notify('textDocument/didChange', { textDocument: { uri, version: 2 }, contentChanges: [{ text: changed }] });
  const mistake = await page.next(
    ({ method, params }) => method === 'textDocument/publishDiagnostics' && params.version === 2,
  );
  expect(JSON.stringify(mistake.params)).toContain('KVM_CREATE_VM');
});

interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: number | string;
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server sends.
  readonly params?: any;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
interface Worker {
  self: unknown;
  onmessage(event: { data: Message }): void;
}

/** The other end of a worker. */
class Page {
  readonly answered = new Set<unknown>();
  send: (message: Message) => void = () => {};
  readonly #messages: Message[] = [];
  #wake = () => {};
  #id = 0;

  take(message: Message): void {
    this.#messages.push(message);
    this.#wake();
  }

  async next(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.#messages.find(wanted);
      if (found) {
        this.answered.add(found.id);
        return found;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async request(method: string, params: unknown): Promise<unknown> {
    return (await this.answer(method, params)).result;
  }

  answer(method: string, params: unknown): Promise<Message> {
    const id = ++this.#id;
    this.send({ jsonrpc: '2.0', id, method, params });
    return this.next((message) => message.id === id && message.method === undefined);
  }

  notify(method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', method, params });
  }
}
