// `npm run test:kernel`: exported programs on real Debian kernels under QEMU, compared with the simulator.
//
// Not part of `npm test`: it downloads a gigabyte of kernels by apt and boots them for a quarter of an hour. Writes
// docs/real-kernels.md. `--only SUITE,…` takes some suites, `--scenario TEXT` some scenarios; then nothing is written.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { root } from './install.mjs';
import { boot, programOutputs } from './kernel-lab/boot.mjs';
import { imageOf, makeInitramfs } from './kernel-lab/initramfs.mjs';
import { debianKernels } from './kernel-lab/kernels.mjs';
import { realKernelsPage } from './kernel-lab/page.mjs';
import { placement } from './kernel-lab/placement.mjs';

const TOOLS = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  cpio: 'cpio',
  modprobe: 'kmod',
  zstd: 'zstd',
  xz: 'xz-utils',
  gcc: 'gcc libc6-dev linux-libc-dev',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
};
const LITMUS_ROUNDS = 300;

const { values } = parseArgs({ options: { only: { type: 'string' }, scenario: { type: 'string' } } });
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'snoopscope/kernel-lab');
const work = mkdtempSync(path.join(tmpdir(), 'snoopscope-kernel-'));
const tell = (text) => process.stderr.write(`${text}\n`);

try {
  await main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main() {
  const missing = Object.entries(TOOLS).filter(([command]) => spawnSync('which', [command]).status !== 0);
  if (process.platform !== 'linux' || missing.length > 0) {
    tell(
      `test:kernel needs Linux with ${missing.map(([command]) => command).join(', ')}: apt-get install ${missing.map(([, name]) => name).join(' ')}`,
    );
    process.exitCode = 2;
    return;
  }
  mkdirSync(cache, { recursive: true });
  await build(['cli']);
  const { kernels, without } = debianKernels(cache, tell);
  const taken = kernels.filter(({ suite }) => !values.only || values.only.split(',').includes(suite));
  const scenarios = globSync('scenarios/**/*.snoop', { cwd: root })
    .sort()
    .filter((file) => !values.scenario || file.includes(values.scenario));
  const rows = [];
  for (const kernel of taken) rows.push(...(await tried(kernel, scenarios)));
  const failed = rows.filter(({ verdict }) => verdict === 'differs');
  for (const { kernel, name, form, detail } of failed)
    tell(`differs: ${kernel} ${name} (${form})\n  ${detail.join('\n  ')}`);
  const equal = rows.filter(({ verdict }) => verdict === 'equal');
  process.stdout.write(
    `${rows.length} programs on ${taken.length} kernels: ${equal.length} as predicted, ${failed.length} differ, ${rows.length - equal.length - failed.length} not compared\n`,
  );
  if (!values.only && !values.scenario)
    writeFileSync(path.join(root, 'docs/real-kernels.md'), realKernelsPage(rows, taken, without));
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/** All programs on one kernel, in one boot for each IOMMU; litmus programs, which may bring it down, in a boot of their own. */
async function tried({ release, folder }, scenarios) {
  const rows = [];
  const groups = new Map();
  for (const file of scenarios) {
    const placed = placement(readFileSync(path.join(root, file), 'utf8'));
    if ('why' in placed) {
      rows.push({ kernel: release, name: file, form: 'schedule', verdict: 'left out', detail: [placed.why] });
      continue;
    }
    for (const form of placed.threads > 1 ? ['schedule', 'litmus'] : ['schedule']) {
      const made = programOf(file, release, form);
      if ('why' in made) {
        rows.push({ kernel: release, name: file, form, verdict: 'left out', detail: [made.why] });
        continue;
      }
      const key = `${placed.iommu} ${form === 'litmus' ? file : ''}`;
      const words = [...(form === 'litmus' ? ['-n', String(LITMUS_ROUNDS)] : []), ...placed.words];
      groups.set(key, [...(groups.get(key) ?? []), { ...made, form, iommu: placed.iommu, words }]);
    }
  }
  const initramfs = path.join(work, `${release}.cpio.gz`);
  for (const programs of groups.values()) {
    // A program may bring the kernel down: those after it get another boot.
    for (let left = programs; left.length > 0; ) {
      makeInitramfs(folder, release, left, initramfs);
      tell(`${release}: ${left.length} programs beside ${left[0].iommu}`);
      const outputs = programOutputs(await boot({ image: imageOf(folder, release), initramfs, iommu: left[0].iommu }));
      const ran = Math.max(1, left.filter(({ name }) => outputs.has(name)).length);
      for (const program of left.slice(0, ran)) rows.push(compared(program, release, outputs.get(program.name)));
      left = left.slice(ran);
    }
  }
  return rows;
}

function snoopscope(args) {
  return spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
}

/** A static program for the release, or why there is none. */
function programOf(file, release, form) {
  const name = `${path.basename(file, '.snoop')}.${form}`;
  const exported = snoopscope(['export', 'c', '--kernel', release, ...(form === 'litmus' ? ['--litmus'] : []), file]);
  if (exported.status !== 0) return { why: (exported.stderr.split('\n')[0] ?? '').replace(/^.* error: /, '') };
  const reason = form === 'schedule' && incomparable(exported.stderr);
  if (reason) return { why: reason };
  const source = path.join(work, `${name}.c`);
  writeFileSync(source, exported.stdout);
  const program = path.join(work, name);
  const compiled = spawnSync('gcc', ['-static-pie', '-O1', '-pthread', '-o', program, source], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(`${file} does not compile:\n${compiled.stderr}`);
  return { name, file: program, source: file };
}

/** What a program leaves out may decide what later calls return. */
function incomparable(remarks) {
  if (/^left out: .*: (?:un)?bind /m.test(remarks))
    return 'the host binds or unbinds a driver, which a program does not do';
  if (/^interleaved: /m.test(remarks)) return 'its schedule interleaves inside calls, which a program cannot follow';
  if (/^left out: .*: (?:\w+ *= *)?\w+\(/m.test(remarks))
    return 'a call that a program cannot make decides what others return';
  return undefined;
}

function compared({ source, form, name }, release, output) {
  const row = { kernel: release, name: source, form };
  if (!output) return { ...row, verdict: 'not run', detail: ['the kernel did not come to it'] };
  const log = path.join(work, `${name}.log`);
  writeFileSync(log, output.text);
  const { status, stdout, stderr } = snoopscope(['compare', '--kernel', release, '--max-seconds', '60', row.name, log]);
  const detail = [...stdout.split('\n').slice(1), ...stderr.split('\n').filter((line) => line.includes('error'))]
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (output.exitCode === undefined) detail.unshift('the kernel did not survive it');
  return { ...row, verdict: status === 0 ? 'equal' : status === 1 ? 'differs' : 'not compared', detail };
}
