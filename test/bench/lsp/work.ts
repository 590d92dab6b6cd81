// The processor time that the server's own work takes, in one process without a client, as JSON. Arguments: lines, edits.
// Waiting (debounce, pipes, other programs) is not in it.
import { offersAt } from '../../../server/src/features/completion.ts';
import { checkingSnapshot } from '../../../server/src/features/diagnostics.ts';
import { hoverAt } from '../../../server/src/features/hover.ts';
import { colouredWords } from '../../../server/src/features/tokens.ts';
import { simulation } from '../../../server/src/simulation.ts';
import { profileFor, type Snapshot } from '../../../server/src/snapshot.ts';
import { toTokenData } from '../../../server/src/to-lsp.ts';
import { limitYoungGeneration } from '../../../server/src/young-generation.ts';
import { parse } from '../../../sim-core/src/scenario/parser.ts';

// As the server does.
limitYoungGeneration();

const [lineCount, edits] = [Number(process.argv[2]), Number(process.argv[3])];
const WARM_UP = 20;
/** Further edits, of which only the longest slice is measured. */
const LOOKS = 20;

/** A machine, actors, and a `setup` whose statements all run, as many as fit. */
const HEAD = `kernel v6.6
machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
  memory x = 0
}
vcpu 0 cpu=0 {
  mov [x], 1
  mov [gpu.doorbell], 1
}
device gpu {
  wait doorbell == 1
  r0 = MRd x ns
}
exists gpu.r0 == 1 on v5.12..v6.6
setup {
  group = open("/dev/vfio/26", O_RDWR)`.split('\n');
const TAIL = ['  gpufd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")', '}'];
const ROUND = [
  '  kvm = open("/dev/kvm", O_RDWR)',
  '  container = open("/dev/vfio/vfio", O_RDWR)',
  '  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0',
  '  ioctl(group, VFIO_GROUP_UNSET_CONTAINER) = 0',
  '  close(container) = 0',
  '  close(kvm) = 0',
];

const lines = [...HEAD];
while (lines.length + ROUND.length + TAIL.length <= lineCount) lines.push(...ROUND);
lines.push(...TAIL);
const middle = lines.findIndex((line, index) => index > lines.length / 2 && line.startsWith('  close(kvm)'));

type Times = Record<string, number[]>;
const times: Times = {};
/** Milliseconds of the thread that answers requests, its part of garbage collection included. */
let slowestSlice = 0;
/** The same of all threads: those that collect garbage keep nobody waiting where a processor is free. */
let slowestWithHelpers = 0;

function cpu<Result>(name: string, work: () => Result): Result {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  times[name] = [...(times[name] ?? []), (user + system) / 1000];
  return result;
}

/** In the server's slices. The longest is measured apart from the rest, because measuring takes time, too. */
function sliced(work: Generator<unknown, unknown>, looks: boolean): void {
  while (!looks) if (work.next().done === true) return;
  for (;;) {
    const before = process.cpuUsage();
    const own = process.threadCpuUsage();
    const { done } = work.next();
    const { user, system } = process.threadCpuUsage(own);
    const all = process.cpuUsage(before);
    slowestSlice = Math.max(slowestSlice, (user + system) / 1000);
    slowestWithHelpers = Math.max(slowestWithHelpers, (all.user + all.system) / 1000);
    if (done === true) return;
  }
}

let scenario = parse(lines.join('\n'));

function onceEdited(edit: number): void {
  const looks = edit >= WARM_UP + edits;
  // Every second edit declares what the call does not return.
  const text = lines.with(middle, edit % 2 === 0 ? '  close(kvm) = -EBADF' : '  close(kvm) = 0').join('\n');
  let snapshot: Snapshot | undefined;
  cpu('diagnostics', () => {
    scenario = parse(text, scenario);
    snapshot = {
      uri: 'file:///a.snoop',
      version: edit,
      scenario,
      profile: profileFor(scenario, undefined),
      included: new Map(),
    };
    sliced(checkingSnapshot(snapshot), looks);
  });
  const made = snapshot!;
  cpu('predictions', () => sliced(simulation.predictions(made, false), looks));
  const at = { line: middle, column: 10 };
  // In the name of the call: any statement may begin here, and the snippet of each names what the scenario has.
  cpu('completion', () => offersAt(made, { line: middle, column: 4 }));
  cpu('hover', () => hoverAt(made, at));
  cpu('tokens', () => toTokenData(colouredWords(made)));
}

function print(): void {
  const shares = Object.entries(times).map(([name, all]) => {
    const sorted = all.slice(WARM_UP, WARM_UP + edits).sort((left, right) => left - right);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return [name, { median: at(0.5), p95: at(0.95) }];
  });
  process.stdout.write(
    `${JSON.stringify({ lines: lines.length, ...Object.fromEntries(shares), slowestSlice, slowestWithHelpers, megabytes: process.memoryUsage().rss / 1024 ** 2 })}\n`,
  );
}

/** Between two edits the process has a moment, as the server has. */
function continueFrom(edit: number): void {
  if (edit === WARM_UP + edits + LOOKS) print();
  else {
    onceEdited(edit);
    setImmediate(() => continueFrom(edit + 1));
  }
}

continueFrom(0);
