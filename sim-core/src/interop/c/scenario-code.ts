/** Statements of a scenario as C. */
import type { Model } from '../../engine/model.ts';
import { errnoByName } from '../../kernel/errno.ts';
import { opNamed } from '../../ops/table.ts';
import type { Action, Syscall, Wait } from '../../scenario/ast.ts';
import { vcpuArguments } from './actor-code.ts';
import { type CallNames, callCode, LeftOutError, type Used } from './call-code.ts';
import { END, guestCode } from './guest-code.ts';
import type { Needs } from './program-head.ts';
import type { Executed } from './statement-at.ts';
import { cName, cString } from './text.ts';

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
  readonly #used: Used = { constants: new Set(), requests: new Set(), structs: new Set(), paths: new Set() };
  /** Pages that a call of the scenario gives to the VM. */
  readonly #registered = new Set<bigint>();
  #guests = false;

  constructor(model: Model) {
    this.#model = model;
  }

  /** What the statements made so far need. */
  get needs(): Needs {
    return { used: this.#used, registered: this.#registered, guests: this.#guests };
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
            `guest(&g, ${vcpuArguments(this.#actor(actor))}, code, sizeof(code), ${line + 1}, ${cString(text)});`,
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
      if (!this.#model.names.has(name)) throw new LeftOutError(`nothing is called ${name}`);
      return cName('N', name);
    },
    address: (word) => {
      const found = this.#model.world.topology.words.find(({ name }) => name === word);
      return found && `0x${found.address.toString(16)}ul`;
    },
    process: (name) => this.#model.world.topology.processes.indexOf(name),
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
      if (error instanceof LeftOutError) return { why: error.message };
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

  #host(statement: Action | Wait): Made {
    if (statement.kind !== 'action' || statement.op.text !== 'migrate') return { why: WHY_ACTORS.host! };
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
