// Every word of the language, whichever table it is in, is explained where it is used, with its source.
import { globSync, readFileSync } from 'node:fs';
import {
  CACHE_STATES,
  ERRNOS,
  FACTS,
  FINDINGS,
  INNER_WORDS,
  LANGUAGE_WORDS,
  MACHINE_OPTIONS,
  MACHINE_WORD_DOCS,
  MEMORY_TYPES,
  type OptionOwner,
  PROFILES,
  rolesOf,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { hoverAt } from '../../server/src/features/hover.ts';
import { snapshotOf } from './marked.ts';

const SOURCE = /\*\*Sources?\*\*/;
const root = new URL('../../', import.meta.url);

/** A line and the block that it is read in. */
type Place = readonly [block: string, line: string];

/** What hover says about the last place of a word in a line. */
function hover([block, line]: Place, word: string): string | undefined {
  const text = block === 'file' ? line : `${block} {\n${line}\n}`;
  const column = lastWord(line, word);
  expect(column, `${word} in ${line}`).not.toBe(-1);
  return hoverAt(snapshotOf(text), { line: block === 'file' ? 0 : 1, column })?.markdown;
}

function lastWord(line: string, word: string): number {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [...line.matchAll(new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, 'g'))].at(-1)?.index ?? -1;
}

describe('keywords', () => {
  test.each(LANGUAGE_WORDS.flatMap(({ word, blocks, example }) => blocks.map((block) => ({ word, block, example }))))(
    '$word in $block',
    ({ word, block, example }) => {
      const place: Place =
        word === 'device' && block === 'machine' ? ['machine', 'device gpu 0000:01:00.0'] : [blockOf(block), example];
      expect(hover(place, word)).toMatch(SOURCE);
    },
  );
  test.each(INNER_WORDS)('$word', ({ word, example }) => {
    const block = word === 'or' ? 'vcpu 0 {\nchoose {\n' : '';
    const text = `${block}${example}`;
    const line = text.split('\n').length - 1;
    expect(hoverAt(snapshotOf(text), { line, column: lastWord(example, word) })?.markdown).toMatch(SOURCE);
  });
  test('the section of each is a heading of docs/language.md', () => {
    const page = readFileSync(new URL('docs/language.md', root), 'utf8');
    for (const { section } of [...LANGUAGE_WORDS, ...INNER_WORDS]) expect(page).toContain(`\n## ${section}\n`);
  });
});

describe('the machine block', () => {
  const KINDS = [
    ...Object.keys(MACHINE_WORD_DOCS.cpu).map((word) => [`cpu ${word}`, word] as const),
    ...Object.keys(MACHINE_WORD_DOCS.iommu).map((word) => [`iommu unit ${word}`, word] as const),
    ...Object.keys(MACHINE_WORD_DOCS.allow).map((word) => [`allow ${word}`, word] as const),
  ];
  test.each(KINDS)('%s', (line, word) => expect(hover(['machine', line], word)).toMatch(SOURCE));

  const LINES: Readonly<Record<OptionOwner, Place>> = {
    cpu: ['machine', 'cpu intel'],
    iommu: ['machine', 'iommu unit vt-d'],
    device: ['machine', 'device gpu 0000:01:00.0'],
    mdev: ['machine', 'mdev vgpu'],
    memory: ['machine', 'memory w = 7'],
    allow: ['machine', 'allow evict'],
    setup: ['file', 'setup'],
    thread: ['file', 'thread t'],
    vcpu: ['file', 'vcpu 0'],
    'actor-device': ['file', 'device gpu'],
    host: ['file', 'host'],
  };
  const OPTIONS = Object.entries(MACHINE_OPTIONS).flatMap(([owner, options]) =>
    options.map(({ key, values, source }) => ({ owner: owner as OptionOwner, key, values, source })),
  );
  test.each(OPTIONS)('$owner $key and its values', ({ owner, key, values, source }) => {
    const [block, line] = LINES[owner];
    for (const value of typeof values === 'string' ? [PLAIN[values]] : values) {
      const place: Place = [block, `${line} ${key}=${value}${block === 'file' ? ' {' : ''}`];
      expect(hover(place, key), `${key}=`).toContain(source);
      // What names something of the scenario is explained as what it names.
      if (!NAMED.has(`${owner} ${key}`)) expect(hover(place, value), `${key}=${value}`).toContain(source);
      else expect(hover(place, value)).toContain(`\`${value}\``);
    }
  });
  const PLAIN = {
    number: '3',
    address: '0x2000',
    cpu: '1',
    iommu: 'dmar0',
    device: 'gpu',
    name: 'some_name',
    names: 'a',
  };
  const NAMED = new Set(['device iommu', 'mdev parent', 'memory page']);

  test('first values, addresses of functions, and the words and vCPUs of `allow`', () => {
    expect(hover(['machine', 'memory w = 7'], '7')).toContain('at the start');
    expect(hover(['machine', 'device gpu 0000:01:00.0'], '0000:01:00.0')).toContain('a PCI address');
    expect(hover(['machine', 'allow evict w'], 'w')).toContain('a word of memory');
    expect(hover(['machine', 'allow migrate vcpu0'], 'vcpu0')).toContain('vcpu0');
  });
});

describe('ops', () => {
  const OPS = VOCABULARY.ops.map((op) => ({ op, name: op.name, kind: op.kind }));
  const BLOCKS = { syscall: 'thread t', ioctl: 'thread t', instruction: 'vcpu 0', tlp: 'device gpu', host: 'host' };
  const placeOf = ({ kind, example }: (typeof OPS)[number]['op']): Place => [BLOCKS[kind], example.split('\n')[0]!];

  test.each(OPS)('$kind $name, its options and attributes', ({ op }) => {
    expect(hover(placeOf(op), op.name)).toMatch(SOURCE);
    const [block, example] = placeOf(op);
    for (const { name, values } of op.options ?? []) {
      const value =
        typeof values === 'string' ? (values === 'number' || values === 'cpu' ? '1' : 'some_name') : values[0]!;
      const line = `${example.replace(new RegExp(` ${name}=\\S+`), '')} ${name}=${value}`;
      expect(hover([block, line], name), `${name}=`).toMatch(SOURCE);
      expect(hover([block, line], value), `${name}=${value}`).toMatch(SOURCE);
    }
    for (const { name } of op.attributes ?? []) {
      const line = lastWord(example, name) === -1 ? `${example} ${name}` : example;
      expect(hover([block, line], name), name).toMatch(SOURCE);
    }
    for (const { shapes } of op.operands) {
      for (const shape of shapes) {
        if (shape.kind !== 'system-register') continue;
        for (const register of shape.names)
          expect(
            hover([block, `${op.name} ${register}, ${op.name === 'mov' ? 'eax' : 0}`], register),
            register,
          ).toMatch(SOURCE);
      }
    }
  });

  // One struct is only ever pointed to by an attribute's, where fields are not looked up; another by a field.
  test('the fields of a struct that another one points to', () => {
    const line = 'ioctl(3, KVM_SET_MSRS, {nmsrs=1, entries=[{index=1, data=2}]})';
    for (const field of ['index', 'data']) expect(hover(['thread t', line], field), field).toMatch(SOURCE);
  });
  const STRUCTS = [...VOCABULARY.structs.values()].filter(
    ({ name }) => name !== 'kvm_vfio_spapr_tce' && name !== 'kvm_msr_entry',
  );
  test.each(STRUCTS)('the fields of struct $name', ({ name, fields }) => {
    const op = VOCABULARY.ops.find(({ operands }) =>
      operands.some(({ shapes }) => shapes.some((shape) => shape.kind === 'struct' && shape.struct === name)),
    );
    expect(op, name).toBeDefined();
    for (const field of fields) {
      const struct = `{${field.name}=1}`;
      const line =
        op!.kind === 'ioctl'
          ? `ioctl(3, ${op!.name}, ${struct})`
          : `${op!.name}(${op!.operands.map(({ shapes }) => (shapes.some((s) => s.kind === 'struct') ? struct : '0')).join(', ')})`;
      expect(hover(['thread t', line], field.name), field.name).toMatch(SOURCE);
    }
  });

  test.each([...VOCABULARY.constants.keys()])('%s', (name) => {
    expect(hover(['thread t', `ioctl(3, KVM_CREATE_VM, ${name})`], name)).toMatch(SOURCE);
  });
  test.each(ERRNOS)('$name', ({ name, text }) => {
    expect(hover(['thread t', `close(3) = -1 ${name} (${text})`], name)).toContain(text);
  });
  test('memory types, cache states and registers of config space', () => {
    for (const type of ['UC', 'UC-', 'WC', 'WT', 'WP', 'WB'])
      expect(hover(['vcpu 0', `pat x = ${type}`], type)).toMatch(SOURCE);
    expect(hover(['device gpu', 'CfgWr DevCtl, 0x800'], 'DevCtl')).toMatch(SOURCE);
  });
});

describe('conditions and schedules', () => {
  const ARGUMENTS = { vm: 'vm', vcpu: 'vcpu0', cpu: 'cpu1', word: 'x', group: '26', exit: 'WBINVD' };
  test.each(FACTS)('$name', ({ name, params, value }) => {
    const call = `${name}(${params.map(({ kind }) => ARGUMENTS[kind]).join(', ')})`;
    expect(hover(['file', `exists ${call} == 1`], name)).toMatch(SOURCE);
    for (const { kind } of params) expect(hover(['file', `exists ${call} == 1`], ARGUMENTS[kind]), kind).toBeDefined();
    for (const word of typeof value === 'string' ? [] : value.names)
      expect(hover(['file', `exists ${call} == ${word}`], word), word).toBeDefined();
  });
  test.each(FINDINGS)('%s', (name) => expect(hover(['file', `~exists ${name}`], name)).toMatch(SOURCE));
  test.each(PROFILES)('$name', ({ name }) =>
    expect(hover(['file', `exists deadlock on ${name}`], name)).toContain(name),
  );
  test('memory types and cache states are values of facts', () => {
    const values = FACTS.flatMap(({ value }) => (typeof value === 'string' ? [] : value.names));
    expect(new Set(values)).toEqual(new Set([...MEMORY_TYPES, ...CACHE_STATES]));
  });
  test('what the environment does, and where', () => {
    for (const word of Object.keys(MACHINE_WORD_DOCS.allow).filter((one) => one !== 'migrate'))
      expect(hover(['file', `schedule ${word}(x,cpu0)`], word)).toMatch(SOURCE);
    expect(hover(['file', 'schedule evict(x,cpu0)'], 'cpu0')).toMatch(SOURCE);
    expect(hover(['file', 'thread other of stranger {'], 'stranger')).toMatch(SOURCE);
  });
});

test('every word of the gallery has a hover, except small numbers and strings', () => {
  const files = globSync('scenarios/**/*.snoop', { cwd: root });
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const snapshot = snapshotOf(readFileSync(new URL(file, root), 'utf8'));
    snapshot.scenario.lines.forEach((line, index) => {
      for (const { role, text, span } of rolesOf(line, VOCABULARY)) {
        if (role === 'number' || role === 'string') continue;
        expect(hoverAt(snapshot, { line: index, column: span.start }), `${file}:${index + 1}: ${text}`).toBeDefined();
      }
    });
  }
});

function blockOf(block: string): string {
  return { vcpu: 'vcpu 0', thread: 'thread t', device: 'device gpu', proc: 'proc p()' }[block] ?? block;
}

describe('what is left out says so', () => {
  test.each<[Place, string, string]>([
    [['machine', '  cpu intel nested=on'], 'nested', 'nested virtualization'],
    [['machine', '  device card 0000:01:00.0 ats=on'], 'ats', 'ATS and PRI'],
    [['machine', '  device card 0000:01:00.0 sriov=on'], 'sriov', 'SR-IOV'],
    [['setup', '  vm = ioctl(kvm, KVM_CREATE_VM, KVM_X86_TDX_VM)'], 'KVM_X86_TDX_VM', 'TDX'],
    [['setup', '  vm = ioctl(kvm, KVM_CREATE_VM, KVM_X86_SNP_VM)'], 'KVM_X86_SNP_VM', 'SEV, SEV-ES and SEV-SNP'],
    [['setup', '  ioctl(vm, KVM_CREATE_GUEST_MEMFD, 0)'], 'KVM_CREATE_GUEST_MEMFD', 'guest_memfd'],
    [['vcpu 0', '  vmlaunch'], 'vmlaunch', 'nested virtualization'],
    [['device card', '  MWr x, 1 pasid'], 'pasid', 'DMA with a PASID'],
    [['device card', '  MWr card.doorbell, 1'], 'doorbell', 'peer-to-peer DMA'],
  ])('%s %s', (place, word, part) => {
    expect(hover(place, word)).toContain(`belongs to ${part}, which is not modelled`);
  });
});
