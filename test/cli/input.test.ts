// Files that are not scenarios, and scenarios that do not end.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, contents: string | Uint8Array): string {
  writeFileSync(path.join(folder, name), contents);
  return name;
}

const hostile = 'scenario "a\u001b[31mred\u009b2J\u0007"\nmachine {\n  memory x = 0\n}\n';

const endless = `machine {
  cpu intel count=1
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  v = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  loop {
    mov [x], 1
  }
}
forall [x] == 0
`;

describe.each(['run', 'check', 'bisect', 'export trace'])('%s', (command) => {
  test.each([
    ['missing.snoop', () => {}, 'unreadable-file', 'No such file.'],
    [
      'a-folder',
      (name: string) => mkdirSync(path.join(folder, name), { recursive: true }),
      'is-a-folder',
      'This is a folder',
    ],
    [
      'binary.snoop',
      (name: string) => put(name, new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1])),
      'binary-file',
      'This is a binary file',
    ],
    [
      'windows.snoop',
      (name: string) => put(name, Buffer.from('\ufeffmachine {\n}\n', 'utf16le')),
      'not-utf-8',
      'This is UTF-16 text, and only UTF-8 is read; `iconv -f UTF-16 -t UTF-8` converts it.',
    ],
    [
      'no-mark.snoop',
      (name: string) => put(name, Buffer.from('machine {\n}\n', 'utf16le')),
      'not-utf-8',
      'This is UTF-16LE text,',
    ],
    ['empty.snoop', (name: string) => put(name, ' \n\n'), 'empty-scenario', 'The file is empty'],
    [
      'file/inside',
      (name: string) => put(path.dirname(name), 'x'),
      'unreadable-file',
      'A part of the path is not a folder.',
    ],
  ])('%s', async (name, make, code, message) => {
    make(name);
    const { exitCode, stdout, stderr } = await snoopscope(`${command} ${name}`, {
      workingDirectory: folder,
      columns: 200,
    });
    expect(stderr).toContain(`${name}: error: ${message}`);
    expect(stderr).toContain(`[${code}]`);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('ten megabytes are too many, and the message says how large a scenario may be', async () => {
    const name = put('large.snoop', 'mov [x], 1\n'.repeat(1_000_000));
    const { exitCode, stderr } = await snoopscope(`${command} ${name}`, { workingDirectory: folder });
    expect(stderr).toContain('11000000 characters; a scenario may have 4194304.');
    expect(stderr.split('\n').length).toBeLessThan(10);
    expect(exitCode).toBe(3);
  });

  test('a half typed scenario: every mistake with its place, the line and carets', async () => {
    const name = put('half.snoop', 'setup {\n\tkvm = opn("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_V\n}\n');
    const { exitCode, stdout, stderr } = await snoopscope(`${command} ${name}`, { workingDirectory: folder });
    expect(stderr).toMatch(
      /^half\.snoop:2:8: error: .*`open`.* \[unknown-call\]\n {2}.*kvm = opn\("\/dev\/kvm", O_RDWR\)\n +\^\^\^$/m,
    );
    expect(stderr).toMatch(/^half\.snoop:3:\d+: error: /m);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('control characters in a hostile file do not reach the terminal', async () => {
    const name = put('hostile.snoop', '\u001b[2Jsetup {\u0007\n');
    const { stderr } = await snoopscope(`${command} ${name}`, { workingDirectory: folder });
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\u0007');
  });
});

test.each(['merge folder', 'compare folder a.log', 'compare a.snoop folder', 'export c folder'])('%s', async (line) => {
  mkdirSync(path.join(folder, 'folder'), { recursive: true });
  put('a.snoop', 'machine {\n  memory x = 0\n}\n');
  put('a.log', 'TAP version 14\n1..0\n');
  const { exitCode, stderr } = await snoopscope(line, { workingDirectory: folder, columns: 200 });
  const isScenario = line.startsWith('compare folder') || line.startsWith('export');
  expect(stderr.split('\n')[0]).toBe(
    isScenario
      ? 'folder: error: This is a folder; `snoopscope test folder` checks every scenario in it. [is-a-folder]'
      : 'folder: error: This is a folder; name a file in it. [is-a-folder]',
  );
  expect(exitCode).toBe(2);
});

test('what several lines do without effect is said once, with their number', async () => {
  const call = '  ioctl(kvm, KVM_GET_API_VERSION, 0) = 12\n';
  put('notes.snoop', `machine {\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n${call.repeat(12)}}\n`);
  const { stderr } = await snoopscope('run notes.snoop', { workingDirectory: folder });
  expect(stderr.trimEnd()).toBe(
    'notes.snoop:6:14: note: `KVM_GET_API_VERSION` has no effect here and answers what the line declares. (12 times) [no-effect]',
  );
});

test('a folder that may not be read is named, and the others are tested', async () => {
  const tree = path.join(folder, 'tree');
  mkdirSync(path.join(tree, 'locked'), { recursive: true });
  writeFileSync(path.join(tree, 'a.snoop'), 'machine {\n  memory x = 0\n}\nexists [x] == 0\n');
  chmodSync(folder, 0o755);
  chmodSync(path.join(tree, 'locked'), 0);
  // Root may read everything, so somebody else asks. The first run loads what the second one needs.
  await snoopscope('test tree', { workingDirectory: folder });
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65534);
  const outcome = await snoopscope('test tree', { workingDirectory: folder }).finally(
    () => root && process.seteuid?.(0),
  );
  chmodSync(path.join(tree, 'locked'), 0o755);
  expect(outcome.stdout).toContain('1 passed, 1 failed');
  expect(outcome.stdout + outcome.stderr).toContain('tree/locked');
  expect(outcome.stdout + outcome.stderr).not.toContain('bug of Snoopscope');
  expect(outcome.exitCode).toBe(2);
});

test('check warns of calls that fail and do not say so, on the kernels that it checks', async () => {
  const stdin =
    'machine {\n  cpu intel\n  iommu dmar0 vt-d\n  device gpu 0000:01:00.0 iommu=dmar0 group=26\n}\nsetup {\n' +
    '  group = open("/dev/vfio/26", O_RDWR)\n  again = open("/dev/vfio/26", O_RDWR)\n}\n';
  const { exitCode, stdout, stderr } = await snoopscope('check --kernel v6.9 -', { stdin });
  expect(stderr).toMatch(/^<stdin>:8:11: warning: `open` returns -EBUSY on v6\.9\. .* \[failing-call\]$/m);
  expect(stdout).toContain('passed');
  expect(exitCode).toBe(0);
});

describe('a fault in the page tables of KVM has the name that it has on the CPU', () => {
  test.each([
    ['intel', 'EPT_VIOLATION'],
    ['amd', 'NPF'],
    ['arm64', 'DABT_LOW'],
    ['power', 'H_DATA_STORAGE'],
  ])('%s', async (cpu, name) => {
    const stdin =
      `machine {\n  cpu ${cpu}\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n` +
      `  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)\n}\nvcpu 0 {\n  mov [x], 1\n}\n` +
      `exists exits(vcpu0, ${name}) == 1\nexists exits(vcpu0, EPT_VIOLATION) == 1\n`;
    expect(await snoopscope('check -', { stdin })).toMatchObject({ exitCode: 0 });
    expect((await snoopscope('run -', { stdin })).stdout).toContain(`vcpu0 leaves the guest: ${name} (page of x)`);
  });
});

test('a machine in which nobody does anything', async () => {
  const stdin = 'machine {\n  memory x = 0\n}\n';
  expect((await snoopscope('run -', { stdin })).stdout).toContain('Completed after 0 micro-steps');
  expect((await snoopscope('check -', { stdin })).exitCode).toBe(0);
});

describe('standard input', () => {
  test('- is a scenario', async () => {
    const { exitCode, stdout } = await snoopscope('run --max-steps 10 -', { stdin: endless });
    expect(stdout).toContain('<stdin> on');
    expect(exitCode).toBe(3);
  });

  test('mistakes are at <stdin>', async () => {
    const { exitCode, stderr } = await snoopscope('check -', { stdin: 'setup {\n  nonsense\n}\n' });
    expect(stderr).toMatch(/^<stdin>:2:3: error: /m);
    expect(exitCode).toBe(2);
  });

  test('a stream of another encoding', async () => {
    const { exitCode, stderr } = await snoopscope('check -', { stdin: new Uint8Array([0x64, 0x6f, 0x63, 0xe4, 0x0a]) });
    expect(stderr).toContain('<stdin>: error: This is not UTF-8 text.');
    expect(exitCode).toBe(2);
  });

  test('a binary stream', async () => {
    const { exitCode, stderr } = await snoopscope('check -', { stdin: new Uint8Array([1, 2, 0, 3]) });
    expect(stderr).toContain('<stdin>: error: This is a binary file');
    expect(exitCode).toBe(2);
  });
});

describe('limits', () => {
  test('a run that does not end', async () => {
    const { exitCode, stdout } = await snoopscope('run --max-steps 200 -', { stdin: endless });
    expect(stdout).toContain('Stopped at the limit of 200 micro-steps; --max-steps raises it.');
    expect(exitCode).toBe(3);
  });

  test('an exploration that is too large', async () => {
    const { exitCode, stdout } = await snoopscope('check --max-states 4 test/cli/scenarios/race.snoop');
    expect(stdout).toMatch(/open +forall vcpu1\.eax == 2/);
    expect(stdout).toContain('The limit of 4 states was reached; --max-states raises it.');
    expect(exitCode).toBe(3);
  });

  test('conditions are about final states, and there may be none', async () => {
    const { stdout } = await snoopscope('check -', { stdin: endless });
    expect(stdout).toContain('No interleaving ends');
  });

  test('an interrupted run says how far it came', async () => {
    const controller = new AbortController();
    controller.abort();
    const { exitCode, stdout } = await snoopscope('run -', { stdin: endless, interrupt: controller.signal });
    expect(stdout).toMatch(/Interrupted after \d+ micro-steps\./);
    expect(exitCode).toBe(130);
  });

  test('a reader that has gone away is not written to', async () => {
    const { stdout } = await snoopscope('run --max-steps 5000 -', { stdin: endless, closedAfter: 3 });
    expect(stdout.split('\n').length).toBeLessThan(8);
  });
});

test('run says why a vCPU that nobody created cannot move', async () => {
  const name = put('unmade.snoop', 'machine {\n  cpu intel\n}\nvcpu 3 {\n  hlt\n}\n');
  const { stdout } = await snoopscope(`run ${name}`, { workingDirectory: folder });
  expect(stdout.replace(/\s+/g, ' ')).toContain(
    'vcpu3 (line 5) still waits. vcpu3 does not exist: no KVM_CREATE_VCPU made vCPU 3.',
  );
});

describe('control characters of a file', () => {
  test('do not reach a terminal', async () => {
    for (const colours of [true, false]) {
      const { stdout } = await snoopscope('run -', { stdin: hostile, colours, columns: 80 });
      expect(stdout).toContain('red');
      const [bell, colour, sequence] = ['\u0007', '\u001b[31m', '\u009b'];
      for (const hidden of [bell, sequence]) expect(stdout).not.toContain(hidden);
      // On a terminal with colours another one does no harm.
      if (!colours) expect(stdout).not.toContain(colour);
    }
  });

  test('are whole in JSON', async () => {
    const stdin = `${hostile}~exists [x] == 0 // \u009b\n`;
    const { stdout } = await snoopscope('check --format json -', { stdin });
    expect(JSON.parse(stdout).files[0].kernels[0].conditions[0].text).toContain('[x] == 0');
  });
});

test('an empty name is not a folder', async () => {
  const { exitCode, stderr } = await snoopscope(['check', '']);
  expect(stderr).toContain('An operand is empty');
  expect(exitCode).toBe(2);
});

test('what is not a fact is not explained, and the facts are named', async () => {
  const file = path.resolve(import.meta.dirname, '../../scenarios/wbinvd/local-cpu-not-flushed.snoop');
  const { exitCode, stderr, stdout } = await snoopscope(['run', '--why', 'gpu.r0', file]);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.replace(/\s+/g, ' ')).toContain(
    'Nothing to explain: `gpu.r0` is not a fact, and only facts and findings can be explained. Facts are noncoherent, exits, flushes, zaps, ept, memtype, cache, coherent. [no-such-fact]',
  );
});
