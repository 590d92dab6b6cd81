/**
 * Every finding of the gallery, explained: its chain has at least three links, and says where each is written. The texts
 * themselves are in the traces beside the scenarios.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  EVENT_WIDTH,
  elaborate,
  NOTE,
  parse,
  profileNamed,
  profilesNamed,
  Run,
  typedSchedule,
  why,
} from '@snoopscope/sim-core';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../scenarios');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.snoop'))
  .sort();

/** A wrong belief is two facts. */
const SHORTER: ReadonlyMap<string, number> = new Map([['belief', 2]]);

interface Found {
  readonly file: string;
  readonly finding: string;
  readonly links: readonly { readonly text: string; readonly sources: readonly unknown[] }[];
}

function findingsOf(file: string): Found[] {
  const parsed = parse(readFileSync(path.join(root, file), 'utf8'));
  const header = parsed.lines.find((line) => line.content.kind === 'kernel')?.content;
  const name = header?.kind === 'kernel' ? header.version.text : profilesNamed(parsed)[0]?.name;
  const profile = profileNamed(name ?? '');
  if (!profile) throw new Error(`${file} names no kernel that is known`);
  const { model } = elaborate(parsed, { profile });
  if (!model) throw new Error(`${file} is not valid`);
  const run = new Run(model);
  run.runToEnd();
  return Array.from({ length: run.events }, (_, event) => event)
    .filter((event) => run.log[event * EVENT_WIDTH] === NOTE.finding)
    .map((event) => ({ file, ...why(run, event) }));
}

test('every finding of the gallery has a chain of causes, each with its source', () => {
  const all = files.flatMap(findingsOf);
  const kinds = new Set(all.map(({ finding }) => finding));
  for (const kind of ['stale-read', 'lost-write', 'leak', 'use-after-free', 'deadlock', 'kernel-warning', 'dma-fault'])
    expect(kinds).toContain(kind);
  const weak = all.filter(
    ({ finding, links }) =>
      links.length < (SHORTER.get(finding) ?? 3) || links.some(({ sources }) => sources.length === 0),
  );
  expect(
    weak.map(({ file, finding, links }) => `${file}: ${finding}: ${links.map(({ text }) => text).join(' | ')}`),
  ).toEqual([]);
});

/** What the guest left out when bare metal may give the old value too: the device reads x past the caches at the end. */
const OMISSIONS: readonly { guest: string[]; other?: string[]; schedule: string; says: RegExp }[] = [
  { guest: ['mov [x], 1'], schedule: 'vcpu0 gpu', says: /^No CLFLUSH, CLWB or WBINVD comes between/ },
  { guest: ['movnti [x], 1'], schedule: 'vcpu0 gpu', says: /^No fence and no uncached access comes between/ },
  {
    guest: ['mov [x], 1'],
    other: ['wbinvd'],
    schedule: 'vcpu0 vcpu1 gpu',
    says: /^vcpu1 executes WBINVD \(vcpu1, line \d+\), which promises nothing about the caches of other CPUs/,
  },
  {
    guest: ['mov [x], 1', 'clwb [x]'],
    schedule: 'vcpu0*2 commit(cpu0) gpu',
    says: /^cpu0 has executed CLWB, which waits in its store buffer until a fence/,
  },
];

test.each(OMISSIONS)('an unflushed read says what was left out: $schedule, $guest', (omission) => {
  const { guest, other = [], schedule, says } = omission;
  const text = [
    'machine {',
    `cpu intel count=2 self-snoop=on store-buffer=${guest.includes('clwb [x]') ? 'on' : 'off'}`,
    'iommu dmar0 vt-d snoop-control=off',
    'device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
    'memory x = 0',
    '}',
    'setup {',
    'container = open("/dev/vfio/vfio", O_RDWR)',
    'group = open("/dev/vfio/26", O_RDWR)',
    'ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])',
    'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)',
    'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE})',
    'gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")',
    'kvm = open("/dev/kvm", O_RDWR)',
    'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    'ioctl(vm, KVM_CREATE_VCPU, 0)',
    'ioctl(vm, KVM_CREATE_VCPU, 1)',
    '}',
    ...['vcpu 0 cpu=0 {', ...guest, '}', 'vcpu 1 cpu=1 {', ...other, '}', 'device gpu {', 'r0 = MRd x ns', '}'],
    '',
  ].join('\n');
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(diagnostics[0]?.message);
  const { moves, diagnostics: problems } = typedSchedule(model, schedule);
  expect(problems).toEqual([]);
  const run = new Run(model, { schedule: moves, granularity: 'statement' });
  run.runToEnd();
  const found = Array.from({ length: run.events }, (_, event) => event).filter(
    (event) => run.log[event * EVENT_WIDTH] === NOTE.finding,
  );
  const explained = found.map((event) => why(run, event)).find(({ finding }) => finding === 'unflushed-read');
  expect(explained?.links.map(({ text: link }) => link)).toContainEqual(expect.stringMatching(says));
});
