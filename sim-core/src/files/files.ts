/**
 * Processes, descriptors and open files.
 *
 * The real thing: a process has a table from descriptors to open files; an open file is counted, and when the last
 * reference goes its release function runs, in the task that dropped it, just before that task returns to user space.
 * Modelled: open(2), openat(2), close(2), dup(2), exit(2), ioctl(2) dispatch, O_PATH, eventfd, epoll, socket and memfd
 * as files that know no request, descriptor numbers lowest first, tables shared by the threads of a process.
 * Left out: permissions, fork, SCM_RIGHTS, mmap's references, RLIMIT_NOFILE, symbolic links, the file system itself (a
 * path outside /dev that ends in a name is a regular file which exists, see paths.ts).
 * Sources: linux fs/file.c, fs/file_table.c, fs/open.c, fs/ioctl.c, kernel/task_work.c.
 */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E, type Errno } from '../kernel/errno.ts';
import type { FileId, None } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createInert, type Inert } from './inert.ts';
import type { FileKind, FileObject, FileObjects } from './kinds.ts';
import { createPaths, type Resolver } from './paths.ts';
import { createSyscalls } from './syscalls.ts';
import { createFileTable } from './table.ts';

/** What is special about ioctl(2) on one kind of file. */
export interface IoctlRules {
  /** Runs before the request is looked at: a negative errno refuses the call (`kvm->mm != current->mm` is EIO). */
  readonly gate?: (task: Task, file: FileId) => number;
  /** What a request that the kind does not know returns; ENOTTY when it is left out or says nothing. */
  readonly unknown?: (task: Task, file: FileId) => number | undefined;
}

/** An ioctl request: the routines of the kinds of files that answer it. Its index is `args.request`. */
export interface Request {
  readonly name: string;
  readonly routines: Partial<Record<FileKind, Routine<[filp: FileId]>>>;
}

export interface Files {
  /** Per process and descriptor: index of the open file + 1, 0, or -1 when it is reserved. 0 to 2 are standard streams. */
  readonly descriptor: Field;
  /** Per open file: index into FILE_KIND_NAMES (0 is `none`: the file does not exist). */
  readonly kind: Field;
  /** Per open file: references (descriptors, kernel references). */
  readonly references: Field;
  /** Per open file: its object (a VM, a group, …), meaning by kind. */
  readonly object: Field;
  /** Per open file: 1 when it was opened with O_PATH. */
  readonly pathOnly: Field;

  /** ioctl(2): dispatches by the kind of file and the request of `task.args`. */
  readonly ioctl: Routine;
  readonly open: Routine;
  readonly openat: Routine;
  readonly close: Routine;
  readonly dup: Routine;
  /** pidfd_getfd(2), with the name of the process in place of a pidfd. */
  readonly pidfdGetfd: Routine;
  /** exit_group(2): every descriptor of the process is closed, then the release functions run. */
  readonly exit: Routine;
  /** What a thread does that faulted in the kernel: see {@link Task.die}. */
  readonly makeTaskDead: Routine;
  readonly eventfd: Routine;
  readonly epollCreate: Routine;
  readonly socket: Routine;
  readonly memfdCreate: Routine;

  // --- for the parts that implement files --------------------------------------------------------------------------------

  /** The process whose descriptor table (and mm) the task uses. */
  process(task: Task): number;
  /** fget(): the open file of a descriptor, or none (EBADF): not open, or O_PATH. Takes no reference. */
  fget(task: Task, fd: number): FileId | None;
  kindOf(machine: Machine, file: FileId): FileKind;
  /** `file->private_data`. The caller knows of which kind the file is. */
  objectOf<T extends FileObject>(machine: Machine, file: FileId): T;
  /** `file->private_data = …`, from an open function. */
  setObject(machine: Machine, file: FileId, object: FileObject): void;
  /** get_file(): one reference more. */
  get(machine: Machine, file: FileId): void;
  /** fput(): one reference less; the last one makes the release function run at the end of the task's call. */
  put(task: Task, file: FileId): void;
  /** anon_inode_getfile(): a new file with one reference. */
  create(machine: Machine, kind: FileKind, object: FileObject): FileId;
  /** fput() of a file that was never installed and whose release function must not run. */
  discard(machine: Machine, file: FileId): void;
  /** get_unused_fd_flags(): takes the lowest free descriptor, which names no file yet: using it is EBADF. */
  reserve(task: Task): number;
  /** put_unused_fd(): gives it back. */
  unreserve(task: Task, fd: number): void;
  /** fd_install(): the reserved descriptor now names the file (its reference moves there). */
  occupy(task: Task, fd: number, file: FileId): void;
  /** fd_install(get_unused_fd_flags()) where no other CPU can tell: the lowest free descriptor now names the file (its reference moves there). */
  install(task: Task, file: FileId): number;
  /** Why calls of several parts fail. */
  readonly refuse: {
    /** EFAULT: the argument is an address where nothing can be read. */
    unreadable(machine: Machine): Errno;
    /** EFAULT: a result cannot be written back. */
    unwritable(machine: Machine): Errno;
    /** EBADF, after {@link fget} found nothing. */
    descriptor(task: Task, fd: number): Errno;
  };
  /** Requests that touch nothing here. */
  readonly inert: Inert;
  /** Wraps a system call that may drop files: its routine, then the release functions, then its result. */
  syscall(name: string, source: string, body: Routine): Routine;

  /** Registers what runs when the last reference to a file of a kind goes. */
  onRelease<K extends keyof FileObjects>(kind: K, routine: Routine<[filp: FileId, object: FileObjects[K]]>): void;
  /** Registers f_op->open of a kind. The object is as resolved, and it may set another; returns 0 or -errno. */
  onOpen<K extends keyof FileObjects>(kind: K, routine: Routine<[filp: FileId, object: FileObjects[K]]>): void;
  /** Registers who knows paths: the first resolver that answers wins; none means ENOENT. */
  onPath(resolver: Resolver): void;
  onIoctl(kind: FileKind, rules: IoctlRules): void;
  /** Gives ioctl(2) its requests; `args.request` is the index. Called once, when all parts are made. */
  setRequests(requests: readonly Request[]): void;
}

export function createFiles(base: WorldBase, _world: () => World): Files {
  const table = createFileTable(base);
  const paths = createPaths();
  const syscalls = createSyscalls(base, table, paths);
  const refuse = base.refusals.add({
    epollRequest: [E.INVAL, 'no such request for {}', 'file'],
    unreadable: [E.FAULT, 'nothing readable at the address of the argument'],
    unwritable: [E.FAULT, 'nothing writable where the result belongs'],
  });
  table.onIoctl('epoll', {
    unknown: (t, file) => (base.kernel.has('epoll-ioctl') ? refuse.epollRequest(t.machine, file) : undefined),
  });
  return {
    ...table,
    ...syscalls,
    refuse: { unreadable: refuse.unreadable, unwritable: refuse.unwritable, descriptor: table.badDescriptor },
    inert: createInert(base, table),
    onPath: paths.add,
  };
}
