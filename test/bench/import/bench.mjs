/**
 * How fast `snoopscope import` reads a long log of strace, beside awk counting the same ioctl lines, in the same run:
 *
 *   npm run -s bench -- import [--megabytes N] [--rounds N] [--forms ttt,ttt-T|all]
 *
 * The log is one of a real QEMU whose middle, KVM_RUN and interrupts, is repeated until the file is as long as asked for,
 * once for each form of strace. Times are CPU time, user and system, of whole processes, so that other work of the
 * machine does not count; the best of all rounds counts. Memory is the peak of the process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { root } from '../../../scripts/install.mjs';

const LOG = 'test/interop/logs/k6.1.192-intel-snoop-off-q7.2.22-strace-f-y-hotplug.log.txt.gz';
/** Lines before and after the part that is repeated. */
const [HEAD, BODY_END] = [1000, 2800];
const POLL_MS = 50;

/** What options of strace make of a line of the log, which has -f -y -ttt. */
const FORMS = {
  ttt: (line) => line,
  'ttt-T': (line, i) => (line === '' ? '' : `${line} <0.${digits(i * 7919)}>`),
  r: (line, i) => line.replace(/^(\d+ +)[\d.]+ /, `$1     0.${digits(i * 4241)} `),
  'ttt-i': (line) => line.replace(/^(\d+ +[\d.]+ )/, '$1[00007f8c1d8a2c5b] '),
  'ttt-T-16-vcpus-on-a-terminal': (line, i) =>
    line === ''
      ? ''
      : `${line.replace(/^\d+ +/, `[pid ${String(440 + ((i * 7) % 16)).padStart(5)}] `)} <0.${digits(i * 7919)}>`,
};

function digits(number) {
  return String(number % 1_000_000).padStart(6, '0');
}

export async function run(options) {
  const { values } = parseArgs({
    args: options,
    options: {
      megabytes: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '3' },
      forms: { type: 'string', default: Object.keys(FORMS).slice(0, 2).join(',') },
    },
  });
  const forms = values.forms === 'all' ? Object.keys(FORMS) : values.forms.split(',');
  const unknown = forms.find((form) => !Object.hasOwn(FORMS, form));
  if (unknown !== undefined)
    throw new Error(`There is no form ${unknown}. Known are: all; ${Object.keys(FORMS).join('; ')}.`);
  if (spawnSync('awk', ['BEGIN { exit 0 }']).status !== 0) throw new Error('There is no awk on this machine.');
  const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0) throw new Error('The command cannot be built.');
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-import-'));
  try {
    const measures = [];
    for (const form of forms)
      measures.push(
        await measured(form, path.join(folder, 'long.strace'), Number(values.megabytes), Number(values.rounds)),
      );
    return { tables: measures.map(tableOf), result: { forms: measures } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measured(form, file, megabytes, rounds) {
  write(form, file, megabytes * 1e6);
  const bytes = statSync(file).size;
  const short = path.join(path.dirname(file), 'short.strace');
  write(form, short, 1e6);
  const cli = path.join(root, 'dist/cli.js');
  const imports = (log) => [process.execPath, cli, 'import', '--kernel', 'v6.1', log];
  const awk = [];
  const ours = [];
  for (let round = 0; round < rounds; round++) {
    awk.push(await timed('awk', '/ioctl\\(/ { n++ } END { print n }', file));
    ours.push(await timed(...imports(file)));
  }
  const small = await timed(...imports(short));
  const [best, bestAwk] = [ours, awk].map((all) => Math.min(...all.map(({ seconds }) => seconds)));
  return {
    form,
    bytes,
    rounds,
    awkSeconds: bestAwk,
    importSeconds: best,
    ratio: bestAwk / best,
    peakBytes: Math.max(...ours.map(({ peakBytes }) => peakBytes)),
    shortSeconds: small.seconds,
    peakBytesOfShort: small.peakBytes,
  };
}

function tableOf({ form, bytes, rounds, awkSeconds, importSeconds, ratio, peakBytes, shortSeconds, peakBytesOfShort }) {
  const rate = (seconds) => Math.round(bytes / 1e6 / seconds);
  const megabytes = (count) => Math.round(count / 1e6);
  return {
    title: `strace -f -y -${form.replaceAll('-', ' -').replace(/ -16.*/, ', 16 vCPUs, on a terminal')}, ${megabytes(bytes)} MB, best of ${rounds}`,
    columns: ['', 'CPU seconds', 'MB/s', 'peak MB'],
    rows: [
      ['awk counts ioctl lines', awkSeconds.toFixed(2), rate(awkSeconds), ''],
      ['snoopscope import', importSeconds.toFixed(2), rate(importSeconds), megabytes(peakBytes)],
      ['snoopscope import of 1 MB', shortSeconds.toFixed(2), '', megabytes(peakBytesOfShort)],
    ],
    notes: [`import reads at ${ratio.toFixed(2)} of the speed of awk; 0.2 or more is wanted.`],
  };
}

function write(form, file, size) {
  const lines = gunzipSync(readFileSync(path.join(root, LOG)))
    .toString('utf8')
    .split('\n');
  const body = lines.slice(HEAD, BODY_END).filter((line) => /KVM_RUN|KVM_IRQ_LINE/.test(line));
  let count = 0;
  const formed = (some) => `${some.map((line) => FORMS[form](line, count++)).join('\n')}\n`;
  const block = formed(Array.from({ length: 20 }, () => body).flat());
  const to = openSync(file, 'w');
  writeSync(to, formed(lines.slice(0, HEAD)));
  for (let written = 0; written < size; written += block.length) writeSync(to, block);
  writeSync(to, formed(lines.slice(BODY_END)).trimEnd());
  closeSync(to);
}

/** Runs a program to its end; the CPU time that it took, and the most memory that it held. */
function timed(...command) {
  // The shell knows the times of its children to the end.
  const child = spawn('sh', ['-c', '"$@" > /dev/null 2>&1; status=$?; times; exit $status', 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let peakBytes = 0;
  let times = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (times += text));
  const poll = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(childOf(child.pid)))), POLL_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(poll);
      if (code !== 0) reject(new Error(`${command[0]} ended with ${code}.`));
      else resolve({ seconds: secondsOf(times.trim().split('\n').at(-1) ?? ''), peakBytes });
    });
  });
}

/** `0m1.230s 0m0.100s`, user and system. */
function secondsOf(line) {
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
}

function childOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0];
  } catch {
    return '';
  }
}

/** The kernel keeps the peak; elsewhere than on Linux it is not measured. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
