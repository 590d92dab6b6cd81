/** What a program has of its scenario: tables, statements, one function for each actor. */
import type { Model } from '../../engine/model.ts';
import { ERRNOS, errnoByName } from '../../kernel/errno.ts';
import { constantByName } from '../../ops/constants.ts';
import { opNamed } from '../../ops/table.ts';
import type { Action, Syscall, Wait } from '../../scenario/ast.ts';
import { type CallNames, callCode, LeftOut, type Used } from './call-code.ts';
import { END, guestCode, guestRegister } from './guest-code.ts';
import { NEWER_REQUESTS, NEWER_STRUCTS } from './layouts.ts';
import type { CProgramOptions, LeftOutStatement } from './program.ts';
import { RUNTIME_HEAD } from './runtime.ts';
import type { Executed } from './statement-at.ts';
import { cComment, cName, cString } from './text.ts';

/** C of a statement, or why there is none. */
type Made = { readonly lines: readonly string[]; readonly declares?: boolean } | { readonly why: string };

interface At {
  readonly actor: number;
  /** 0-based. */
  readonly line: number;
}

interface InRun extends At {
  readonly text: string;
  /** What the simulator returns. */
  readonly model: number;
}

const WHY_ACTORS: Readonly<Record<string, string>> = {
  device: 'only the device can do that',
  host: 'only the kernel or its administrator can do that',
};

export class ScenarioCode {
  readonly #model: Model;
  readonly #names: readonly string[];
  readonly #used: Used = { constants: new Set(), requests: new Set(), structs: new Set() };
  /** Pages that a call of the scenario gives to the VM. */
  readonly #registered = new Set<bigint>();
  #guests = false;

  constructor(model: Model) {
    this.#model = model;
    this.#names = [...model.names.keys()];
  }

  inTurn(statement: Executed, { actor, line, text, model }: InRun): Made {
    const { kind, name } = this.#actor(actor);
    if (statement.kind === 'wait') return { lines: [] };
    if (statement.kind === 'syscall') {
      const declared = declaredOf(statement);
      const expected = declared === undefined ? '0, 0' : `1, ${declared}`;
      const after = `said(${cString(name)}, ${line + 1}, ${cString(text)}, r, ${expected}, ${model});`;
      const made = this.#call(statement, actor, [after]);
      return 'why' in made ? made : { ...made, declares: declared !== undefined };
    }
    if (kind === 'vcpu') {
      const code = this.#guest([statement]);
      if ('why' in code) return code;
      return {
        lines: [
          '{',
          ...indent([
            ...code.lines,
            `guest(&g, ${this.#vcpu(actor)}, code, sizeof(code), ${line + 1}, ${cString(text)});`,
          ]),
          '}',
        ],
      };
    }
    return kind === 'host' ? this.#host(statement) : { why: WHY_ACTORS[kind] ?? 'a program cannot do that' };
  }

  free(statement: Executed, { actor }: At): Made {
    const { kind } = this.#actor(actor);
    if (statement.kind === 'syscall') return this.#call(statement, actor, []);
    if (kind === 'vcpu') {
      const code = this.#guest([statement]);
      if ('why' in code) return code;
      return { lines: ['{', ...indent([...code.lines, 'if (run_guest(&g, code, sizeof(code)))', '\t_exit(1);']), '}'] };
    }
    if (statement.kind === 'wait') return this.#wait(statement);
    return kind === 'host' ? this.#host(statement) : { why: WHY_ACTORS[kind] ?? 'a program cannot do that' };
  }

  #actor(actor: number) {
    const found = this.#model.world.topology.actors[actor];
    if (!found) throw new RangeError(`no actor ${actor}`);
    return found;
  }

  readonly #callNames: CallNames = {
    name: (name) => {
      if (!this.#model.names.has(name)) throw new LeftOut(`nothing is called ${name}`);
      return cName('N', name);
    },
    address: (word) => {
      const found = this.#model.world.topology.words.find(({ name }) => name === word);
      return found && `0x${found.address.toString(16)}ul`;
    },
    process: (name) => this.#model.world.topology.processes.indexOf(name === 'vmm' ? '' : name),
  };

  #call(statement: Syscall, actor: number, after: readonly string[]): Made {
    if (statement.call.text === 'exit') return this.#exit(actor);
    try {
      const { declarations, call, outputs } = callCode(statement, this.#callNames, this.#used);
      this.#noteRegistered(statement);
      const number = descriptorOf(statement);
      const bind = statement.bind && `${cName('N', statement.bind.text)} = r < 0 ? -1 : r;`;
      return {
        lines: [
          '{',
          ...indent([
            ...declarations,
            `long long r = ${number === undefined ? call : `numbered(${call}, ${number})`};`,
            '',
            ...(outputs.length > 0 ? ['if (r >= 0) {', ...indent(outputs), '}'] : []),
            ...(bind ? [bind] : []),
            `atomic_store(&S->err[${actor}], r < 0 ? -r : 0);`,
            ...after,
          ]),
          '}',
        ],
      };
    } catch (error) {
      if (error instanceof LeftOut) return { why: error.message };
      throw error;
    }
  }

  /** The process of setup runs the program; only another one may end. */
  #exit(actor: number): Made {
    if (this.#actor(actor).process <= 0) return { why: 'the program itself is this process' };
    return { lines: ['close_files();'] };
  }

  #noteRegistered({ args }: Syscall): void {
    const [, request, argument] = args;
    if (request?.kind !== 'name' || !request.name.startsWith('KVM_SET_USER_MEMORY_REGION')) return;
    if (argument?.kind !== 'struct') return;
    const from = argument.fields.find(({ name }) => name.text === 'guest_phys_addr')?.value;
    const word = from?.kind === 'in' && from.expr.kind === 'address' ? from.expr.name.text : undefined;
    const found = this.#model.world.topology.words.find(({ name }) => name === word);
    if (found) this.#registered.add(this.#pageOf(found.address));
  }

  #pageOf(address: bigint): bigint {
    return address - (address % 0x1000n);
  }

  #guest(statements: readonly (Action | Wait)[]): Made {
    const { words, cpu } = this.#model.world.topology;
    const addressOf = (name: string): number | undefined => {
      const address = words.find((word) => word.name === name)?.address;
      return address !== undefined && address < 2n ** 32n ? Number(address) : undefined;
    };
    const bytes: number[] = [];
    for (const statement of statements) {
      const code = guestCode(statement, addressOf, cpu.physicalAddressBits);
      if ('skipped' in code) return { why: code.skipped };
      bytes.push(...code.bytes);
    }
    this.#guests = true;
    const text = [...bytes, ...END].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', ');
    return { lines: [`static const unsigned char code[] = { ${text} };`, ''] };
  }

  /** The arguments by which the runtime finds a vCPU. */
  #vcpu(actor: number): string {
    const { subject, vmName } = this.#actor(actor);
    return `${subject}, ${vmName === undefined ? '-1' : `(int)${cName('N', vmName)}`}`;
  }

  #host(statement: Action | Wait): Made {
    if (statement.kind !== 'action' || statement.op.text !== 'migrate') return { why: WHY_ACTORS.host as string };
    const [vcpu] = statement.operands;
    const cpu = statement.options.find(({ key }) => key.text === 'cpu')?.value.text;
    const index = this.#model.world.topology.actors.findIndex(
      ({ name }) => vcpu?.kind === 'name' && name === vcpu.name,
    );
    if (index < 0 || cpu === undefined) return { why: 'it names no vCPU of the program' };
    return { lines: [`pin(thread[${index}], ${Number(cpu)});`] };
  }

  #wait({ left, relation, right }: Wait): Made {
    if (left.kind !== 'name' || left.member || !this.#model.names.has(left.name))
      return { why: 'a program does not see what it waits for' };
    return { lines: [`while (!(${cName('N', left.name)} ${relation} ${right.value}))`, '\tsched_yield();'] };
  }

  head({ file, title }: CProgramOptions, leftOut: readonly LeftOutStatement[], form: 'tests' | 'litmus'): string[] {
    const { devices, pages, actors, processes } = this.#model.world.topology;
    const named = devices.map(({ name }) => `${name}=0000:00:00.0`).join(' ');
    return [
      '/*',
      ` * ${cComment(title)}`,
      ` * Made by snoopscope export c${form === 'litmus' ? ' --litmus' : ''} of ${cComment(file)}, for ${cComment(this.#model.world.kernel.profile.name)}.`,
      ' *',
      ` * It opens ${this.#nodes().join(', ')}, and no other device.`,
      ...(devices.length > 0
        ? [' * Of PCI devices it uses those alone that its command line names.']
        : [' * It uses no PCI device.']),
      ' *',
      ` * cc -O2 -pthread -o program THIS.c && ./program${form === 'litmus' ? ' [-n ROUNDS]' : ''} ${named}`.trimEnd(),
      ...(leftOut.length > 0 ? [' *', ' * Left out, as no program can do it:'] : []),
      ...leftOut.map(
        ({ line, actor, text, why }) =>
          ` *   ${line < 0 ? '' : `line ${line + 1}, `}${cComment(`${actor}: ${text} (${why})`)}`,
      ),
      ' */',
      RUNTIME_HEAD,
      ...this.#newer(),
      `#define NAMES ${this.#names.length}`,
      `#define ACTORS ${actors.length}`,
      `#define PROCESSES ${processes.length}`,
      `#define DEVICES ${devices.length}`,
      `#define PAGES ${pages.length}`,
      `#define VCPU_BLOCKS ${this.#guests ? 1 : 0}`,
      ...this.#names.map((name, index) => `#define ${cName('N', name)} (S->name[${index}])`),
      '',
      'static struct device devices[DEVICES + 1] = {',
      ...devices.map(
        ({ name, bdf, group, driver }) =>
          `\t{ .name = ${cString(name)}, .bdf = ${cString(bdf)}, .group = ${group < 0 ? -1 : (this.#model.world.topology.groups[group]?.number ?? -1)}, .vfio_pci = ${driver === 'vfio-pci' ? 1 : 0} },`,
      ),
      '};',
      '',
      'static const struct page pages[PAGES + 1] = {',
      ...pages.map(({ address }) => `\t{ 0x${address.toString(16)}ul, ${this.#registered.has(address) ? 1 : 0} },`),
      '};',
      '',
      'static void fill_memory(void)',
      '{',
      ...this.#model.world.topology.words
        .filter(({ initial }) => initial !== 0)
        .map(({ address, initial }) => `\t*(volatile int *)0x${address.toString(16)}ul = ${initial};`),
      '}',
    ];
  }

  #nodes(): string[] {
    const paths = new Set<string>();
    for (const { parsed } of this.#model.sources) {
      for (const { content } of parsed.lines) {
        if (content.kind !== 'syscall') continue;
        for (const arg of content.args)
          if (arg.kind === 'string' && arg.value.startsWith('/dev/')) paths.add(arg.value);
      }
    }
    if (this.#guests) paths.add('/dev/kvm');
    const shown = [...paths].map((path) =>
      /^\/dev\/vfio\/(?:noiommu-)?\d+$/.test(path)
        ? 'the VFIO group of a device that is named'
        : path.startsWith('/dev/vfio/devices/')
          ? 'the VFIO character device of a device that is named'
          : cComment(path),
    );
    return shown.length > 0 ? [...new Set(shown)] : ['nothing'];
  }

  /** Definitions for headers that are older than what the scenario uses. */
  #newer(): string[] {
    const { constants, requests, structs } = this.#used;
    const guarded = (name: string, value: string): string[] => [
      `#ifndef ${name}`,
      `#define ${name} ${value}`,
      '#endif',
    ];
    const needed = new Set(structs);
    if (requests.has('KVM_SET_USER_MEMORY_REGION2')) needed.add('kvm_userspace_memory_region2');
    return [
      ...[...needed].flatMap((name) => {
        const members = Object.hasOwn(NEWER_STRUCTS, name) ? NEWER_STRUCTS[name] : undefined;
        return members ? [`struct snoop_${name} {`, ...members.map((member) => `\t${member};`), '};'] : [];
      }),
      ...[...requests].flatMap((name) => {
        const value = Object.hasOwn(NEWER_REQUESTS, name) ? NEWER_REQUESTS[name] : undefined;
        return value === undefined ? [] : guarded(name, value);
      }),
      ...[...constants].flatMap((name) => {
        const value = constantByName.get(name)?.value;
        return value === undefined ? [] : guarded(name, value < 0n ? String(value) : `0x${value.toString(16)}ull`);
      }),
      '',
    ];
  }

  errnoNames(): string[] {
    return [
      'static const char *errno_name(int number)',
      '{',
      '\tswitch (number) {',
      ...ERRNOS.map(({ name, value }) => `\tcase ${value}: return "${name}";`),
      '\tdefault: return strerror(number);',
      '\t}',
      '}',
    ];
  }

  /** One function an actor: what it does in its thread. */
  actorFunctions(bodies: readonly (readonly string[])[], freely = false): string[] {
    return [
      'static pthread_t thread[ACTORS];',
      ...(freely ? ['static unsigned int round_seed;'] : []),
      '',
      ...bodies.flatMap((body, actor) => {
        const { kind, name, cpu } = this.#actor(actor);
        if (body.length === 0) return [];
        const guest = kind === 'vcpu';
        return [
          `static void *${cName('actor', name)}(void *unused)`,
          '{',
          ...indent([
            ...(guest ? [`struct guest g = { .actor = ${actor} };`, ''] : []),
            '(void)unused;',
            `pin(pthread_self(), ${cpu});`,
            ...(freely && kind !== 'setup' ? this.#start(actor, guest) : []),
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
  #start(actor: number, guest: boolean): string[] {
    return [
      ...(guest ? [`while (enter_vcpu(&g, ${this.#vcpu(actor)}))`, '\tsched_yield();'] : []),
      `meet(PARTIES, round_seed * ACTORS + ${actor});`,
    ];
  }

  /** Starts the processes with their threads and waits for all of them. Freely, setup runs before any of them. */
  threads(bodies: readonly (readonly string[])[], freely: boolean): string[] {
    const { actors, processes } = this.#model.world.topology;
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

  finalValues(): string[] {
    return [
      ...this.#names.map((name) => `printf("# final ${name} = %lld\\n", (long long)${cName('N', name)});`),
      ...this.#model.world.topology.words.map(
        ({ name, address }) => `printf("# final [${name}] = %d\\n", *(volatile int *)0x${address.toString(16)}ul);`,
      ),
      ...this.#registers().map(({ name, value }) => `printf("# final ${name} = %d\\n", ${value});`),
    ];
  }

  #registers(): { readonly name: string; readonly value: string }[] {
    return this.#model.world.topology.actors.flatMap(({ kind, name }, actor) =>
      kind === 'vcpu' && this.#guests
        ? [...(this.#model.registers[actor]?.keys() ?? [])].flatMap((register) => {
            const index = guestRegister(register);
            return index === undefined
              ? []
              : [{ name: `${name}.${register}`, value: `atomic_load(&S->reg[${actor}][${index}])` }];
          })
        : [],
    );
  }

  /** Statements that write an outcome: what conditions mention and a program sees, and names that threads bind. */
  outcome(bound: readonly string[]): string[] {
    const lines = new Map<string, string>();
    for (const { terms, applies } of this.#model.conditions) {
      if (!applies) continue;
      for (const { name } of terms) {
        const value = this.#observed(name);
        if (value !== undefined) lines.set(name, outcomeLine(name, value));
      }
    }
    // What threads bind is of interest even where conditions are about what a program cannot see.
    for (const name of bound) {
      if (!lines.has(name)) lines.set(name, outcomeLine(name, cName('N', name)));
    }
    return [...lines.values()];
  }

  #observed(term: string): string | undefined {
    if (this.#model.names.has(term)) return cName('N', term);
    const { words, actors } = this.#model.world.topology;
    const word = words.find(({ name }) => term === `[${name}]`);
    if (word) return `*(volatile int *)0x${word.address.toString(16)}ul`;
    const actor = actors.findIndex(({ name }) => term.startsWith(`${name}.`));
    if (actor < 0) return undefined;
    const member = term.slice((actors[actor]?.name.length ?? 0) + 1);
    if (member === 'err') return `atomic_load(&S->err[${actor}])`;
    const register = this.#actor(actor).kind === 'vcpu' ? guestRegister(member) : undefined;
    return register === undefined ? undefined : `atomic_load(&S->reg[${actor}][${register}])`;
  }
}

/** What the line declares, as the kernel returns it; undefined where it declares nothing or a descriptor's number. */
function declaredOf(statement: Syscall): number | undefined {
  const { result } = statement;
  if (!result || descriptorOf(statement) !== undefined) return undefined;
  if (result.errno !== undefined) {
    const value = errnoByName.get(result.errno);
    return value === undefined ? undefined : -value;
  }
  return result.value === undefined ? undefined : Number(result.value);
}

/** The number that the line declares for a new descriptor. */
function descriptorOf({ call, args, result }: Syscall): number | undefined {
  if (result?.value === undefined || result.value < 3n) return undefined;
  const [, request] = args;
  const op =
    call.text === 'ioctl' ? request?.kind === 'name' && opNamed('ioctl', request.name) : opNamed('syscall', call.text);
  return op && op.result === 'fd' ? Number(result.value) : undefined;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `\t${line}`));
}

function outcomeLine(term: string, value: string): string {
  return `end += sprintf(end, "%s=%lld; ", ${cString(term)}, (long long)${value});`;
}
