// `npm run test:kernel`: exported programs on real Debian kernels under QEMU, compared with the simulator.
//
// Not part of `npm test`: it downloads a gigabyte of kernels by apt and boots them for half an hour. Writes
// docs/real-kernels.md. `--only SUITE,…` takes some suites, `--scenario TEXT,…` some scenarios; the page then keeps what it
// says about the others. What a kernel answered is kept in the cache folder: a program that did not change is compared again,
// but not run again, unless `--again` says so.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const LITMUS_ROUNDS = 100;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    scenario: { type: 'string' },
    again: { type: 'boolean' },
    kept: { type: 'boolean' },
  },
});
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'snoopscope/kernel-lab');
const work = mkdtempSync(path.join(tmpdir(), 'snoopscope-kernel-'));
const tell = (text) => process.stderr.write(`${text}\n`);

/** What was answered in this call, by the file that keeps it. */
const answers = new Map();

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
    .filter((file) => !values.scenario || values.scenario.split(',').some((text) => file.includes(text)));
  const rows = [];
  for (const form of ['schedule', 'litmus'])
    for (const kernel of taken) rows.push(...(await tried(kernel, scenarios, form)));
  const failed = rows.filter(({ verdict }) => verdict === 'differs');
  for (const { kernel, name, form, detail } of failed)
    tell(`differs: ${kernel} ${name} (${form})\n  ${detail.join('\n  ')}`);
  const equal = rows.filter(({ verdict }) => verdict === 'equal' || verdict === 'backported');
  process.stdout.write(
    `${rows.length} programs on ${taken.length} kernels: ${equal.length} as predicted, ${failed.length} differ, ${rows.length - equal.length - failed.length} not compared\n`,
  );
  writeFileSync(
    path.join(root, 'docs/real-kernels.md'),
    realKernelsPage(withKeptRows(rows, scenarios), kernels, without),
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/**
 * The programs of one form on one kernel, as many in one boot as it survives. One that did not end, and a litmus program
 * whose outcomes differ after others ran, is asked again in a boot of its own: what they did to the kernel, or a busy
 * machine, may be why.
 */
async function tried({ release, folder }, scenarios, form) {
  const rows = [];
  const groups = new Map();
  for (const file of scenarios) {
    const placed = placement(readFileSync(path.join(root, file), 'utf8'));
    if (form === 'litmus' && (placed.threads ?? 0) < 2) continue;
    const made = 'why' in placed ? placed : programOf(file, release, form);
    if ('why' in made) {
      rows.push({ kernel: release, name: file, form, verdict: 'left out', detail: [made.why] });
      continue;
    }
    const words = [...(form === 'litmus' ? ['-n', String(LITMUS_ROUNDS)] : []), ...placed.words];
    groups.set(placed.iommu, [
      ...(groups.get(placed.iommu) ?? []),
      { ...made, release, form, iommu: placed.iommu, words },
    ]);
  }
  for (const programs of groups.values()) {
    const unknown = programs.filter((program) => !keptAnswer(program));
    for (let left = unknown; left.length > 0; ) left = left.slice(await booted(folder, left));
    for (const program of programs) {
      const row = compared(program, answerOf(program));
      const isOpen = answerOf(program)?.exitCode === undefined || (form === 'litmus' && row.verdict === 'differs');
      const again = isOpen && unknown.includes(program);
      if (again) await booted(folder, [program]);
      rows.push(again ? compared(program, answerOf(program)) : row);
    }
  }
  return rows;
}

/** Boots the kernel with programs and keeps what they printed; how many of them it came to. */
async function booted(folder, programs) {
  const [{ release, iommu, name }] = programs;
  const initramfs = path.join(work, `${release}.cpio.gz`);
  makeInitramfs(folder, release, programs, initramfs);
  tell(`${release}: ${programs.length} programs beside ${iommu}, the first is ${name}`);
  const outputs = programOutputs(await boot({ image: imageOf(folder, release), initramfs, iommu }));
  for (const program of programs) {
    const answer = outputs.get(program.name);
    if (!answer) continue;
    answers.set(answerFile(program), answer);
    // One that did not finish may have been starved: the next call asks again.
    if (answer.exitCode !== undefined) writeFileSync(answerFile(program), JSON.stringify(answer));
  }
  return Math.max(1, programs.filter((program) => outputs.has(program.name)).length);
}

/** These rows, and those that earlier calls kept of other scenarios and kernels. */
function withKeptRows(rows, scenarios) {
  const file = path.join(cache, 'rows.json');
  const all = globSync('scenarios/**/*.snoop', { cwd: root });
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const asked = new Set(rows.map(({ kernel }) => kernel));
  const others = kept.filter(
    ({ kernel, name }) => all.includes(name) && !(asked.has(kernel) && scenarios.includes(name)),
  );
  const merged = [...others, ...rows].sort((a, b) => a.form.localeCompare(b.form) || a.name.localeCompare(b.name));
  writeFileSync(file, JSON.stringify(merged));
  return merged;
}

/** What the kernel answered to the same program in an earlier call. */
function keptAnswer(program) {
  return values.again ? undefined : answerOf(program);
}

function answerOf(program) {
  const file = answerFile(program);
  return answers.get(file) ?? (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
}

function answerFile({ release, name, text, iommu, words }) {
  const folder = path.join(cache, 'answers', release);
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256')
    .update(JSON.stringify([text, iommu, words]))
    .digest('hex')
    .slice(0, 16);
  return path.join(folder, `${name}.${hash}.json`);
}

function snoopscope(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, 'dist/cli.js'), ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  // A message that takes several lines is indented after the first.
  return { status, stdout, stderr: stderr.replace(/\n +/g, ' ') };
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
  return { name, file: program, source: file, text: exported.stdout };
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

function compared({ source, form, name, release }, output) {
  const row = { kernel: release, name: source, form };
  if (!output) return { ...row, verdict: 'not run', detail: ['the kernel did not come to it'] };
  const log = path.join(work, `${name}.log`);
  writeFileSync(log, output.text);
  if (output.exitCode === undefined)
    return { ...row, verdict: 'not compared', detail: ['the program, or the kernel, did not finish'] };
  const { status, stdout, stderr } = snoopscope(['compare', '--kernel', release, '--max-seconds', '60', row.name, log]);
  const detail = [...stdout.split('\n').slice(1), ...stderr.split('\n').filter((line) => line.includes('error'))]
    .map((line) => line.trim().replaceAll(log, 'its output'))
    .filter((line) => line !== '');
  const verdict = status === 0 ? 'equal' : status === 1 ? 'differs' : 'not compared';
  const backported = verdict === 'differs' && form === 'schedule' ? likeDebian(release, row.name, log) : undefined;
  return backported === undefined
    ? { ...row, verdict, detail }
    : { ...row, verdict: 'backported', like: backported, detail };
}

/** A later Debian kernel of the same series that answers as the log says: a fix that its stable release took. */
function likeDebian(release, scenario, log) {
  const series = release.split('.').slice(0, 2).join('.');
  const names = snoopscope(['kernels']).stdout.match(/^debian-[\d.]+/gm) ?? [];
  return names
    .filter((name) => name.startsWith(`debian-${series}.`))
    .find((name) => snoopscope(['compare', '--kernel', name, scenario, log]).status === 0);
}
