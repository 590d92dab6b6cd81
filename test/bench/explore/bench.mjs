/**
 * The explorer beside SPIN, on the same scenario, on the same machine, one after the other.
 *
 * coherency.pml is the scenario as a Promela model; L2e, T1m and L2em.snoop say it in our language. Every time is the
 * wall time of a whole process, Node's start and the parsing included; CPU and memory are what the operating system
 * says about that process. Each is run several times and the median is taken. The shortest counterexample is asked of the
 * command as users have it, after the first call, which leaves what it compiled.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { build as buildBundles, isStale } from '../../../scripts/build.mjs';
import { root } from '../../../scripts/install.mjs';

const here = import.meta.dirname;
const CONFIGS = {
  L2e: ['-DNP=2', '-DEVICT', '-DLONG'],
  T1m: ['-DNP=2', '-DEVICT', '-DMIG'],
  L2em: ['-DNP=2', '-DEVICT', '-DMIG', '-DLONG'],
};
const NO_REDUCTION = { partialOrder: false, sleepSets: false, symmetry: false, deadState: false, versions: false };
const PAN = ['-E', '-w22', '-m1000000'];
const INSTALL =
  'SPIN needs the Debian packages spin and gcc: apt-get install spin gcc. Without them only our engine is measured.';

/** The bundled runner of our engine. */
let prove = '';

export async function run(options) {
  if (await isStale('cli')) await buildBundles(['cli']);
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  const bundle = { platform: 'node', format: 'esm', target: 'node22', bundle: true };
  prove = path.join(folder, 'prove.mjs');
  await build({ ...bundle, entryPoints: [path.join(here, 'prove.ts')], outfile: prove });
  await build({
    ...bundle,
    entryPoints: [path.join(here, 'prove-worker.ts')],
    outfile: path.join(folder, 'prove-worker.mjs'),
  });
  try {
    return measure(options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function measure(options) {
  const times = Number(options.find((o) => o.startsWith('--times='))?.slice(8) ?? 3);
  const only =
    options
      .find((o) => o.startsWith('--only='))
      ?.slice(7)
      .split(',') ?? Object.keys(CONFIGS);
  const spin = has('spin') && has('gcc');
  const measured = {};
  for (const config of only) {
    measured[config] = {
      ours: explore(config, {}, times),
      ...(spin ? { spin: spinProof(config, times), spinOutcomes: spinOutcomes(config) } : {}),
    };
  }
  const full = only.includes('T1m')
    ? {
        ours: explore('T1m', { reduction: NO_REDUCTION }, times),
        ...(spin ? { spin: spinProof('T1m', times, true) } : {}),
      }
    : undefined;
  const workers = only.includes('L2em') ? explore('L2em', { workers: 2 }, times) : undefined;
  const kept = only.includes('L2em') ? withLess('L2em', times) : undefined;
  const shortest = only.includes('T1m')
    ? {
        ours: exploreByCommand('T1m', ['--stop-on', 'stale-read', '--granularity', 'statement'], Math.max(times, 9)),
        ...(spin ? { spin: spinShortest('T1m', times) } : {}),
      }
    : undefined;
  return {
    tables: [...tablesOf(measured, full, workers, shortest, spin), ...(kept ? [keptTable(kept)] : [])],
    result: { measured, full, workers, shortest, kept, goals: goalsOf(measured, full, workers, shortest) },
  };
}

/** All states and their fingerprints alone: memory, and what it takes to save either. */
function withLess(config, times) {
  return inFolder((folder) => {
    const checkpoint = path.join(folder, 'checkpoint');
    return Object.entries({ states: {}, fingerprints: { fingerprint: true } }).map(([name, options]) => ({
      name: `${config}, ${name}`,
      ...explore(config, { ...options, checkpoint }, times),
    }));
  });
}

function keptTable(kept) {
  const million = (run, what) => `${((run.saved[what] / run.states) * 1e6).toFixed(2)} s`;
  return {
    title: 'What is kept of a state, and its checkpoint',
    columns: ['', 'states', 'search', 'B/state', 'checkpoint B/state', 'write a million', 'read a million'],
    rows: kept.map((run) => [
      run.name,
      run.states,
      `${run.inside.toFixed(2)} s`,
      run.bytesPerState.toFixed(1),
      (run.saved.bytes / run.states).toFixed(1),
      million(run, 'write'),
      million(run, 'read'),
    ]),
    notes: [],
  };
}

function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Runs a program, and says what it took: `/usr/bin/time` is not everywhere, so a child Node looks at its own child. */
function timed(command, args, cwd, env = process.env) {
  const watcher = `
    const { spawnSync } = require('node:child_process');
    const began = performance.now();
    const child = spawnSync(process.argv[1], process.argv.slice(2), { encoding: 'utf8', maxBuffer: 1 << 28 });
    const wall = (performance.now() - began) / 1000;
    const before = process.cpuUsage();
    const usage = process.resourceUsage();
    process.stdout.write(JSON.stringify({ wall, stdout: child.stdout, stderr: child.stderr, status: child.status, error: child.error?.message }));
  `;
  const before = childUsage();
  const { stdout } = spawnSync(process.execPath, ['-e', watcher, command, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const result = JSON.parse(stdout);
  if (result.error) throw new Error(`${command}: ${result.error}`);
  return { ...result, cpu: childUsage() - before };
}

/** CPU seconds of all children so far, from the kernel; the watcher's own start is some 0.03 s of it. */
function childUsage() {
  const shell = spawnSync('cat', [`/proc/${process.pid}/stat`], { encoding: 'utf8' });
  if (shell.error || shell.status !== 0) return Number.NaN;
  const fields = shell.stdout.slice(shell.stdout.lastIndexOf(')') + 2).split(' ');
  // Fields 16 and 17 of proc(5): user and system time of waited-for children, in ticks of 10 ms.
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function median(runs, key) {
  const sorted = runs.map((r) => r[key]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function explore(config, options, times) {
  const runs = Array.from({ length: times }, () => {
    const run = timed(process.execPath, [prove, path.join(here, `${config}.snoop`), JSON.stringify(options)], here);
    if (run.status !== 0) throw new Error(`explore ${config} failed: ${run.stderr}`);
    const document = JSON.parse(run.stdout);
    return { ...run, inside: document.seconds, document };
  });
  const { seconds: _, ...document } = runs[0].document;
  return {
    ...document,
    wall: median(runs, 'wall'),
    cpu: median(runs, 'cpu'),
    inside: median(runs, 'inside'),
    bytesPerState: document.bytes / document.states,
    megabytes: document.residentMegabytes,
  };
}

/** The command itself; `first` is the wall time of a call that found nothing compiled. */
function exploreByCommand(config, options, times) {
  return inFolder((folder) => {
    const cli = path.join(root, 'dist/cli.js');
    const args = [cli, 'explore', path.join(here, `${config}.snoop`), '--format', 'json', ...options];
    const one = () => {
      const run = timed(process.execPath, args, here, { ...process.env, NODE_COMPILE_CACHE: folder });
      // 1 says that the finding was met.
      if (run.status !== 1) throw new Error(`snoopscope explore ${config} ended with ${run.status}: ${run.stderr}`);
      return { ...run, document: JSON.parse(run.stdout) };
    };
    const first = one().wall;
    const runs = Array.from({ length: times }, one);
    const { states, transitions, bytes, findings } = runs[0].document;
    return {
      states,
      transitions,
      bytesPerState: bytes / states,
      findings,
      first,
      wall: median(runs, 'wall'),
      fastest: Math.min(...runs.map((run) => run.wall)),
      cpu: median(runs, 'cpu'),
      inside: median(
        runs.map(({ document }) => ({ inside: document.cost.seconds })),
        'inside',
      ),
      megabytes: Number.NaN,
    };
  });
}

function inFolder(action) {
  const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-bench-'));
  try {
    cpSync(path.join(here, 'coherency.pml'), path.join(folder, 'coherency.pml'));
    return action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `every`: all states, none of SPIN's reductions, as the plain count of states is compared. */
function spinProof(config, times, every = false) {
  return inFolder((folder) => {
    const generate = timed(
      'spin',
      [...(every ? ['-o1', '-o2', '-o3'] : []), ...CONFIGS[config], '-a', 'coherency.pml'],
      folder,
    );
    const compile = timed(
      'gcc',
      ['-w', '-O2', '-DSAFETY', '-DMEMLIM=12000', ...(every ? ['-DNOREDUCE'] : []), '-o', 'pan', 'pan.c'],
      folder,
    );
    const runs = Array.from({ length: times }, () => timed('./pan', [...PAN, '-c0'], folder));
    return { ...panOf(runs), compile: generate.wall + compile.wall };
  });
}

function spinShortest(config, times) {
  return inFolder((folder) => {
    const runs = Array.from({ length: times }, () => {
      const generate = timed('spin', ['-DCHECK', ...CONFIGS[config], '-a', 'coherency.pml'], folder);
      const compile = timed(
        'gcc',
        ['-w', '-O2', '-DSAFETY', '-DBFS', '-DNOREDUCE', '-DMEMLIM=12000', '-o', 'pan', 'pan.c'],
        folder,
      );
      const pan = timed('./pan', [...PAN, '-c1'], folder);
      return { ...pan, whole: generate.wall + compile.wall + pan.wall };
    });
    return { ...panOf(runs), whole: median(runs, 'whole') };
  });
}

/** Values of registers and flags where only caches and migrations can still move, over every state. */
function spinOutcomes(config) {
  return inFolder((folder) => {
    timed('spin', ['-o1', '-o2', '-o3', ...CONFIGS[config], '-DOUTCOMES', '-a', 'coherency.pml'], folder);
    timed('gcc', ['-w', '-O2', '-DSAFETY', '-DNOREDUCE', '-DPRINTF', '-DMEMLIM=12000', '-o', 'pan', 'pan.c'], folder);
    const { stdout } = timed('./pan', [...PAN, '-c0'], folder);
    return [...new Set([...stdout.matchAll(/OUTCOME (\d+ \d+ \d+ \d+)/g)].map((match) => match[1]))].sort();
  });
}

function panOf(runs) {
  const text = runs[0].stdout;
  const number = (pattern) => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return {
    states: number(/(\d+) states, stored/),
    transitions: number(/(\d+) transitions/),
    megabytes: number(/([\d.]+)\s+total actual memory usage/),
    wall: median(runs, 'wall'),
    cpu: median(runs, 'cpu'),
  };
}

function goalsOf(measured, full, workers, shortest) {
  const goals = [];
  const goal = (what, value, wanted, met) =>
    goals.push({
      what,
      value: Number.isFinite(value) ? Math.round(value * 1000) / 1000 : null,
      wanted,
      met: Number.isFinite(value) ? met(value) : null,
    });
  const { T1m, L2em } = measured;
  if (T1m?.spin)
    goal('prove T1m, ours / SPIN with its reduction', T1m.ours.wall / T1m.spin.wall, '≤ 0.9', (v) => v <= 0.9);
  if (L2em?.spin) {
    // A user of SPIN waits for its generator and the C compiler each time.
    const whole = L2em.spin.wall + L2em.spin.compile;
    goal('prove L2em, SPIN with generation and compile', L2em.ours.wall / whole, '≤ 0.7', (v) => v <= 0.7);
    if (workers) goal('the same, ours with two workers', workers.wall / whole, '≤ 0.5', (v) => v <= 0.5);
  }
  if (shortest?.spin) {
    goal(
      'shortest counterexample (T1m), ours / SPIN with compile, whole processes',
      shortest.ours.wall / shortest.spin.whole,
      '≤ 0.05',
      (v) => v <= 0.05,
    );
    goal('the same, ours inside the process', shortest.ours.inside / shortest.spin.whole, '≤ 0.05', (v) => v <= 0.05);
  }
  const largest = measured.L2em ?? measured.T1m;
  if (largest) goal('bytes per stored state, everything included', largest.ours.bytesPerState, '≤ 40', (v) => v <= 40);
  if (workers)
    goal('two workers over one, L2em wall', measured.L2em.ours.wall / workers.wall, '≥ 1.5', (v) => v >= 1.5);
  if (full?.spin) {
    goal(
      'states per CPU second without reduction (T1m), ours / SPIN',
      full.ours.states / full.ours.cpu / (full.spin.states / full.spin.cpu),
      '≥ 1.0',
      (v) => v >= 1,
    );
  }
  return goals;
}

function tablesOf(measured, full, workers, shortest, spin) {
  const row = (name, m) => [
    name,
    m.states,
    m.transitions,
    `${m.wall.toFixed(2)} s`,
    `${m.cpu.toFixed(2)} s`,
    Number.isNaN(m.megabytes) ? '' : `${m.megabytes.toFixed(1)} MB`,
    m.bytesPerState ? m.bytesPerState.toFixed(1) : '',
    m.compile ? `${m.compile.toFixed(2)} s` : '',
  ];
  const rows = Object.entries(measured).flatMap(([config, { ours, spin }]) => [
    row(`${config} ours`, ours),
    ...(spin ? [row(`${config} SPIN, reduced`, spin)] : []),
  ]);
  if (workers) rows.push(row('L2em ours, 2 workers', workers));
  if (full)
    rows.push(
      row('T1m ours, no reduction', full.ours),
      ...(full.spin ? [row('T1m SPIN, every state', full.spin)] : []),
    );
  if (shortest) {
    rows.push(row('T1m shortest, the command', shortest.ours));
    if (shortest.spin)
      rows.push(row('T1m shortest, SPIN BFS', { ...shortest.spin, compile: shortest.spin.whole - shortest.spin.wall }));
  }
  const goals = goalsOf(measured, full, workers, shortest);
  return [
    {
      title: 'Explorer and SPIN',
      columns: ['', 'states', 'transitions', 'wall', 'CPU', 'memory', 'B/state', 'compile'],
      rows,
      notes: spin ? [] : [INSTALL],
    },
    ...(spin
      ? [
          {
            title: 'Final outcomes: vcpu0.eax vcpu1.eax [xread] [done]',
            columns: ['', 'ours', 'SPIN', 'only ours', 'only SPIN'],
            rows: Object.entries(measured).map(([config, { ours, spinOutcomes: theirs }]) => [
              config,
              ours.outcomes.length,
              theirs.length,
              ours.outcomes.filter((o) => !theirs.includes(o)).join(', ') || '-',
              theirs.filter((o) => !ours.outcomes.includes(o)).join(', ') || '-',
            ]),
          },
        ]
      : []),
    {
      title: 'Goals',
      columns: ['', 'measured', 'wanted', 'met'],
      rows: goals.map((g) => [g.what, g.value ?? '-', g.wanted, g.met === null ? '-' : g.met ? 'yes' : 'NO']),
    },
  ];
}
