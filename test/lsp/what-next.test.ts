// Completion by what comes next: relations, names of outputs, the attributes of a group, what a call returns, set-ups.
import { elaborate, parse, predicting, profileNamed, toEnd } from '@snoopscope/sim-core';
import { expect, test } from 'vitest';
import type { CompletionItem } from 'vscode-languageserver';
import { offersAt } from '../../server/src/features/completion.ts';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { setUpOffers } from '../../server/src/features/setups.ts';
import { plainText } from '../../server/src/features/snippets.ts';
import { connected } from './client.ts';
import { around } from './features.ts';
import { marked, snapshotOf } from './marked.ts';

/** The labels, the best first. */
function labelsAt(source: string, kernel = 'v6.6'): string[] {
  const { text, places } = marked(source);
  const { offers } = offersAt(snapshotOf(text, { kernel }), places[0]!);
  return [...offers].sort((a, b) => a.rank - b.rank).map(({ label }) => label);
}

test.each([
  [around('file', 'exists [x] <|>'), ['==', '!=', '<', '<=', '>', '>=']],
  [around('file', 'exists [x] == 1 <|>'), ['on', '&&', '||']],
  [around('file', 'exists stale-read <|>'), ['on', '&&', '||']],
  [around('device', 'wait doorbell <|>'), ['==', '!=']],
  [around('vcpu', 'wait [flag] <|>'), ['==', '!=']],
  [around('setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=><|>'), ['dev', 'NULL']],
  [around('setup', 'ioctl(4, IOMMU_IOAS_ALLOC, {out_ioas_id=><|>'), ['ioas']],
  [
    around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=<|>'),
    ['KVM_DEV_VFIO_FILE_ADD', 'KVM_DEV_VFIO_FILE_DEL'],
  ],
  [
    around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=<|>'),
    ['KVM_DEV_VFIO_GROUP_ADD', 'KVM_DEV_VFIO_GROUP_DEL'],
  ],
  [around('setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=<|>'), ['KVM_DEV_TYPE_VFIO']],
  [around('setup', 'ioctl(dev, <|>'), ['KVM_SET_DEVICE_ATTR']],
  [around('setup', 'ioctl(group, <|>'), ['VFIO_GROUP_SET_CONTAINER']],
  [around('file', 'exists gpu.r0 == 0 on <|>'), ['v7.3', 'v7.2', 'v7.1', 'v7.0', 'v6.19']],
  [around('setup', '<|>'), ['VFIO_GROUP_SET_CONTAINER', 'KVM_SET_DEVICE_ATTR', 'KVM_CREATE_VCPU']],
  ['machine {\n  cpu intel\n  memory x = 0\n}\n<|>', ['setup', 'vcpu', 'device']],
  ['<|>', ['scenario', 'kernel', 'machine', 'setup']],
])('%#: what fits comes first', (source, first) => {
  expect(labelsAt(source).slice(0, first.length)).toEqual(first);
});

test('beside the attribute group that is written its attributes come first, also where the kernel lacks them', () => {
  const source = around('setup', 'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_FILE, attr=<|>');
  expect(labelsAt(source, 'v5.11').slice(0, 2)).toEqual(['KVM_DEV_VFIO_FILE_ADD', 'KVM_DEV_VFIO_FILE_DEL']);
});

test('requests that change nothing modelled, and those of other kernels, come after the rest', () => {
  const labels = labelsAt(around('setup', 'ioctl(vm, <|>'));
  const places = ['KVM_CREATE_VCPU', 'KVM_CREATE_IRQCHIP', 'KVM_ASSIGN_PCI_DEVICE'].map((one) => labels.indexOf(one));
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('registers of a device are offered before anybody uses one', () => {
  expect(labelsAt(around('vcpu', 'mov [gpu.<|>'))).toContain('doorbell');
  expect(labelsAt(around('file', 'exists vcpu0.<|>'))).toContain('eax');
});

test('before v6.6 a group is registered, under the name that the kernel has', () => {
  const { text, places } = marked(
    around('setup', 'device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")\n<|>'),
  );
  const snippet = (kernel: string) =>
    plainText(
      offersAt(snapshotOf(text, { kernel }), places[0]!).offers.find(({ label }) => label === 'KVM_SET_DEVICE_ATTR')
        ?.snippet ?? '',
    );
  expect(snippet('v5.12')).toContain('group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]');
  expect(snippet('v6.6')).toContain('KVM_DEV_VFIO_FILE_ADD');
});

test.each(['v4.5', 'v5.12', 'v6.6', 'v7.3'])('every set-up is right on %s', (kernel) => {
  const profile = profileNamed(kernel)!;
  const offers = setUpOffers('file', false, profile, true);
  expect(offers.length).toBeGreaterThan(2);
  for (const { label, snippet } of offers) {
    const scenario = parse(
      `kernel ${kernel}\n${plainText(snippet ?? '').replaceAll(/\$\{\d+:?|\}(?=[^\n])/g, (part) => (part === '}' ? part : ''))}`,
    );
    const found = [
      ...toEnd(checkingSnapshot({ uri: '', version: 1, scenario, profile, included: new Map() })),
      ...toEnd(predicting(scenario)),
    ];
    expect(
      found.filter(({ severity }) => severity === 'error').map(({ message }) => message),
      label,
    ).toEqual([]);
    expect(elaborate(scenario, { profile }).model, label).toBeDefined();
  }
  expect(setUpOffers('file', true, profile, true)).toEqual([]);
});

test('in an empty file also those set-ups are offered that need an older kernel, with it', () => {
  const newest = profileNamed('v7.3')!;
  const snippets = setUpOffers('file', false, newest, false).map(({ snippet }) => plainText(snippet ?? ''));
  const legacy = snippets.filter((one) => one.includes('KVM_ASSIGN_PCI_DEVICE'));
  expect(legacy).toHaveLength(1);
  expect(legacy[0]).toMatch(/^kernel v4\.\d+\n\nmachine \{/);
  expect(snippets.filter((one) => one.startsWith('machine {')).length).toBeGreaterThan(2);
});

test('what the call returns is the first result that is offered', async () => {
  const uri = 'file:///first.snoop';
  const client = connected();
  await client.initialize();
  const text = 'kernel v6.6\nmachine {\n  cpu intel\n}\nsetup {\n  close(3)\n}\n';
  await client.open(uri, text);
  await client.request('textDocument/inlayHint', {
    textDocument: { uri },
    range: { start: { line: 0, character: 0 }, end: { line: 7, character: 0 } },
  });
  await client.change(uri, [{ text: text.replace('close(3)', 'close(3) = ') }]);
  const items = await client.at<CompletionItem[]>('completion', uri, { line: 5, column: 13 });
  const [first] = items.sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
  expect(first).toMatchObject({ label: '-EBADF', labelDetails: { description: 'what it returns on v6.6' } });
});

test('an include is completed with the scenarios beside', async () => {
  const client = connected({
    findScenarios: async () => ({ uris: ['file:///w/lib/attach.snoop', 'file:///w/a/me.snoop'], cut: false }),
  });
  await client.initialize();
  await client.open('file:///w/a/me.snoop', 'include ""\n');
  const items = await client.at<CompletionItem[]>('completion', 'file:///w/a/me.snoop', { line: 0, column: 9 });
  expect(items.map(({ label }) => label)).toEqual(['../lib/attach.snoop']);
});
