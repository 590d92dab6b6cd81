/**
 * How fast `snoopscope import` reads a long log of strace, beside awk counting the same ioctl lines, in the same run:
 *
 *   npm run -s bench -- import [--megabytes N] [--rounds N]
 *
 * The log is one of a real QEMU whose middle, KVM_RUN and interrupts, is repeated until the file is as long as asked for.
 * Times are wall clock, of whole processes; the best of all rounds counts. Memory is the peak of the process.
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

export async function run(options) {
  const { values } = parseArgs({
    args: options,
    options: { megabytes: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '3' } },
  });
  if (spawnSync('awk', ['BEGIN { exit 0 }']).status !== 0) throw new Error('There is no awk on this machine.');
  const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (built.status !== 0) throw new Error('The command cannot be built.');
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-import-'));
  try {
    return await measured(path.join(folder, 'long.strace'), Number(values.megabytes), Number(values.rounds));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measured(file, megabytes, rounds) {
  write(file, megabytes * 1e6);
  const bytes = statSync(file).size;
  const short = path.join(path.dirname(file), 'short.strace');
  write(short, 1e6);
  const cli = path.join(root, 'dist/cli.js');
  const imports = (log) => [process.execPath, [cli, 'import', '--kernel', 'v6.1', log]];
  const awk = [];
  const ours = [];
  let memory = 0;
  for (let round = 0; round < rounds; round++) {
    awk.push((await timed('awk', ['/ioctl\\(/ { n++ } END { print n }', file])).seconds);
    const one = await timed(...imports(file));
    ours.push(one.seconds);
    memory = Math.max(memory, one.peakBytes);
  }
  const small = await timed(...imports(short));
  const [best, bestAwk] = [Math.min(...ours), Math.min(...awk)];
  const rate = (seconds) => Math.round(bytes / 1e6 / seconds);
  const ratio = bestAwk / best;
  return {
    tables: [
      {
        title: `A log of strace of ${Math.round(bytes / 1e6)} MB, best of ${rounds}`,
        columns: ['', 'seconds', 'MB/s', 'peak MB'],
        rows: [
          ['awk counts ioctl lines', bestAwk.toFixed(2), rate(bestAwk), ''],
          ['snoopscope import', best.toFixed(2), rate(best), Math.round(memory / 1e6)],
          ['snoopscope import of 1 MB', small.seconds.toFixed(2), '', Math.round(small.peakBytes / 1e6)],
        ],
        notes: [`import reads at ${ratio.toFixed(2)} of the speed of awk; 0.2 or more is wanted.`],
      },
    ],
    result: {
      bytes,
      awkSeconds: bestAwk,
      importSeconds: best,
      ratio,
      peakBytes: memory,
      peakBytesOfShort: small.peakBytes,
    },
  };
}

function write(file, size) {
  const lines = gunzipSync(readFileSync(path.join(root, LOG)))
    .toString('utf8')
    .split('\n');
  const body = lines.slice(HEAD, BODY_END).filter((line) => /KVM_RUN|KVM_IRQ_LINE/.test(line));
  const block = `${body.join('\n')}\n`.repeat(20);
  const to = openSync(file, 'w');
  writeSync(to, `${lines.slice(0, HEAD).join('\n')}\n`);
  for (let written = 0; written < size; written += block.length) writeSync(to, block);
  writeSync(to, lines.slice(BODY_END).join('\n'));
  closeSync(to);
}

/** Runs a program to its end; its wall clock, and the most memory that it held. */
function timed(program, args) {
  const began = performance.now();
  const child = spawn(program, args, { stdio: 'ignore' });
  let peakBytes = 0;
  const poll = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(child.pid))), POLL_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      clearInterval(poll);
      if (code !== 0) reject(new Error(`${program} ended with ${code}.`));
      else resolve({ seconds: (performance.now() - began) / 1000, peakBytes });
    });
  });
}

/** The kernel keeps the peak; elsewhere than on Linux it is not measured. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
