// Signatures while typing, predicted results, lenses, colours, quick fixes.
import { describe, expect, test } from 'vitest';
import { checkingSnapshot } from '../../server/src/features/diagnostics.ts';
import { lensesOf } from '../../server/src/features/lenses.ts';
import { resultHints } from '../../server/src/features/results.ts';
import { signatureAt } from '../../server/src/features/signature.ts';
import { colouredWords } from '../../server/src/features/tokens.ts';
import { TOKEN_LEGEND, toQuickFixes, toTokenData } from '../../server/src/to-lsp.ts';
import { TokenResults } from '../../server/src/token-results.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';
import { around } from './features.ts';
import { marked, snapshotOf } from './marked.ts';

describe('signature help', () => {
  test.each([
    ['setup', 'open(<|>', 'open(path, [flags], [mode])', 'path'],
    ['setup', 'open("/dev/kvm", <|>', 'open(path, [flags], [mode])', '[flags]'],
    ['setup', 'ioctl(<|>', 'ioctl(fd, request, [argument])', 'fd'],
    ['setup', 'ioctl(vm, KVM_CREATE_VCPU, <|>', /^ioctl\(vm, KVM_CREATE_VCPU, \w+\)$/, /\w+/],
    ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {<|>', 'struct kvm_create_device {type=…, fd=>…, flags=…}', undefined],
    ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=<|>', 'struct kvm_create_device {type=…, fd=>…, flags=…}', 'type=…'],
    ['setup', 'ioctl(vm, KVM_CREATE_DEVICE, {type=1, flags=<|>0}) = 0', /^struct/, 'flags=…'],
    ['vcpu', 'mov [x], <|>', 'mov destination, source', 'source'],
    ['vcpu', 'mov [<|>', 'mov destination, source', 'destination'],
    ['vcpu', 'mov eax, [gpu.<|>', 'mov destination, source', 'source'],
    ['device', 'r0 = MRd <|>', /^MRd /, /\w+/],
  ] as const)('%s: %s', (block, line, label, active) => {
    const { text, places } = marked(around(block, line));
    const signature = signatureAt(snapshotOf(text), places[0]!);
    if (typeof label === 'string') expect(signature?.label).toBe(label);
    else expect(signature?.label).toMatch(label);
    const parameter = signature?.active === undefined ? undefined : signature.parameters[signature.active];
    const shown = parameter && signature?.label.slice(parameter.start, parameter.end);
    if (typeof active === 'object') expect(shown).toMatch(active);
    else expect(shown).toBe(active);
  });

  test('there is none outside a call', () => {
    const { text, places } = marked(around('setup', 'close(kvm) <|>'));
    expect(signatureAt(snapshotOf(text), places[0]!)).toBeUndefined();
  });
});

describe('predicted results', () => {
  const CALLS = `machine {
  cpu intel
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)   // the machine
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev2, flags=0})
  close(42)
  close(kvm) = 0
  close(43) = 0
}
`;

  test('each call that declares nothing shows what a plain run returns, before its comment', () => {
    const hints = hintsOf(CALLS, 'v6.6');
    expect(hints.map(({ line, text }) => [line + 1, text])).toEqual([
      [5, ' = 3'],
      [6, ' = 4'],
      [7, ' = 0'],
      [8, ' = -EBUSY'],
      [9, ' = -EBADF'],
      [11, ' ≠ -EBADF'],
    ]);
    expect(hints[1]?.column).toBe('  vm = ioctl(kvm, KVM_CREATE_VM, 0)'.length);
  });

  test('they are those of the selected kernel', () => {
    expect(hintsOf(CALLS, 'v3.12').find(({ line }) => line === 6)?.text).not.toBe(' = 0');
  });

  test('a call with different results in a loop shows each once, and a run without end ends', () => {
    const source =
      'machine {\n  cpu intel\n}\nsetup {\n}\nthread a {\n  repeat 3 {\n    close(0)\n  }\n  loop {\n    close(9)\n  }\n}\n';
    const texts = hintsOf(source, 'v6.6').map(({ text }) => text);
    expect(texts).toEqual([' = 0 | -EBADF', ' = -EBADF']);
  });

  function hintsOf(text: string, kernel: string) {
    const work = resultHints(snapshotOf(text, { kernel }));
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
    }
  }
});

test('lenses are above the scenario, and not in a file of procedures', () => {
  const lenses = lensesOf(snapshotOf('// about\nscenario "x"\nsetup {\n}\n'), true);
  expect(lenses.map(({ line, title }) => [line, title])).toEqual([
    [1, 'Debug'],
    [1, 'Check'],
    [1, 'Explore'],
    [1, 'Compare kernels'],
    [1, 'Bisect'],
  ]);
  expect(lensesOf(snapshotOf('proc a() {\n}\n'), true)).toEqual([]);
});

describe('colours', () => {
  test('of a range are the colours of its lines', () => {
    const snapshot = snapshotOf(around('vcpu', 'wbinvd // flush'));
    const all = [...colouredWords(snapshot)];
    const line = snapshot.scenario.lines.findIndex(({ text }) => text.includes('flush'));
    expect([...colouredWords(snapshot, line, line + 1)]).toEqual(all.filter((word) => word.line === line));
    expect(all.filter((word) => word.line === line).map(({ type }) => type)).toEqual(['function', 'comment']);
  });

  test('every type is in the legend, and the packed numbers lead back to the words', () => {
    const words = [...colouredWords(snapshotOf(around('file', 'exists stale-read on v5.11')))];
    const data = toTokenData(words);
    let [line, start] = [0, 0];
    words.forEach((word, index) => {
      const [lines, columns, length, type] = data.slice(index * 5, index * 5 + 5) as [number, number, number, number];
      start = lines === 0 ? start + columns : columns;
      line += lines;
      expect([line, start, length, TOKEN_LEGEND.tokenTypes[type]]).toEqual([
        word.line,
        word.span.start,
        word.span.end - word.span.start,
        word.type,
      ]);
    });
  });

  test('a delta applied to the last result gives the new one', () => {
    const tokens = new TokenResults();
    const first = tokens.full('a', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const next = [1, 2, 3, 9, 9, 9, 7, 8, 9, 10];
    const delta = tokens.delta('a', first.resultId!, next);
    if (!('edits' in delta)) throw new Error('expected a delta');
    const data = [...first.data];
    for (const { start, deleteCount, data: inserted = [] } of delta.edits) data.splice(start, deleteCount, ...inserted);
    expect(data).toEqual(next);
    expect(tokens.delta('a', delta.resultId!, next)).toMatchObject({ edits: [] });
    expect(tokens.delta('a', 'unknown', next)).toMatchObject({ data: next });
  });
});

test('the quick fix of a mistyped attribute puts the right word in its place', () => {
  const { text, ranges } = marked(
    around(
      'setup',
      'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=<|KVM_DEV_VFIO_GROUP_AD|>, addr=[group]})',
    ),
  );
  const snapshot = snapshotOf(text, { uri: 'file:///a.snoop' });
  const [diagnostic] = toEnd(checkingSnapshot(snapshot)).filter(
    ({ line, severity }) => line === ranges[0]!.line && severity === 'error',
  );
  expect(diagnostic).toMatchObject({ span: { start: ranges[0]!.start, end: ranges[0]!.end } });
  const [fix] = toQuickFixes(diagnostic!, snapshot, 'https://pages');
  expect(fix).toMatchObject({ isPreferred: true, title: expect.stringContaining('KVM_DEV_VFIO_GROUP_ADD') });
  expect(fix?.edit?.changes?.['file:///a.snoop']).toEqual([
    {
      range: {
        start: { line: ranges[0]!.line, character: ranges[0]!.start },
        end: { line: ranges[0]!.line, character: ranges[0]!.end },
      },
      newText: 'KVM_DEV_VFIO_GROUP_ADD',
    },
  ]);
});
