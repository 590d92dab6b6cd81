/** Descriptor tables and open files as slots, and what is registered about each kind of file. */
import type { Routine, Task } from '../engine/task.ts';
import { ModelLimit } from '../limits.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import type { Files, IoctlRules } from './files.ts';
import { FILE_KIND_NAMES, type FileKind } from './kinds.ts';

/** Descriptors that every process has from the start. */
const STANDARD_STREAMS = 3;
/** The open file behind the standard streams of all processes. */
const STANDARD_FILE = 0;

type Shared =
  | 'descriptor'
  | 'kind'
  | 'references'
  | 'object'
  | 'pathOnly'
  | 'process'
  | 'fget'
  | 'kindOf'
  | 'objectOf'
  | 'setObject'
  | 'get'
  | 'put'
  | 'create'
  | 'discard'
  | 'install'
  | 'onRelease'
  | 'onOpen'
  | 'onIoctl';

export interface FileTable extends Pick<Files, Shared> {
  /** Per open file without references: position in the list of its task's pending releases, from 1; 0 otherwise. */
  readonly pendingOrder: Field;
  /** Per open file without references: the task that releases it + 1. */
  readonly pendingTask: Field;
  readonly releaseOf: ReadonlyMap<FileKind, Routine>;
  readonly openOf: ReadonlyMap<FileKind, Routine>;
  readonly ioctlRulesOf: ReadonlyMap<FileKind, IoctlRules>;
  /** The file that the task has to release next, or -1. */
  pending(task: Task): number;
  /** The last trace of a file goes. */
  free(machine: Machine, file: number): void;
  /** The open file of a descriptor, O_PATH included, or -1. */
  lookup(task: Task, fd: number): number;
  /** The same in another process. */
  lookupIn(machine: Machine, process: number, fd: number): number;
  /** close_fd(): takes the descriptor away; the file that it named. */
  uninstall(task: Task, fd: number): number;
  /** Highest descriptor number + 1. */
  readonly descriptors: number;
}

export function createFileTable(base: WorldBase): FileTable {
  const { layout, topology } = base;
  const processes = topology.processes.length;
  const descriptors = Math.max(base.dims.fds, STANDARD_STREAMS);
  const files = Math.max(base.dims.files, 1) + 1;
  const initialDescriptors = Array.from({ length: processes * descriptors }, (_, i) =>
    i % descriptors < STANDARD_STREAMS ? STANDARD_FILE + 1 : 0,
  );
  const descriptor = layout.field('descriptor', [processes, descriptors], {
    labels: [topology.processes],
    initial: initialDescriptors,
  });
  const kind = layout.field('fileKind', [files], {
    values: FILE_KIND_NAMES,
    initial: [FILE_KIND_NAMES.indexOf('std')],
  });
  const references = layout.field('fileReferences', [files], { initial: [STANDARD_STREAMS * processes] });
  const object = layout.field('fileObject', [files]);
  const pathOnly = layout.field('filePathOnly', [files]);
  const pendingTask = layout.field('fileReleasedBy', [files], { internal: true });
  const pendingOrder = layout.field('fileReleaseOrder', [files], { internal: true });
  const releaseOf = new Map<FileKind, Routine>();
  const openOf = new Map<FileKind, Routine>();
  const ioctlRulesOf = new Map<FileKind, IoctlRules>();

  const read = (machine: Machine, slot: number): number => machine.state[slot] as number;
  const process = (task: Task): number => topology.actors[task.actor]?.process ?? -1;
  const lookupIn = (machine: Machine, owner: number, fd: number): number =>
    fd < 0 || fd >= descriptors ? -1 : read(machine, descriptor.base + owner * descriptors + fd) - 1;
  const lookup = (task: Task, fd: number): number => lookupIn(task.machine, process(task), fd);
  const get = (machine: Machine, file: number): void =>
    machine.put(references.base + file, read(machine, references.base + file) + 1);

  function create(machine: Machine, fileKind: FileKind, fileObject: number): number {
    for (let file = 0; file < files; file++) {
      if (read(machine, kind.base + file) !== 0) continue;
      machine.put(kind.base + file, FILE_KIND_NAMES.indexOf(fileKind));
      machine.put(references.base + file, 1);
      machine.put(object.base + file, fileObject);
      return file;
    }
    throw new ModelLimit(`the scenario has more than ${files - 1} open files at once; statements in loops count once`);
  }

  function free(machine: Machine, file: number): void {
    for (const field of [kind, references, object, pathOnly, pendingTask, pendingOrder])
      machine.put(field.base + file, 0);
  }

  function put(task: Task, file: number): void {
    const { machine } = task;
    const left = read(machine, references.base + file) - 1;
    machine.put(references.base + file, left);
    if (left > 0) return;
    let order = 1;
    for (let other = 0; other < files; other++) {
      if (read(machine, pendingTask.base + other) === task.actor + 1) order++;
    }
    machine.put(pendingTask.base + file, task.actor + 1);
    machine.put(pendingOrder.base + file, order);
  }

  // linux: kernel/task_work.c task_work_run(): the work that was added last runs first.
  function pending(task: Task): number {
    const { machine } = task;
    let last = -1;
    let order = 0;
    for (let file = 0; file < files; file++) {
      if (read(machine, pendingTask.base + file) !== task.actor + 1) continue;
      if (read(machine, pendingOrder.base + file) <= order) continue;
      order = read(machine, pendingOrder.base + file);
      last = file;
    }
    return last;
  }

  function install(task: Task, file: number): number {
    const { machine } = task;
    const start = descriptor.base + process(task) * descriptors;
    for (let fd = 0; fd < descriptors; fd++) {
      if (read(machine, start + fd) !== 0) continue;
      machine.put(start + fd, file + 1);
      return fd;
    }
    throw new ModelLimit(`a process has more than ${descriptors} descriptors at once; statements in loops count once`);
  }

  function uninstall(task: Task, fd: number): number {
    const file = lookup(task, fd);
    if (file >= 0) task.machine.put(descriptor.base + process(task) * descriptors + fd, 0);
    return file;
  }

  return {
    descriptor,
    kind,
    references,
    object,
    pathOnly,
    pendingOrder,
    pendingTask,
    releaseOf,
    openOf,
    ioctlRulesOf,
    descriptors,
    process,
    lookup,
    lookupIn,
    get,
    put,
    create,
    free,
    pending,
    install,
    uninstall,
    discard: free,
    fget(task, fd) {
      const file = lookup(task, fd);
      return file >= 0 && read(task.machine, pathOnly.base + file) === 0 ? file : -1;
    },
    kindOf: (machine, file) => FILE_KIND_NAMES[read(machine, kind.base + file)] as FileKind,
    objectOf: (machine, file) => read(machine, object.base + file),
    setObject: (machine, file, value) => machine.put(object.base + file, value),
    onRelease: (fileKind, routine) => void releaseOf.set(fileKind, routine),
    onOpen: (fileKind, routine) => void openOf.set(fileKind, routine),
    onIoctl: (fileKind, rules) => void ioctlRulesOf.set(fileKind, rules),
  };
}
