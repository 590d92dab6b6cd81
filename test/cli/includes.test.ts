// Files that include files: paths, circles, what is wrong in them, and whose statements run.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { needsFile } from '../needs.ts';
import { snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-includes-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(files: Readonly<Record<string, string>>): ReturnType<typeof snoopscope> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return snoopscope('run main.snoop', { workingDirectory: folder });
}

const MACHINE = 'machine {\n  cpu intel\n}\n';

test('an actor of an included file has its own statements, on whatever line it is', async () => {
  const { stdout } = await run({
    'main.snoop': `include "other.snoop"\n${MACHINE}thread a {\n  close(5)\n}\n`,
    'other.snoop': '\n\n\n\nthread b {\n  open("/dev/kvm", O_RDWR)\n}\n',
  });
  expect(stdout).toContain('a\n   6  close(5) = -1 EBADF (Bad file descriptor)\n');
  expect(stdout).toContain('b\n   6↳ open("/dev/kvm", O_RDWR) = 3\n');
});

test('a path is relative to the file that it is in', async () => {
  const { stdout, exitCode } = await run({
    'main.snoop': `include "sub/procs.snoop"\n${MACHINE}thread a {\n  call shut(7)\n}\n`,
    'sub/procs.snoop': 'include "common.snoop"\nproc shut(fd) {\n  call really(fd)\n}\n',
    'sub/common.snoop': 'proc really(fd) {\n  close(fd)\n}\n',
  });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('   2↳ close(fd) = -1 EBADF');
});

test.each([
  [
    'proc really(fd) {\n',
    '`sub/procs.snoop`, line 1: `common.snoop`, line 1: The block `proc really(fd)` is not closed',
  ],
  [undefined, '`sub/procs.snoop`, line 1: The file `common.snoop` cannot be read.'],
])(
  'what is wrong in a file that an included file includes keeps the scenario from running',
  async (common, message) => {
    rmSync(path.join(folder, 'sub'), { recursive: true, force: true });
    const { stderr, stdout, exitCode } = await run({
      'main.snoop': `include "sub/procs.snoop"\n${MACHINE}thread a {\n  call shut(7)\n}\n`,
      'sub/procs.snoop': 'include "common.snoop"\nproc shut(fd) {\n  call really(fd)\n}\n',
      ...(common !== undefined && { 'sub/common.snoop': common }),
    });
    expect(stderr).toContain(`main.snoop:1:9: error: ${message}`);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  },
);

test('a file that includes itself is told that this does nothing', async () => {
  writeFileSync(path.join(folder, 'self.snoop'), 'include "self.snoop"\nsetup {\n}\n');
  const { exitCode, stderr } = await snoopscope('check self.snoop', { workingDirectory: folder });
  expect(stderr.replace(/\s+/g, ' ')).toContain('self.snoop:1:9: note: The file includes itself, which has no effect');
  expect(exitCode).toBe(0);
});

test.each(['self.snoop', 'link.snoop', '../link/self.snoop', '../link/link.snoop'])(
  'a file that includes itself by another path is the same file: %s',
  async (name) => {
    const real = path.join(folder, 'real');
    mkdirSync(real, { recursive: true });
    writeFileSync(path.join(real, 'self.snoop'), 'include "./link.snoop"\nthread a {\n  close(7)\n}\n');
    if (!existsSync(path.join(real, 'link.snoop'))) symlinkSync('self.snoop', path.join(real, 'link.snoop'));
    if (!existsSync(path.join(folder, 'link'))) symlinkSync('real', path.join(folder, 'link'));
    const { exitCode, stderr } = await snoopscope(`check ${name}`, { workingDirectory: real });
    expect(stderr.replace(/\s+/g, ' ')).toContain('note: The file includes itself, which has no effect');
    expect(exitCode).toBe(0);
  },
);

test('a file of procedures is skipped by check as it is by test', async () => {
  const { exitCode, stdout } = await snoopscope('check test/cli/scenarios/procedures.snoop');
  expect(stdout).toContain('Skipped: it has no actors, so there is nothing to check.');
  expect(stdout).not.toContain('passed');
  expect(exitCode).toBe(0);
});

test.each(['check', 'explore'])('as JSON, %s says that a file of procedures is skipped', async (command) => {
  const { stdout } = await snoopscope(`${command} test/cli/scenarios/procedures.snoop --format json`);
  const { files, skipped } = JSON.parse(stdout);
  expect(files?.[0] ?? { skipped }).toMatchObject({ skipped: 'it has no actors' });
  expect(files?.[0].kernels ?? []).toEqual([]);
});

test('explore skips a file of procedures', async () => {
  const { exitCode, stdout } = await snoopscope('explore test/cli/scenarios/procedures.snoop');
  expect(stdout).toContain('Skipped: it has no actors, so there is nothing to explore.');
  expect(stdout).not.toContain('passed');
  expect(exitCode).toBe(0);
});

test.each(['check', 'test'])('%s judges conditions on actors of an included file', async (command) => {
  writeFileSync(path.join(folder, 'actors.snoop'), 'thread a {\n  close(7)\n}\n');
  writeFileSync(path.join(folder, 'conditions.snoop'), 'include "actors.snoop"\nforall a.err == 3\n');
  const { exitCode, stdout } = await snoopscope(`${command} conditions.snoop`, { workingDirectory: folder });
  expect(stdout).toMatch(/FAILS\s+forall a\.err == 3/);
  expect(exitCode).toBe(1);
});

test.each(['check', 'test'])('%s judges conditions of a file without actors', async (command) => {
  writeFileSync(path.join(folder, 'alone.snoop'), 'machine {\n  memory x = 0\n}\nexists [x] == 1\n');
  const { exitCode, stdout } = await snoopscope(`${command} alone.snoop`, { workingDirectory: folder });
  expect(stdout).toMatch(/FAILS\s+exists \[x\] == 1/);
  expect(exitCode).toBe(1);
});

test('files that include each other count once', async () => {
  const { stdout } = await run({
    'main.snoop': `include "other.snoop"\n${MACHINE}thread a {\n  call shut(7)\n}\n`,
    'other.snoop': 'include "main.snoop"\nproc shut(fd) {\n  close(fd)\n}\n',
  });
  expect(stdout.match(/close\(fd\)/g)).toHaveLength(1);
});

test('a statement of an included file that cannot be executed is reported with its file and line', async () => {
  const { stderr, exitCode } = await run({
    'main.snoop': `include "other.snoop"\n${MACHINE}thread a {\n  call shut(7)\n}\n`,
    'other.snoop': 'proc shut(fd) {\n  mfence\n}\n',
  });
  expect(stderr).toContain(
    'main.snoop:1:9: error: `other.snoop`, line 2: `mfence` is an instruction, and a vCPU executes instructions.',
  );
  expect(exitCode).toBe(2);
});

test('what an included file declares is not declared again', async () => {
  const { stderr } = await run({
    'main.snoop': 'include "other.snoop"\nmachine {\n  memory x = 5\n}\nsetup {\n  close(3)\n}\n',
    'other.snoop': 'machine {\n  cpu intel\n  memory x = 7\n}\nsetup {\n  close(4)\n}\n',
  });
  expect(stderr).toContain('main.snoop:3:10: error: The name `x` is already taken, in `other.snoop`, line 3.');
  expect(stderr).toContain(
    'main.snoop:5:1: error: `setup` is already defined in `other.snoop`, line 5; a scenario may have only one.',
  );
  expect(stderr).toContain('other.snoop:3:10: note: `x` is declared here.');
});

test('a device that never ends is not read', async (context) => {
  needsFile(context, '/dev/zero');
  const { stderr, exitCode } = await run({
    'main.snoop': `include "/dev/zero"\n${MACHINE}thread a {\n  close(5)\n}\n`,
  });
  expect(stderr).toContain('unknown-include');
  expect(exitCode).toBe(2);
});
