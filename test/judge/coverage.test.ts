/** What an exploration executes, and that looking at it changes nothing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Coverage,
  CoverageObserver,
  checkScenario,
  coverageTotals,
  mergedCoverage,
  parse,
} from '../../sim-core/src/index.ts';

const gallery = path.join(import.meta.dirname, '../../scenarios');

function covered(text: string, includes: Readonly<Record<string, string>> = {}): Coverage {
  const coverage = new CoverageObserver();
  const read = (name: string) => (includes[name] === undefined ? undefined : parse(includes[name]));
  const { diagnostics } = checkScenario(parse(text), { coverage, includes: read });
  expect(diagnostics).toEqual([]);
  return coverage.result();
}

function linesOf(text: string, lines: readonly { readonly line: number; readonly executed: boolean }[]): string[] {
  return lines.filter(({ executed }) => !executed).map(({ line }) => text.split('\n')[line]?.trim() ?? '');
}

const CHOICE = `machine {
  cpu intel count=2
  memory x y = 0 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  again = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 {
  choose {
    mov [x], 1
  } or {
    mov [x], 2
    wait [y] == 7
    mov [x], 3
  } or {
    wait [y] == 9
  }
}
vcpu 1 {
  choose {
    wait [y] == 5
  } or {
  }
  mov [y], 6
}
`;

describe('the coverage of a scenario', () => {
  const [file] = covered(CHOICE).files;

  test('has the statements that no interleaving reaches', () => {
    expect(linesOf(CHOICE, file!.statements)).toEqual([
      'wait [y] == 7',
      'mov [x], 3',
      'wait [y] == 9',
      'wait [y] == 5',
    ]);
  });

  test('has the alternatives that none takes, also where the same statement follows another way', () => {
    const taken = file!.alternatives.map(({ line, alternative, executed }) => [line + 1, alternative, executed]);
    expect(taken).toEqual([
      [13, 0, true],
      [13, 1, true],
      [13, 2, false],
      [24, 0, false],
      [24, 1, true],
    ]);
  });

  test('has the result of each call, those that its op can have beside those that it had', () => {
    const of = (line: number, executed: boolean) =>
      file!.results
        .filter((result) => result.line === line && result.executed === executed)
        .map(({ result }) => result);
    expect(of(7, true)).toEqual(['success']);
    expect(of(7, false)).toContain('EBADF');
    expect(of(8, true)).toEqual(['EEXIST']);
  });

  test('has the micro-steps of kernel functions, and the changes that were asked for', () => {
    const { functions, changes } = covered(CHOICE);
    const entered = functions.filter((each) => each.entered).map(({ name }) => name);
    expect(entered).toContain('kvm_vm_ioctl_create_vcpu');
    expect(entered).not.toContain('kvm_vfio_file_add');
    expect(functions.find(({ name }) => name === 'kvm_vfio_file_add')?.steps.some(({ executed }) => executed)).toBe(
      false,
    );
    expect(changes.some(({ consulted }) => consulted)).toBe(true);
    expect(changes.some(({ consulted }) => !consulted)).toBe(true);
  });

  test('of an included file counts all of it, and is put together with that of others', () => {
    const include =
      'proc make(name) {\n  fd = open("/dev/kvm", O_RDWR)\n}\nproc other() {\n  fd = open("/dev/kvm", O_RDWR)\n}\n';
    const user = (proc: string) => `include "make.snoop"\nmachine {\n  memory x = 0\n}\nsetup {\n  call ${proc}\n}\n`;
    const parts = [user('make(x)'), user('other()')].map((text) => covered(text, { 'make.snoop': include }));
    const figures = parts.map((part) => {
      const shared = part.files.find(({ path: name }) => name === 'make.snoop');
      return shared?.statements.map(({ executed }) => executed);
    });
    expect(figures).toEqual([
      [true, false],
      [false, true],
    ]);
    const merged = mergedCoverage(parts, (part, name) => name || `${part}.snoop`);
    expect(merged.files.map(({ path: name }) => name)).toEqual(['0.snoop', '1.snoop', 'make.snoop']);
    // A call of a procedure does not count as a statement.
    expect(coverageTotals(merged).statements).toEqual({ covered: 2, total: 2 });
    expect(coverageTotals(merged).changes.total).toBe(parts[0]?.changes.length);
  });

  test.each(['wbinvd/local-cpu-not-flushed.snoop', 'kvm-vfio/add-races-with-delete.snoop'])(
    'does not change what is explored: %s',
    (file) => {
      const parsed = parse(readFileSync(path.join(gallery, file), 'utf8'));
      const plain = checkScenario(parsed);
      const watched = checkScenario(parsed, { coverage: new CoverageObserver() });
      const essence = ({ kernels }: typeof plain) =>
        kernels.map(({ passed, exploration: { states, transitions, outcomes } }) => [
          passed,
          states,
          transitions,
          outcomes.map(({ values }) => values),
        ]);
      expect(essence(watched)).toEqual(essence(plain));
    },
  );
});
