// Kernels that a workspace names in its snoopscope.json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-kernels-'));
  mkdirSync(path.join(folder, 'below'));
  mkdirSync(path.join(folder, 'broken'));
  const scenario = (kernel: string): string =>
    `kernel ${kernel}\nmachine {\n  cpu intel\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n  ioctl(kvm, KVM_GET_API_VERSION, 0) = 12\n}\nexists kvm > 0 on ${kernel}\n`;
  writeFileSync(
    path.join(folder, 'snoopscope.json'),
    '{"kernels": {"ours": "v6.6~file-identity", "host": "6.8.0-45-generic"}}',
  );
  writeFileSync(path.join(folder, 'below', 'a.snoop'), scenario('ours'));
  writeFileSync(path.join(folder, 'below', 'host.snoop'), scenario('host'));
  writeFileSync(path.join(folder, 'broken', 'snoopscope.json'), '{"kernels": {"ours": "v6.66"}}');
  writeFileSync(path.join(folder, 'broken', 'a.snoop'), scenario('ours'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a name of snoopscope.json', () => {
  test('counts in scenarios below it, from any working directory', async () => {
    const { exitCode, stdout } = await snoopscope(`check ${folder}/below/a.snoop`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('ours  passed');
  });

  test.each([
    ['where the command is called', 'run --kernel ours below/a.snoop', true],
    ['where its scenario is', 'run --kernel ours PATH/below/a.snoop', false],
    ['with changes', 'run --kernel ours+flush-noncoherent-dma below/a.snoop', true],
    ['of kernels', 'kernels ours', true],
    ['of kernels --like', 'kernels --like ours', true],
    ['of explore', 'explore --kernel ours below/a.snoop', true],
    ['of bisect', 'bisect --from ours --to v6.6 below/a.snoop', true],
  ])('is taken %s', async (_, line, inFolder) => {
    const { exitCode, stderr } = await snoopscope(
      line.replace('PATH', folder),
      inFolder ? { workingDirectory: folder } : {},
    );
    expect(stderr).not.toContain('There is no kernel');
    expect(exitCode).toBe(0);
  });

  test('is in the list of kernels', async () => {
    const { stdout } = await snoopscope('kernels', { workingDirectory: folder });
    expect(stdout).toContain('ours: v6.6~file-identity, as snoopscope.json names it.');
  });

  test('for a kernel that is only near says so, as it says what has no effect', async () => {
    const { exitCode, stderr } = await snoopscope(`check ${folder}/below/host.snoop`, { columns: 400 });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /host\.snoop:1:8: note: host is 6\.8\.0-45-generic, as snoopscope\.json names it: an Ubuntu kernel\. The nearest profile is v6\.8: .*\[nearest-kernel\]/,
    );
    expect(stderr).toMatch(/note: `KVM_GET_API_VERSION` has no effect here .*\[no-effect\]/);
  });

  test('is explained once', async () => {
    const { stdout } = await snoopscope('kernels --like ours', { workingDirectory: folder });
    expect(stdout.split('as snoopscope.json names it')).toHaveLength(2);
    const host = await snoopscope('kernels --like host', { workingDirectory: folder });
    expect(host.stdout.split('as snoopscope.json names it')).toHaveLength(2);
  });

  test('is explained in a few lines, and what lists its changes is named', async () => {
    const { stdout } = await snoopscope('kernels --like 6.8.0-45-generic', { columns: 400 });
    expect(stdout).toMatch(
      /\nIt has \d+ of the \d+ changes that the model knows; `snoopscope kernels v6\.8` lists them\.\n$/,
    );
    expect(stdout.split('\n').length).toBeLessThan(6);
    const exact = await snoopscope('kernels --like v5.11', { columns: 400 });
    expect(exact.stdout).toMatch(/^v5\.11: Linux v5\.11\nIt has /);
  });

  test('that is wrong is refused with its file', async () => {
    const { exitCode, stderr } = await snoopscope(`check ${folder}/broken/a.snoop`, { columns: 400 });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('broken/snoopscope.json');
    expect(stderr).toContain('`kernels.ours`: There is no kernel `v6.66`');
    expect(stderr).toContain('[broken-kernels-file]');
  });

  test('cannot stand for another one, and each thing that is wrong has its line', async () => {
    const where = path.join(folder, 'broken');
    const text = '{"kernels": {"ours": "v6.6", "his": "ours~file-identity", "long name": "v6.6"}}';
    writeFileSync(path.join(where, 'snoopscope.json'), text);
    const { stderr } = await snoopscope('kernels', { workingDirectory: where, columns: 400 });
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      '`kernels.his`: `ours` is a name of this file, and names do not stand for each other',
    );
    expect(stderr).toMatch(/^ {2}`kernels\.long name`: A name has letters/m);
  });
});
