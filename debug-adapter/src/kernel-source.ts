/**
 * The kernel's source files as the model has them: read-only documents that read like code, in our own words. A line is a
 * micro-step, or what continues one: a call, a decision, a return. Frames of kernel functions point into them.
 *
 * What a function calls and where it jumps is seen in a rehearsal, the run that the scenario makes without a debugger.
 */
import {
  type AnyRoutine,
  CHANGES,
  type Change,
  hasFunction,
  type Model,
  ModelLimit,
  type Profile,
  Run,
  type RunOptions,
  SeenSteps,
} from '@snoopscope/sim-core';
import { DEBUGGER_LIMITS } from './limits.ts';

export interface KernelSource {
  /** `virt/kvm/vfio.c`. */
  readonly path: string;
  /** The end of the path that no other file of the list has: `kvm/vfio.c`. */
  readonly name: string;
  readonly text: string;
  /** Lines on which a breakpoint can be, ascending, with the routines and steps that they stand for. */
  readonly stops: ReadonlyMap<number, readonly KernelStep[]>;
  /** The 0-based line of a micro-step of a routine. */
  lineOf(routine: AnyRoutine, step: number): number;
  /** The line of the call that a routine is in, when it continues at `step` afterwards. */
  lineOfCall(routine: AnyRoutine, step: number, callee: AnyRoutine): number;
}

/** A step of a routine. At a call, `callee` is what it calls. */
export interface KernelStep {
  readonly routine: number;
  readonly step: number;
  readonly call: boolean;
}

/** In the order in which the model defines their first function; the index + 1 is the protocol's source reference. */
export function kernelSources(model: Model, runOptions: RunOptions): readonly KernelSource[] {
  const seen = rehearse(model, runOptions);
  const kernel = model.world.routines.routines.filter(
    (routine) => routine.kind === 'kernel' && isPresent(model, routine),
  );
  const paths = [...new Set(kernel.map(({ source }) => source))];
  return paths.map((path) =>
    page(
      model,
      path,
      shortName(path, paths),
      kernel.filter(({ source }) => source === path),
      seen,
    ),
  );
}

function rehearse(model: Model, runOptions: RunOptions): SeenSteps {
  const seen = new SeenSteps();
  const maxSteps = Math.min(DEBUGGER_LIMITS.rehearsalSteps, runOptions.maxSteps ?? DEBUGGER_LIMITS.rehearsalSteps);
  const run = new Run(model, { ...runOptions, maxSteps });
  try {
    run.runToEnd();
  } catch (error) {
    // What was recorded until the model's limit counts.
    if (!(error instanceof ModelLimit)) throw error;
  }
  seen.learn(run);
  return seen;
}

/** Drivers of IOMMUs that only some machines have. */
const HARDWARE: readonly { readonly path: string; readonly driver: string }[] = [
  { path: 'drivers/iommu/intel/', driver: 'vt-d' },
  { path: 'drivers/iommu/amd/', driver: 'amd-vi' },
  { path: 'drivers/iommu/arm/', driver: 'smmu' },
];

/** Does the kernel have this function, and the machine what it is for? */
function isPresent({ world }: Model, { source, name }: AnyRoutine): boolean {
  const hardware = HARDWARE.find(({ path }) => source.startsWith(path));
  const exists = hardware === undefined || world.topology.iommus.some(({ driver }) => driver === hardware.driver);
  return exists && hasFunction(world.kernel.profile, source, name);
}

/** The shortest end of a path, in whole folders, that is the end of no other. */
function shortName(path: string, paths: readonly string[]): string {
  const parts = path.split('/');
  for (let count = 1; count < parts.length; count++) {
    const end = parts.slice(-count).join('/');
    if (!paths.some((other) => other !== path && other.endsWith(`/${end}`))) return end;
  }
  return path;
}

/** A mark before what another CPU may come before. */
const POINT = '  | ';
const GOES_ON = '    ';

function page(
  model: Model,
  path: string,
  name: string,
  routines: readonly AnyRoutine[],
  seen: SeenSteps,
): KernelSource {
  const { profile } = model.world.kernel;
  const lines = [
    `${path} on ${profile.name}, as Snoopscope models it, in our own words.`,
    `A line that begins with | is a micro-step: other CPUs may come before it. The lines below it belong to it.`,
    `The kernel's own text: ${treeUrl(profile, path)}`,
    '',
  ];
  const lineOfStep = new Map<number, readonly number[]>();
  const stops = new Map<number, KernelStep[]>();
  for (const routine of routines) {
    const first = lines.push(...headOf(profile, routine)) - 1;
    const ofRoutine = linesOf(model, routine, seen, lines.length);
    const empty = ofRoutine.texts.length === 0 ? [`${GOES_ON}...`] : [];
    lines.push(...ofRoutine.texts, ...empty, '');
    lineOfStep.set(
      routine.id,
      ofRoutine.lineOfStep.map((line) => line ?? first),
    );
    for (const [line, step] of ofRoutine.stops) stops.set(line, [...(stops.get(line) ?? []), step]);
  }
  const lineOf = ({ id }: AnyRoutine, step: number): number => {
    const all = lineOfStep.get(id) ?? [];
    return all[Math.max(0, Math.min(step, all.length - 1))] ?? 0;
  };
  return {
    path,
    name,
    text: lines.join('\n'),
    stops,
    lineOf,
    lineOfCall(routine, step, callee) {
      // A step that runs again after its call has not moved on.
      const again = step < routine.steps.length && seen.of(routine.id, step).calls.has(callee.id);
      const own = seen.of(routine.id, step - 1).calls.has(callee.id);
      const caller = routine.steps.findIndex((_, index) => seen.of(routine.id, index).calls.has(callee.id));
      return lineOf(routine, own ? step - 1 : again ? step : caller >= 0 ? caller : step - 1);
    },
  };
}

interface RoutineLines {
  readonly texts: readonly string[];
  /** Undefined before the first line. */
  readonly lineOfStep: readonly (number | undefined)[];
  readonly stops: readonly (readonly [line: number, step: KernelStep])[];
}

function linesOf(model: Model, routine: AnyRoutine, seen: SeenSteps, from: number): RoutineLines {
  const said = routine.steps.map((step, index) => stepText(model, routine, step.about, index, seen));
  // Lines are numbered before they are written, because they name each other.
  const numberOf: (number | undefined)[] = [];
  let next = from;
  let last: number | undefined;
  for (const text of said) {
    if (text !== '') last = next++;
    numberOf.push(last);
  }
  const texts: string[] = [];
  const stops: [number, KernelStep][] = [];
  routine.steps.forEach((step, index) => {
    const text = said[index]!;
    if (text === '') return;
    const call = seen.of(routine.id, index).calls.size > 0;
    if (!step.local || call) stops.push([numberOf[index]!, { routine: routine.id, step: index, call: step.local }]);
    texts.push(`${step.local ? GOES_ON : POINT}${text}${jumpText(routine, index, seen, numberOf, from + said.length)}`);
  });
  return { texts, lineOfStep: numberOf, stops };
}

/** `take kv->lock`, `kvm_vfio_update_coherency()`; nothing for what only serves the model. */
function stepText(model: Model, routine: AnyRoutine, about: string, index: number, seen: SeenSteps): string {
  const { calls, returns } = seen.of(routine.id, index);
  const called = [...calls].map((id) => `${model.world.routines.routines[id]?.name}()`).join(' or ');
  const said = about === '' ? called : called === '' ? about : `${about}: ${called}`;
  return said === '' && returns ? 'return' : said;
}

/** Where it continues, when not with the next line: `→ line 17`. */
function jumpText(
  routine: AnyRoutine,
  index: number,
  seen: SeenSteps,
  numberOf: readonly (number | undefined)[],
  end: number,
): string {
  const { next, returns } = seen.of(routine.id, index);
  const own = numberOf[index];
  const jumps = [...next].filter((to) => to !== index + 1 && to < numberOf.length && numberOf[to] !== own);
  const to = jumps.map((step) => {
    // A step without a line of its own belongs to the line before it; what follows is the next one.
    const line = numberOf[step] ?? end;
    return ` → line ${line + 1}`;
  });
  const { about = '' } = routine.steps[index] ?? {};
  const isLast = index === routine.steps.length - 1;
  const back = returns && about !== '' && !isLast && !/\breturns?\b/.test(about) ? [' → return'] : [];
  return [...to, ...back].join('');
}

/** The function's head: its name and case, and the changes of this kernel that are in it, with their commits. */
function headOf(profile: Profile, routine: AnyRoutine): string[] {
  const parameters = routine.parameters.map(({ name }) => name);
  const changes: readonly Change[] = CHANGES;
  const here = changes.filter(
    ({ id, where }) => profile.changes.has(id as never) && new RegExp(`\\b${routine.name}\\(\\)`).test(where),
  );
  return [
    ...here.map(({ commit, subject, first }) => {
      const link = commit === undefined ? '' : ` https://git.kernel.org/torvalds/c/${commit}`;
      return `// since ${first ?? 'a posted series'}: ${subject}${link}`;
    }),
    `${routine.name}(${parameters.join(', ')})${routine.case === undefined ? '' : `, ${routine.case}`}`,
  ];
}

/** Where a release's file can be read. */
function treeUrl({ version }: Profile, path: string): string {
  return `https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/${path}?h=${version}`;
}
