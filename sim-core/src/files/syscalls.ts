/**
 * The system calls on files: open, close, dup, ioctl, exit.
 *
 * Every one ends in the same way: files whose last reference went during the call are released, last dropped first,
 * and only then the task has its result.
 */
import type { Label, Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import { type FileId, NONE, type None } from '../state/ids.ts';
import type { WorldBase } from '../world.ts';
import type { Files, Request } from './files.ts';
import type { FileKind } from './kinds.ts';
import { NO_OBJECT, O_ACCMODE, O_CREAT, O_PATH, type Paths } from './paths.ts';
import type { FileTable } from './table.ts';
import { argument } from './user-memory.ts';

type Calls = Pick<
  Files,
  | 'ioctl'
  | 'open'
  | 'openat'
  | 'close'
  | 'dup'
  | 'pidfdGetfd'
  | 'exit'
  | 'makeTaskDead'
  | 'eventfd'
  | 'epollCreate'
  | 'socket'
  | 'memfdCreate'
  | 'syscall'
  | 'setRequests'
>;

/** What a system call returns, and the file whose release function runs. */
interface CallLocals {
  readonly result: Local;
  readonly released: Local<FileId | None>;
}

export function createSyscalls(base: WorldBase, table: FileTable, paths: Paths): Calls {
  const { routines } = base;
  let requests: readonly Request[] = [];
  const refuse = base.refusals.add({
    unknownRequest: [E.NOTTY, 'no such request for {}', 'file'],
    noPath: [E.FAULT, 'no readable path'],
    notFound: [E.NOENT, 'nothing at that path'],
    notDirectory: [E.NOTDIR, 'a slash after something that is not a directory'],
    directory: [E.ISDIR, 'a directory, which cannot be opened for writing'],
    created: [E.ISDIR, 'a slash after the name of a file that is to be created'],
    pidfdFlags: [E.INVAL, 'flags other than 0 ({x})', 'number'],
    noProcess: [E.SRCH, 'no such process'],
    notOpenThere: [E.BADF, 'no open file under descriptor {} of the other process', 'number'],
  });

  /** The locals that every system call on files has. */
  function callLocals(r: RoutineBuilder): CallLocals {
    return { result: r.variable('result: result', 0), released: r.variable('released: file?', NONE) };
  }

  /** Appends the return to user space to a routine: pending files are released, then the result is returned. */
  function exitToUser(r: RoutineBuilder, { result, released }: CallLocals, loop: Label): void {
    // linux: kernel/task_work.c task_work_run(), fs/file_table.c ____fput()
    r.at(loop).local((t) => {
      if (!table.hasPending(t)) t.return(result.of(t));
    });
    r.step('run the release function of the file', (t) => {
      const file = table.takePending(t);
      const release = table.pathOnly.base + file;
      const routine = t.machine.state[release] === 0 ? table.releaseOf.get(table.kindOf(t.machine, file)) : undefined;
      const object = table.objectOf(t.machine, file);
      released.set(t, file);
      if (routine) t.call(routine, file, object);
    });
    r.local((t) => {
      table.free(t.machine, released.known(t));
      released.set(t, NONE);
      t.goto(loop);
    });
  }

  function syscall(name: string, source: string, body: Routine): Routine {
    return routines.define(name, source, [], (r) => {
      const locals = callLocals(r);
      const loop = r.label();
      r.step('enter the kernel', (t) => t.call(body));
      r.local((t) => locals.result.set(t, t.value));
      exitToUser(r, locals, loop);
    });
  }

  const ioctl = routines.define('ioctl', 'fs/ioctl.c', [], (r) => {
    const locals = callLocals(r);
    const { result } = locals;
    const filp = r.variable('filp: file?', NONE);
    const loop = r.label();
    const refused = r.label();
    r.step('look up the descriptor', (t) => {
      const fd = argument(t, 0).int(t);
      const file = table.fget(t, fd);
      if (file === NONE) {
        result.set(t, table.badDescriptor(t, fd));
        t.goto(loop);
        return;
      }
      table.get(t.machine, file);
      filp.set(t, file);
      const kind = table.kindOf(t.machine, file);
      const rules = table.ioctlRulesOf.get(kind);
      const gate = rules?.gate?.(t, file) ?? 0;
      const routine = requests[t.args.request]?.routines[kind];
      if (gate < 0 || !routine) {
        result.set(t, gate < 0 ? gate : (rules?.unknown?.(t, file) ?? refuse.unknownRequest(t.machine, file)));
        t.goto(refused);
        return;
      }
      t.call(routine, file);
    });
    r.local((t) => result.set(t, t.value));
    r.at(refused).local((t) => {
      table.put(t, filp.known(t));
      filp.set(t, NONE);
    });
    exitToUser(r, locals, loop);
  });

  function openCall(name: string, pathArgument: number): Routine {
    return routines.define(name, 'fs/open.c', [], (r) => {
      const locals = callLocals(r);
      const { result } = locals;
      const filp = r.variable('filp: file?', NONE);
      const loop = r.label();
      const opened = r.label();
      const failed = r.label();
      // linux: fs/open.c do_sys_openat2(): the number is taken before the path is looked up.
      const fd = r.variable('fd: number');
      r.step('reserve a descriptor', (t) => {
        if (argument(t, pathArgument).text !== undefined) return fd.set(t, table.reserve(t));
        result.set(t, refuse.noPath(t.machine));
        t.goto(loop);
      });
      r.step('look up the path', (t) => {
        const fail = (errno: number): void => {
          result.set(t, errno);
          t.goto(failed);
        };
        const flags = argument(t, pathArgument + 1).int(t);
        const path = argument(t, pathArgument).text ?? '';
        const byPath = (flags & O_PATH) !== 0;
        const creates = !byPath && (flags & O_CREAT) !== 0;
        // linux: fs/namei.c open_last_lookups(): with O_CREAT a slash at the end is refused before the last name is looked up.
        const target = paths.resolve(t.machine, creates ? withoutSlashes(path) : path);
        if (target === 'not a directory') return fail(refuse.notDirectory(t.machine));
        if (creates && path !== withoutSlashes(path)) return fail(refuse.created(t.machine));
        if (target === 'missing') return fail(refuse.notFound(t.machine));
        if (target.kind === 'directory' && !byPath && (creates || (flags & O_ACCMODE) !== 0))
          return fail(refuse.directory(t.machine));
        const file = table.create(t.machine, target.kind, target.object);
        filp.set(t, file);
        if (byPath) {
          t.machine.put(table.pathOnly.base + file, 1);
          t.goto(opened);
          return;
        }
        const open = table.openOf.get(target.kind);
        if (open) t.call(open, file, target.object);
        else t.goto(opened);
      });
      r.local((t) => {
        const errno = t.value;
        if (errno >= 0) return t.goto(opened);
        table.free(t.machine, filp.known(t));
        filp.set(t, NONE);
        result.set(t, errno);
      });
      r.at(failed).step('give the descriptor back', (t) => {
        table.unreserve(t, fd.of(t));
        t.goto(loop);
      });
      r.at(opened).step('install the descriptor', (t) => {
        table.occupy(t, fd.of(t), filp.known(t));
        result.set(t, fd.of(t));
        filp.set(t, NONE);
      });
      exitToUser(r, locals, loop);
    });
  }

  const close = routines.define('close', 'fs/open.c', [], (r) => {
    const locals = callLocals(r);
    const loop = r.label();
    r.step('free the descriptor', (t) => {
      const fd = argument(t, 0).int(t);
      const file = table.uninstall(t, fd);
      if (file === NONE) locals.result.set(t, table.badDescriptor(t, fd));
      else table.put(t, file);
    });
    exitToUser(r, locals, loop);
  });

  /** Appends the second half of a copy: a number for the file, whose reference the caller holds, and its entry. */
  function installCopy(r: RoutineBuilder, file: Local<FileId | None>): void {
    const fd = r.variable('fd: number');
    r.step('reserve a descriptor', (t) => fd.set(t, table.reserve(t)));
    r.step('install the descriptor', (t) => {
      table.occupy(t, fd.of(t), file.known(t));
      t.return(fd.of(t));
    });
  }

  // linux: fs/file.c dup(): the source may be closed, and its number taken for the copy, once its file is held.
  const dup = routines.define('dup', 'fs/file.c', [], (r) => {
    const file = r.variable('file: file?', NONE);
    r.step('take the file', (t) => {
      const fd = argument(t, 0).int(t);
      const source = table.lookup(t, fd);
      if (source === NONE) return t.return(table.badDescriptor(t, fd));
      table.get(t.machine, source);
      file.set(t, source);
    });
    installCopy(r, file);
  });

  const pidfdGetfd = routines.define('pidfd_getfd', 'kernel/pid.c', [], (r) => {
    const file = r.variable('file: file?', NONE);
    r.step("take the other process's file", (t) => {
      const owner = base.topology.processes.indexOf(argument(t, 0).text ?? '');
      const flags = argument(t, 2).int(t);
      if (flags !== 0) return t.return(refuse.pidfdFlags(t.machine, flags));
      if (owner < 0) return t.return(refuse.noProcess(t.machine));
      const fd = argument(t, 1).int(t);
      const source = table.lookupIn(t.machine, owner, fd);
      if (source === NONE) return t.return(refuse.notOpenThere(t.machine, fd));
      table.get(t.machine, source);
      file.set(t, source);
    });
    installCopy(r, file);
  });

  // linux: fs/file.c close_files(): all descriptors first, in ascending order; their releases are task work.
  function closeFiles(t: Task): void {
    for (let fd = 0; fd < table.descriptors; fd++) {
      const file = table.uninstall(t, fd);
      if (file !== NONE) table.put(t, file);
    }
  }

  const exit = routines.define('do_exit', 'kernel/exit.c', [], (r) => {
    const locals = callLocals(r);
    const loop = r.label();
    r.step('close every descriptor', closeFiles);
    exitToUser(r, locals, loop);
  });

  /** Threads that have the descriptor table of a process. */
  const threadsOf = (process: number): number =>
    base.topology.actors.filter((actor) => actor.kind === 'thread' && actor.process === process).length;

  // linux: kernel/exit.c make_task_dead(): only the thread ends, and the descriptor table lives as long as another has it.
  const makeTaskDead = routines.define('make_task_dead', 'kernel/exit.c', [], (r) => {
    const locals = callLocals(r);
    const loop = r.label();
    r.step('leave the descriptor table', (t) => {
      if (threadsOf(table.process(t)) <= 1) closeFiles(t);
    });
    exitToUser(r, locals, loop);
  });

  /** A system call that makes a file which is not part of the model: it only takes a descriptor. */
  function plain(name: string, source: string, kind: FileKind): Routine {
    return routines.define(name, source, [], (r) => {
      r.step('make the file', (t) => t.return(table.install(t, table.create(t.machine, kind, NO_OBJECT))));
    });
  }

  return {
    ioctl,
    open: openCall('open', 0),
    openat: openCall('openat', 1),
    close,
    dup,
    pidfdGetfd,
    exit,
    makeTaskDead,
    eventfd: plain('eventfd2', 'fs/eventfd.c', 'eventfd'),
    epollCreate: plain('epoll_create1', 'fs/eventpoll.c', 'epoll'),
    socket: plain('socket', 'net/socket.c', 'socket'),
    memfdCreate: plain('memfd_create', 'mm/memfd.c', 'memfd'),
    syscall,
    setRequests: (all) => {
      requests = all;
    },
  };
}

/** A path without the slashes at its end; the root stays. */
function withoutSlashes(path: string): string {
  return path.replace(/(?<=[^/])\/+$/, '');
}
