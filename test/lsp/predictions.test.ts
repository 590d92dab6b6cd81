// What a kernel will say comes as a second publish of the same version; fixes are offered for it.

import { expect, test } from 'vitest';
import type { CodeAction } from 'vscode-languageserver';
import { connected, type Published } from './client.ts';

const uri = 'file:///twice.snoop';
const TWICE = `kernel v6.12
machine {
  cpu intel
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  close(kvm) = 0
  close(kvm) = 0
}
`;

const predicted = ({ diagnostics }: Published): boolean => diagnostics.some(({ code }) => code === 'declared-result');

test('a declared result that the kernel will not give is an error of the same version', async () => {
  const client = connected();
  await client.initialize();
  await client.open(uri, TWICE);
  const [found, ...others] = await client.diagnostics(uri, predicted);
  expect(others).toEqual([]);
  expect(found).toMatchObject({ severity: 1, range: { start: { line: 7, character: 15 } } });
  expect(found?.relatedInformation?.[0]).toMatchObject({ location: { range: { start: { line: 6 } } } });
  expect(client.published(uri).map(({ version }) => version)).toEqual(client.published(uri).map(() => 1));
});

test('declaring what it gives is a fix that is not applied unasked', async () => {
  const client = connected();
  await client.initialize();
  await client.open(uri, TWICE);
  const [found] = await client.diagnostics(uri, predicted);
  const range = found!.range;
  const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
    textDocument: { uri },
    range,
    context: { diagnostics: [found!] },
  });
  const declare = actions.find(({ title }) => title === 'Declare `= -EBADF`');
  expect(declare?.isPreferred).toBeUndefined();
  const version = await client.change(uri, [{ range, text: declare!.edit!.changes![uri]![0]!.newText }]);
  const after = await client.diagnostics(uri, (one) => one.version === version);
  expect(after).toEqual([]);
});

test('a diagnostic leads to its page, where the client says that the pages are', async () => {
  const client = connected();
  await client.initialize({ initializationOptions: { diagnosticPages: 'file:///pages/' } });
  await client.open(uri, TWICE);
  const [found] = await client.diagnostics(uri, predicted);
  expect(found?.codeDescription).toEqual({ href: 'file:///pages/declared-result.md' });
});

test('beside an error the rest is predicted all the same', async () => {
  const client = connected();
  await client.initialize();
  await client.open(uri, TWICE.replace('O_RDWR)\n', 'O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM\n'));
  const found = await client.diagnostics(uri, predicted);
  expect(found.map(({ code }) => code)).toEqual(['expected', 'declared-result']);
});

test('a hover tells the state after its line once that is predicted', async () => {
  const client = connected();
  await client.initialize();
  const text = TWICE.replace('  close', '  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n  close');
  await client.open(uri, text);
  await client.diagnostics(uri, predicted);
  const hoverText = async (): Promise<string> => {
    const hover = await client.at<{ contents: { value: string } }>('hover', uri, { line: 6, column: 20 });
    return hover.contents.value;
  };
  let found = await hoverText();
  // It comes after the diagnostics, in slices: each answer lets one more pass.
  for (let asked = 0; asked < 500 && !found.includes('After this line'); asked++) found = await hoverText();
  expect(found).toContain('**After this line**, in a plain run on v6.12:');
  expect(found).toContain('- `vm`: unbound → **4**');
  expect(found).toContain('- `kvm`: 3');
});

test('an edit ends the prediction of the text before it', async () => {
  const client = connected();
  await client.initialize();
  await client.open(uri, TWICE);
  const version = await client.change(uri, [
    { range: { start: { line: 7, character: 0 }, end: { line: 8, character: 0 } }, text: '' },
  ]);
  await client.diagnostics(uri, (one) => one.version === version);
  // A request is answered after everything that was to be published before it.
  await client.at('hover', uri, { line: 6, column: 3 });
  const late = client.published(uri).slice(client.published(uri).findIndex((one) => one.version === version));
  expect(late.filter(predicted)).toEqual([]);
});
