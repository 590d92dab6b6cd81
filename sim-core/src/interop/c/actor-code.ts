/** Threads and processes of a program: one function an actor, and what starts them. */
import type { Model } from '../../engine/model.ts';
import type { ActorModel } from '../../topology.ts';
import { cComment, cName } from './text.ts';

/** Lines of C for each actor; an actor without any has no thread. */
export type Bodies = readonly (readonly string[])[];

/** The arguments by which the runtime finds a vCPU. */
export function vcpuArguments({ subject, vmName }: ActorModel): string {
  return `${subject}, ${vmName === undefined ? '-1' : `(int)${cName('N', vmName)}`}`;
}

/** One function an actor: what it does in its thread. */
export function actorFunctions({ world }: Model, bodies: Bodies, freely: boolean): string[] {
  return [
    '__attribute__((unused)) static pthread_t thread[ACTORS];',
    ...(freely ? ['static unsigned int round_seed;'] : []),
    '',
    ...bodies.flatMap((body, actor) => {
      const model = world.topology.actors[actor];
      if (!model || body.length === 0) return [];
      const { kind, name, cpu } = model;
      const guest = kind === 'vcpu';
      return [
        `static void *${cName('actor', name)}(void *unused)`,
        '{',
        ...indent([
          ...(guest ? [`struct guest g = { .actor = ${actor} };`, ''] : []),
          '(void)unused;',
          `pin(pthread_self(), ${cpu});`,
          ...(freely && kind !== 'setup' ? start(model, actor) : []),
          ...body,
          ...(guest ? ['leave_vcpu(&g);'] : []),
          'return NULL;',
        ]),
        '}',
        '',
      ];
    }),
  ];
}

/** A vCPU begins when it exists, everybody when all are there. */
function start(model: ActorModel, actor: number): string[] {
  return [
    ...(model.kind === 'vcpu' ? [`while (enter_vcpu(&g, ${vcpuArguments(model)}))`, '\tsched_yield();'] : []),
    `meet(PARTIES, round_seed * ACTORS + ${actor});`,
  ];
}

/** Starts the processes with their threads and waits for all of them. Freely, setup runs before any of them. */
export function startThreads({ world }: Model, bodies: Bodies, freely: boolean): string[] {
  const { actors, processes } = world.topology;
  const isEmpty = (actor: number): boolean => (bodies[actor]?.length ?? 0) === 0;
  const started = (process: number) =>
    actors.flatMap((actor, index) => {
      const own = actor.kind === 'setup' || actor.kind === 'thread' ? actor.process : 0;
      if (own !== process || isEmpty(index) || (freely && actor.kind === 'setup')) return [];
      return [`pthread_create(&thread[${index}], NULL, ${cName('actor', actor.name)}, NULL);`];
    });
  const joined = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^pthread_create\(&(thread\[\d+\]).*$/, 'pthread_join($1, NULL);'));
  const setup = actors.find(({ kind }, index) => freely && kind === 'setup' && !isEmpty(index));
  const own = started(0);
  return [
    ...processes.slice(1).flatMap((name, i) => {
      const lines = started(i + 1);
      return [
        `/* ${cComment(name)} */`,
        `static void process_${i + 1}(void)`,
        '{',
        ...indent(['prctl(PR_SET_PDEATHSIG, SIGKILL);', ...lines, ...joined(lines), '_exit(0);']),
        '}',
        '',
      ];
    }),
    'static void all_processes(void)',
    '{',
    ...indent([
      ...(processes.length > 1 ? ['pid_t pid;', ''] : []),
      'atomic_store(&S->pid[0], getpid());',
      ...processes
        .slice(1)
        .flatMap((_, i) => [
          'pid = fork();',
          'if (!pid)',
          `\tprocess_${i + 1}();`,
          `atomic_store(&S->pid[${i + 1}], pid);`,
        ]),
      ...(setup ? [`${cName('actor', setup.name)}(NULL);`] : []),
      ...own,
      ...joined(own),
      ...(processes.length > 1 ? ['while (wait(NULL) > 0)', '\t;'] : []),
    ]),
    '}',
    '',
  ];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `\t${line}`));
}
