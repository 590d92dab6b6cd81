// What a kernel will say comes as a second publish of the same version; fixes are offered for it.

import { expect, test } from 'vitest';
import type { CodeAction, InlayHint } from 'vscode-languageserver';
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

test('a call whose result depends on the interleaving shows all that it may return', async () => {
  const client = connected();
  await client.initialize();
  const racing = `${TWICE.replace('close(kvm) = 0', 'close(99) = 0').replace('  close(kvm) = 0\n', '')}thread a {
  close(kvm)
}
thread b {
  close(kvm)
}
`;
  await client.open(uri, racing);
  await client.diagnostics(uri, predicted);
  const range = { start: { line: 9, character: 0 }, end: { line: 20, character: 0 } };
  const hints = await client.request<InlayHint[]>('textDocument/inlayHint', { textDocument: { uri }, range });
  expect(hints.map(({ label }) => label)).toEqual([' = 0 | -EBADF', ' = -EBADF | 0']);
  expect(JSON.stringify(hints[0]?.tooltip)).toContain('depends on the interleaving');
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

/** Notes of lines come after the diagnostics, in slices: each answer lets one more pass. */
async function hoverOnce(text: string, line: number, column: number, wanted: string): Promise<string> {
  const client = connected();
  await client.initialize();
  await client.open(uri, text);
  let found = '';
  for (let asked = 0; asked < 2000 && !found.includes(wanted); asked++) {
    const hover = await client.at<{ contents: { value: string } }>('hover', uri, { line, column });
    found = hover.contents.value;
  }
  return found;
}

test('a hover tells the state after its line once that is predicted', async () => {
  const text = TWICE.replace('  close', '  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n  close');
  const found = await hoverOnce(text, 6, 20, 'After this line');
  expect(found).toContain('**After this line**, in a plain run on v6.12:');
  expect(found).toContain('- `vm`: unbound → **4**');
  expect(found).toContain('- `kvm`: 3');
  expect(found).not.toContain('**Returns**');
});

test('on a declared errno a hover names the check that decides, its function and its source', async () => {
  const text = TWICE.replace('= 0\n}', '= -EBADF\n}');
  const found = await hoverOnce(text, 7, 17, '**Returns**');
  expect(found).toContain('- v6.12: `-EBADF`: close() found no open file under descriptor 3 (fs/open.c).');
});

test('a hover tells the kernels of the scenario apart: what a call returns, and the state after it', async () => {
  const text = `kernel v6.6
machine {
  cpu intel
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]}) = 0
  ioctl(group, VFIO_GROUP_UNSET_CONTAINER)
}
exists [x] == 0 on v5.18, v6.6
`;
  const unset = await hoverOnce(text, 17, 20, '**Returns**');
  expect(unset).toContain('- v6.6: `0`');
  expect(unset).toMatch(/- v5\.18: `-EBUSY`: .*drivers\/vfio\/vfio\.c/);
  expect(unset).toMatch(/- `iopte\(gpu, x\)`: RW.* → \*\*none\*\*; \*\*RW.*\*\* on v5\.18/);
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

test('a client that asks, and cannot be told to ask again, is pushed predictions alone', async () => {
  const client = connected();
  await client.initialize({ initializationOptions: { pullDiagnostics: true } });
  const text = TWICE.replace('  close', '  door = open("/dev/kmv", O_RDWR)\n  close');
  await client.open(uri, text);
  const pushed = await client.diagnostics(uri, predicted);
  expect(pushed.map(({ code }) => code)).toEqual(['failing-call', 'declared-result']);
  const pulled = await client.request<{ items: { code: string }[] }>('textDocument/diagnostic', {
    textDocument: { uri },
  });
  expect(pulled.items.map(({ code }) => code)).toEqual(['unused']);
  // What was pushed is taken back with the next edit.
  const version = await client.change(uri, [{ range: rangeAt(0, 0, 12), text: 'kernel v6.11' }]);
  await client.diagnostics(uri, (one) => one.version === version && one.diagnostics.length === 0);
});

function rangeAt(line: number, start: number, end: number) {
  return { start: { line, character: start }, end: { line, character: end } };
}
