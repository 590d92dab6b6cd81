// What `test` reports beside its text: SARIF, lines for matchers, coverage; and watching.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const folder = 'test/cli/scenarios';
const scratch = mkdtempSync(path.join(tmpdir(), 'snoopscope-reports-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('in JUnit XML, a scenario that cannot run is an error, and one that is wrong a failure', async () => {
  const file = path.join(scratch, 'broken.snoop');
  writeFileSync(file, 'setup {\n  kvm = opne("/dev/kvm", O_RDWR)\n}\n');
  const { stdout, exitCode } = await snoopscope(['test', '--format', 'junit', file, `${folder}/race.snoop`]);
  expect(exitCode).toBe(2);
  expect(stdout).toContain('<testsuites tests="2" failures="1" errors="1" skipped="0">');
  expect(stdout).toMatch(/name="[^"]*broken\.snoop">\n +<error message="[^"]*broken\.snoop:2:9: /);
  expect(stdout).toMatch(/race\.snoop">\n +<failure /);
});

describe('SARIF', () => {
  test('has every field that version 2.1.0 requires, and points at lines', async () => {
    const { stdout, exitCode } = await snoopscope(`test --format sarif ${folder}`);
    expect(exitCode).toBe(1);
    const log = JSON.parse(stdout);
    expect(Object.keys(log).sort()).toEqual(['$schema', 'runs', 'version']);
    expect(log.version).toBe('2.1.0');
    expect(log.$schema).toMatch(/^https:.*sarif-schema-2\.1\.0\.json$/);
    const [run] = log.runs;
    const { driver } = run.tool;
    expect(driver.name).toBe('snoopscope');
    expect(new URL(driver.informationUri).protocol).toBe('https:');
    expect(run.columnKind).toBe('utf16CodeUnits');
    expect(run.invocations).toEqual([{ executionSuccessful: true }]);
    const ids = driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const rule of driver.rules) expect(rule.shortDescription.text).toMatch(/\.$/);
    expect(run.results).toHaveLength(3);
    for (const { ruleId, ruleIndex, level, message, locations } of run.results) {
      expect(ids[ruleIndex]).toBe(ruleId);
      expect(['none', 'note', 'warning', 'error']).toContain(level);
      expect(message.text).not.toBe('');
      const [{ physicalLocation }] = locations;
      expect(physicalLocation.artifactLocation.uri).toMatch(/^test\/cli\/scenarios\/[a-z-]+\.snoop$/);
      expect(physicalLocation.region.startLine).toBeGreaterThanOrEqual(1);
    }
    expect(run.results[1]).toMatchObject({
      ruleId: 'condition',
      message: {
        text: '~exists vcpu1.eax == 1 fails on v7.3\nAn execution ends with vcpu1.eax = 1:\nschedule vcpu1 vcpu0 vcpu1',
      },
      locations: [{ physicalLocation: { region: { startLine: 28 } } }],
      properties: { schedule: 'schedule vcpu1 vcpu0 vcpu1' },
    });
  });

  test('a file that is wrong has its diagnostics, with columns, and its name as a URI', async () => {
    const file = path.join(scratch, 'a b.snoop');
    writeFileSync(file, 'machine {\n  memory x = 0\n}\nsetup {\n  kvm = opne("/dev/kvm", O_RDWR)\n}\n');
    const { stdout, exitCode } = await snoopscope(['test', '--format', 'sarif', file]);
    expect(exitCode).toBe(2);
    const [run] = JSON.parse(stdout).runs;
    expect(run.invocations).toEqual([{ executionSuccessful: false }]);
    const [result] = run.results;
    expect(result).toMatchObject({ ruleId: 'unknown-call', level: 'error' });
    const { artifactLocation, region } = result.locations[0].physicalLocation;
    expect(artifactLocation.uri).toMatch(/^file:\/\/\/.*\/a%20b\.snoop$/);
    expect(region).toEqual({ startLine: 5, startColumn: 9, endColumn: 13 });
  });

  test('what a limit keeps open is a warning, and the run was not a success', async () => {
    const { stdout, exitCode } = await snoopscope(
      'test --format sarif --max-states 2 scenarios/wbinvd/local-cpu-not-flushed.snoop',
    );
    expect(exitCode).toBe(3);
    const [run] = JSON.parse(stdout).runs;
    expect(run.invocations).toEqual([{ executionSuccessful: false }]);
    expect(new Set(run.results.map(({ level }: { level: string }) => level))).toEqual(new Set(['warning']));
    expect(run.results[0].message.text).toContain('--max-states raises it');
  });
});

test('a line for each failure, as compilers print errors', async () => {
  const { stdout, exitCode } = await snoopscope(`test --format gcc ${folder}`);
  expect(exitCode).toBe(1);
  expect(stdout.split('\n')).toEqual([
    `${folder}/declared-result-differs.snoop:13: error: unexpected-result: line 13 returned -1 EBUSY, declared is 0: kvm_vfio_create() found dev already in the VM, which may have only one, on v6.1: whatever the schedule [unexpected-result]`,
    `${folder}/race.snoop:28: error: ~exists vcpu1.eax == 1 fails on v7.3: An execution ends with vcpu1.eax = 1: schedule vcpu1 vcpu0 vcpu1 [condition]`,
    `${folder}/race.snoop:30: error: exists vcpu1.eax == 3 fails on v7.3: No interleaving ends like that; 2 outcomes were seen: vcpu1.eax = 1, vcpu1.eax = 2. [condition]`,
    '0 passed, 2 failed, 1 skipped',
    '',
  ]);
});

describe('coverage', () => {
  // A statement and an alternative that no interleaving comes to.
  const file = path.join(scratch, 'stuck.snoop');
  writeFileSync(
    file,
    'machine {\n  cpu intel count=1\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n' +
      '  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)\n}\nvcpu 0 {\n  choose {\n    mov [x], 1\n  } or {\n    wait [x] == 5\n  }\n}\n',
  );

  test('as text: figures, then what is never executed', async () => {
    const { stdout } = await snoopscope(['test', '--coverage', 'text', file]);
    expect(stdout).toMatch(
      / {2}statements +4 of 5\n {2}alternatives of choose +1 of 2\n {2}results of calls +3 of \d+\n/,
    );
    expect(stdout).toMatch(
      / {2}kernel functions entered +\d+ of \d+\n {2}kernel micro-steps +\d+ of \d+\n {2}kernel changes consulted +\d+ of \d+\n/,
    );
    expect(stdout).toMatch(/stuck\.snoop\n {4}line 14\n {4}alternative 2 of the choose on line 11\n$/);
  });

  test('as lcov', async () => {
    const to = path.join(scratch, 'lcov.info');
    await snoopscope(['test', '--coverage', 'lcov', '--coverage-file', to, file]);
    const text = readFileSync(to, 'utf8');
    expect(text).toMatch(/^TN:\nSF:.*stuck\.snoop\n/);
    expect(text).toContain('BRDA:11,0,0,1\nBRDA:11,0,1,0\n');
    expect(text).toContain('DA:12,1\nDA:14,0\nLF:5\nLH:4\nend_of_record\n');
  });

  test('as JSON, with the same figures', async () => {
    const to = path.join(scratch, 'coverage.json');
    await snoopscope(['test', '--format', 'json', '--coverage', 'json', '--coverage-file', to, file]);
    const { totals, files, functions, changes } = JSON.parse(readFileSync(to, 'utf8'));
    expect(totals.statements).toEqual({ covered: 4, total: 5 });
    expect(files[0].statements.filter(({ executed }: { executed: boolean }) => !executed)).toEqual([
      { line: 14, executed: false },
    ]);
    expect(functions.filter(({ entered }: { entered: boolean }) => entered)).toHaveLength(totals.functions.covered);
    expect(changes).toHaveLength(totals.changes.total);
  });

  test('is refused where it could not be told from the results', async () => {
    for (const call of ['--coverage lcov', '--coverage json --format json', '--format tap --coverage text']) {
      const { stderr, stdout, exitCode } = await snoopscope(`test ${call} ${folder}`);
      expect(exitCode).toBe(2);
      expect(stderr + stdout).toContain('needs --coverage-file FILE');
    }
    const alone = await snoopscope(`test --coverage-file a ${folder}`);
    expect(alone.stderr).toContain('--coverage-file only says where the coverage goes');
  });
});

describe('watching', () => {
  test('checks again what changes, and what includes it; Ctrl-C ends it', async () => {
    const text = (value: number) =>
      `include "shared.snoop"\nmachine {\n  memory x = ${value}\n}\nsetup {\n  call one()\n}\nexists [x] == 0\n`;
    const shared = path.join(scratch, 'watched', 'shared.snoop');
    rmSync(path.dirname(shared), { recursive: true, force: true });
    const inside = (name: string) => path.join(path.dirname(shared), name);
    mkdirSync(path.dirname(shared));
    writeFileSync(shared, 'proc one() {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n');
    writeFileSync(inside('a.snoop'), text(0));
    writeFileSync(
      inside('b.snoop'),
      text(0).replace('include "shared.snoop"\n', '').replace('call one()', 'kvm = open("/dev/kvm", O_RDWR)'),
    );
    const interrupt = new AbortController();
    const edits = [
      () => writeFileSync(inside('b.snoop'), readFileSync(inside('b.snoop'), 'utf8').replace('x = 0', 'x = 1')),
      () => writeFileSync(shared, 'proc one() {\n  vfio = open("/dev/vfio/vfio", O_RDWR)\n}\n'),
      () => interrupt.abort(),
    ];
    const rounds: string[] = [''];
    const { exitCode } = await snoopscope(['test', '--watch', '--format', 'gcc', path.dirname(shared)], {
      interrupt: interrupt.signal,
      onWrite: (stream, written) => {
        if (stream === 'stdout') rounds[rounds.length - 1] += written;
        else if (written.includes('Watching')) {
          rounds.push('');
          setImmediate(edits.shift() ?? (() => {}));
        }
      },
    });
    expect(exitCode).toBe(130);
    expect(rounds.slice(0, 3)).toEqual([
      '2 passed, 0 failed, 1 skipped\n',
      expect.stringMatching(/b\.snoop:7: error: exists \[x\] == 0 fails.*\n0 passed, 1 failed\n$/),
      // The file itself, and the one that includes it.
      '1 passed, 0 failed, 1 skipped\n',
    ]);
  });

  test('stays with its share', async () => {
    const watched = path.join(scratch, 'shares');
    rmSync(watched, { recursive: true, force: true });
    mkdirSync(watched);
    const text = 'machine {\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\nexists [x] == 0\n';
    const files = ['a', 'b'].map((name) => path.join(watched, `${name}.snoop`));
    for (const file of files) writeFileSync(file, text);
    const interrupt = new AbortController();
    let [rounds, stdout] = [0, ''];
    await snoopscope(['test', '--watch', '--shard', '2/2', watched], {
      interrupt: interrupt.signal,
      onWrite: (stream, written) => {
        if (stream === 'stdout') stdout += written;
        else if (written.includes('Watching')) {
          rounds++;
          // That of the other share alone would start no round.
          setImmediate(() => {
            if (rounds > 1) return interrupt.abort();
            for (const file of files) writeFileSync(file, text.replace('x = 0', 'x = 1'));
          });
        }
      },
    });
    expect(stdout).toContain('b.snoop');
    expect(stdout).not.toContain('a.snoop');
  });

  test('is refused for formats that are one document', async () => {
    const { stderr, exitCode } = await snoopscope(`test --watch --format junit ${folder}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('text and gcc go with it');
  });
});
