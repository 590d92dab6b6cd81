/** Descriptor tables and open files as slots, and what is registered about each kind of file. */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E, type Errno } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { type FileId, idAt, NONE, type None } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import type { Files, IoctlRules } from './files.ts';
import { FILE_KIND_NAMES, type FileKind, type FileObject } from './kinds.ts';

/** Descriptors that every process has from the start. */
const STANDARD_STREAMS = 3;
/** The open file of the standard streams of all processes. */
const STANDARD_FILE = 0;
/** What the table holds for a descriptor that is taken and names no file yet. */
const RESERVED = -1;

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
  | 'reserve'
  | 'unreserve'
  | 'occupy'
  | 'install'
  | 'onRelease'
  | 'onOpen'
  | 'onIoctl';

/** An open or a release function; what the object is depends on the kind of file that it is registered for. */
type FileRoutine = Routine<[filp: FileId, object: FileObject]>;

export interface FileTable extends Pick<Files, Shared> {
  /**
   * Per open file without references: position in its task's list of pending releases, from 1; 0 otherwise. What is
   * added while a list is worked off waits for the next one: its position is higher than all of the list.
   */
  readonly pendingOrder: Field;
  /** Per open file without references: the task that releases it + 1. */
  readonly pendingTask: Field;
  readonly releaseOf: ReadonlyMap<FileKind, FileRoutine>;
  readonly openOf: ReadonlyMap<FileKind, FileRoutine>;
  readonly ioctlRulesOf: ReadonlyMap<FileKind, IoctlRules>;
  /** Does the task have files to release? */
  hasPending(task: Task): boolean;
  /** The file that the task releases next, taken off its list; there is one. */
  takePending(task: Task): FileId;
  /** The last trace of a file goes. */
  free(machine: Machine, file: FileId): void;
  /** The open file of a descriptor, O_PATH included, or none. */
  lookup(task: Task, fd: number): FileId | None;
  /** The same in another process. */
  lookupIn(machine: Machine, process: number, fd: number): FileId | None;
  /** close_fd(): takes the descriptor away; the file that it named. */
  uninstall(task: Task, fd: number): FileId | None;
  /** Why {@link Files.fget} finds nothing: EBADF. */
  badDescriptor(task: Task, fd: number): Errno;
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
  const releaseOf = new Map<FileKind, FileRoutine>();
  const openOf = new Map<FileKind, FileRoutine>();
  const ioctlRulesOf = new Map<FileKind, IoctlRules>();

  const refuse = base.refusals.add({
    closed: [E.BADF, 'no open file under descriptor {}', 'number'],
    byPath: [E.BADF, 'descriptor {} opened with O_PATH', 'number'],
  });

  const read = (machine: Machine, slot: number): number => machine.state[slot]!;
  const process = (task: Task): number => topology.actors[task.actor]?.process ?? -1;
  const lookupIn = (machine: Machine, owner: number, fd: number): FileId | None => {
    if (fd < 0 || fd >= descriptors) return NONE;
    const slot = descriptor.base + owner * descriptors + fd;
    return read(machine, slot) === RESERVED ? NONE : idAt<FileId>(machine, descriptor, owner * descriptors + fd);
  };
  const lookup = (task: Task, fd: number): FileId | None => lookupIn(task.machine, process(task), fd);
  const get = (machine: Machine, file: FileId): void =>
    machine.put(references.base + file, read(machine, references.base + file) + 1);

  function create(machine: Machine, fileKind: FileKind, fileObject: FileObject): FileId {
    for (let file = 0 as FileId; file < files; file++) {
      if (read(machine, kind.base + file) !== 0) continue;
      machine.put(kind.base + file, FILE_KIND_NAMES.indexOf(fileKind));
      machine.put(references.base + file, 1);
      machine.put(object.base + file, fileObject);
      return file;
    }
    throw tooManyAtOnce(`the scenario has more than ${files - 1} open files`);
  }

  function free(machine: Machine, file: FileId): void {
    for (const field of [kind, references, object, pathOnly, pendingTask, pendingOrder])
      machine.put(field.base + file, 0);
  }

  function put(task: Task, file: FileId): void {
    const { machine } = task;
    const left = read(machine, references.base + file) - 1;
    machine.put(references.base + file, left);
    if (left > 0) return;
    let waiting = 0;
    for (let other = nextPending(task, 0); other !== NONE; other = nextPending(task, other + 1))
      if (position(task, other) > files) waiting++;
    machine.put(pendingTask.base + file, task.actor + 1);
    machine.put(pendingOrder.base + file, files + waiting + 1);
  }

  const position = ({ machine }: Task, file: number): number => read(machine, pendingOrder.base + file);

  /** Every return to user space looks through all files, so this is a plain loop over slots. */
  function nextPending({ machine: { state }, actor }: Task, from: number): FileId | None {
    const first = pendingTask.base;
    const end = first + files;
    for (let slot = first + from; slot < end; slot++) if (state[slot] === actor + 1) return (slot - first) as FileId;
    return NONE;
  }

  // linux: kernel/task_work.c task_work_run(): takes the whole list, runs what was added last first, and looks again.
  function takePending(task: Task): FileId {
    const { machine } = task;
    let last = lastOf(task, files);
    if (last === NONE) {
      for (let file = nextPending(task, 0); file !== NONE; file = nextPending(task, file + 1))
        machine.put(pendingOrder.base + file, position(task, file) - files);
      last = lastOf(task, files);
    }
    machine.put(pendingOrder.base + last, 0);
    machine.put(pendingTask.base + last, 0);
    return last as FileId;
  }

  /** The file with the highest position up to a bound. */
  function lastOf(task: Task, bound: number): FileId | None {
    let last: FileId | None = NONE;
    let order = 0;
    for (let file = nextPending(task, 0); file !== NONE; file = nextPending(task, file + 1)) {
      const at = position(task, file);
      if (at <= order || at > bound) continue;
      order = at;
      last = file;
    }
    return last;
  }

  function reserve(task: Task): number {
    const { machine } = task;
    const start = descriptor.base + process(task) * descriptors;
    // Lower numbers than a declared one belong to files that the scenario does not show.
    const declared = task.args.descriptor;
    const taken = (fd: number): boolean => read(machine, start + fd) !== 0;
    const first =
      declared !== undefined && declared < descriptors && !taken(declared) && lowestFree(machine, start) < declared
        ? declared
        : 0;
    for (let fd = first; fd < descriptors; fd++) {
      if (taken(fd)) continue;
      machine.put(start + fd, RESERVED);
      return fd;
    }
    throw tooManyAtOnce(`a process has more than ${descriptors} descriptors`);
  }

  function unreserve(task: Task, fd: number): void {
    task.machine.put(descriptor.base + process(task) * descriptors + fd, 0);
  }

  function occupy(task: Task, fd: number, file: FileId): void {
    task.machine.put(descriptor.base + process(task) * descriptors + fd, file + 1);
  }

  function install(task: Task, file: FileId): number {
    const fd = reserve(task);
    occupy(task, fd, file);
    return fd;
  }

  function lowestFree(machine: Machine, start: number): number {
    let fd = 0;
    while (fd < descriptors && read(machine, start + fd) !== 0) fd++;
    return fd;
  }

  function uninstall(task: Task, fd: number): FileId | None {
    const file = lookup(task, fd);
    if (file !== NONE) task.machine.put(descriptor.base + process(task) * descriptors + fd, 0);
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
    hasPending: (task) => nextPending(task, 0) !== NONE,
    takePending,
    reserve,
    unreserve,
    occupy,
    install,
    uninstall,
    discard: free,
    badDescriptor: (task, fd) =>
      lookup(task, fd) === NONE ? refuse.closed(task.machine, fd) : refuse.byPath(task.machine, fd),
    fget(task, fd) {
      const file = lookup(task, fd);
      return file !== NONE && read(task.machine, pathOnly.base + file) === 0 ? file : NONE;
    },
    kindOf: (machine, file) => FILE_KIND_NAMES[read(machine, kind.base + file)]!,
    objectOf: <T extends FileObject>(machine: Machine, file: FileId) => read(machine, object.base + file) as T,
    setObject: (machine, file, value) => machine.put(object.base + file, value),
    onRelease: (fileKind, routine) => void releaseOf.set(fileKind, routine as unknown as FileRoutine),
    onOpen: (fileKind, routine) => void openOf.set(fileKind, routine as unknown as FileRoutine),
    onIoctl: (fileKind, rules) => void ioctlRulesOf.set(fileKind, rules),
  };
}
