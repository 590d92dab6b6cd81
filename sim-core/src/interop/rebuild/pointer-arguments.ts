/**
 * What the pointers that strace printed as numbers refer to, for the calls of a scenario in place of a log: from the files
 * that are open by then, the devices of the machine, and the words that nothing maps.
 */
import { constantByName } from '../../ops/constants.ts';
import type { Expr, ParsedScenario, Syscall } from '../../scenario/ast.ts';
import { blockOfLines, contentsOfKind } from '../../scenario/blocks.ts';
import type { KnownArguments, LogCall, LogResult } from '../log/record.ts';
import type { TranslateOptions } from './process.ts';
import { Assumptions, type RebuiltStep } from './step.ts';
import { CallTranslator } from './translate.ts';

/** By line of `setup` and threads: the argument that its ioctl must have had, as the language writes it. */
export function pointerArguments(parsed: ParsedScenario): ReadonlyMap<number, string> {
  const calls = new LoggedCalls(parsed);
  const translator = new CallTranslator(optionsOf(parsed), new Assumptions());
  const contents = new Map<number, Syscall>();
  const blocks = blockOfLines(parsed);
  for (const { line, content } of contentsOfKind(parsed, 'syscall')) {
    const kind = blocks[line]?.kind;
    if (kind !== 'setup' && kind !== 'thread') continue;
    contents.set(line, content);
    const known = calls.known(line, content);
    const call = calls.logged(line, content);
    translator.take({ call, tid: 0, file: 0, line: line + 1, ...(known && { known }) });
  }
  const names = new Names(parsed);
  const found = new Map<number, string>();
  for (const step of translator.finish().steps) {
    const content = contents.get(step.line - 1);
    names.learn(step, content);
    const argument = /\bioctl\(\w+, \w+, (.*)\)$/.exec(step.text)?.[1];
    if (content !== undefined && argument !== undefined) found.set(step.line - 1, names.written(argument));
  }
  return found;
}

/** The calls of a scenario as a log has them: every descriptor is a number. */
class LoggedCalls {
  readonly #lines: ParsedScenario['lines'];
  readonly #numbers = new Map<string, number>();
  /** The first words of the lines of memory that no call names. */
  readonly #unmapped: string[];

  constructor(parsed: ParsedScenario) {
    this.#lines = parsed.lines;
    const named = new Set(contentsOfKind(parsed, 'syscall').flatMap(({ content }) => wordsIn(content)));
    this.#unmapped = contentsOfKind(parsed, 'memory').flatMap(({ content }) => {
      const [first] = content.names;
      return first === undefined || named.has(first.text) ? [] : [first.text];
    });
  }

  logged(line: number, { bind, call, args, result }: Syscall): LogCall {
    const written = args.map((arg) => {
      const number = arg.kind === 'name' ? this.#numbers.get(arg.name) : undefined;
      return number === undefined ? this.#text(line, arg) : String(number);
    });
    const value = result?.value ?? (bind === undefined ? 0 : this.#invented());
    const answer: LogResult =
      result?.errno === undefined ? { value: Number(value) } : { value: -1, errno: result.errno };
    if (bind !== undefined && answer.errno === undefined) this.#numbers.set(bind.text, answer.value);
    const [fd = '', request = '', ...rest] = written;
    return call.text === 'ioctl'
      ? { kind: 'call', name: 'ioctl', args: [fd, ...rest], requests: [request], result: answer }
      : { kind: 'call', name: call.text, args: written, result: answer };
  }

  /** What the structure of a call says; for a mapping that shows none, which word it may be of. */
  known(line: number, { args: [, request, argument], result }: Syscall): KnownArguments | undefined {
    if (request?.kind !== 'name' || argument === undefined) return undefined;
    if (argument.kind === 'number') {
      if (!MAPS.has(request.name) || result?.errno !== undefined) return undefined;
      const word = this.#unmapped.shift();
      return word === undefined ? undefined : { iova: `&${word}`, vaddr: `&${word}`, size: 'PAGE' };
    }
    const target = this.#number(argument);
    if (argument.kind !== 'struct') return target === undefined ? undefined : { target };
    const parts = argument.fields.map(({ name, value }): KnownArguments => {
      if (value.kind === 'in') return this.#field(line, name.text, value.expr);
      const made = Number(value.declared?.value ?? this.#invented());
      this.#numbers.set(value.bind.text, made);
      return { made };
    });
    return Object.assign({}, ...parts);
  }

  #field(line: number, field: string, expr: Expr): KnownArguments {
    const key = FIELDS[field];
    const number = this.#number(expr);
    if (key === 'iova' || key === 'size' || key === 'vaddr') return { [key]: this.#text(line, expr) };
    if (number === undefined || key === undefined) return {};
    if (key !== 'attr') return { [key]: number };
    return number === 1 || number === 2 ? { attr: number === 1 ? 'add' : 'del' } : {};
  }

  #number(expr: Expr): number | undefined {
    if (expr.kind === 'number') return Number(expr.value);
    if (expr.kind === 'pointer') return this.#number(expr.item);
    if (expr.kind !== 'name') return undefined;
    const constant = constantByName.get(expr.name)?.value;
    return this.#numbers.get(expr.name) ?? (constant === undefined ? undefined : Number(constant));
  }

  #text(line: number, { span }: Expr): string {
    return this.#lines[line]!.text.slice(span.start, span.end);
  }

  #invented(): number {
    return FIRST_INVENTED + this.#numbers.size;
  }
}

/** Descriptors without a declared number; a log has none so large. */
const FIRST_INVENTED = 100_000;

const MAPS: ReadonlySet<string> = new Set(['VFIO_IOMMU_MAP_DMA', 'IOMMU_IOAS_MAP']);

const FIELDS: Readonly<Record<string, keyof KnownArguments>> = {
  type: 'type',
  attr: 'attr',
  addr: 'target',
  iommufd: 'target',
  pt_id: 'id',
  ioas_id: 'id',
  id: 'id',
  iova: 'iova',
  size: 'size',
  length: 'size',
  vaddr: 'vaddr',
  user_va: 'vaddr',
};

function wordsIn({ args }: Syscall): string[] {
  const fields = args.flatMap((arg) => (arg.kind === 'struct' ? arg.fields : []));
  return fields.flatMap(({ value }) =>
    value.kind === 'in' && value.expr.kind === 'address' ? [value.expr.name.text] : [],
  );
}

/** From the names that the translator gives to those of the scenario, or to the numbers where it has none. */
class Names {
  readonly #text: string;
  readonly #known = new Map<string, string>();

  constructor({ lines }: ParsedScenario) {
    this.#text = lines.map(({ text }) => text.replace(/"[^"]*"/g, '')).join('\n');
  }

  learn({ text, result }: RebuiltStep, content: Syscall | undefined): void {
    const bound = /^(\w+) = /.exec(text)?.[1];
    const own = content?.bind?.text ?? result;
    if (bound !== undefined && own !== undefined) this.#known.set(bound, own);
    const struct = content?.args[2];
    const fields = struct?.kind === 'struct' ? struct.fields : [];
    for (const [, field, made = ''] of text.matchAll(/(\w+)=>(\w+)/g)) {
      const value = fields.find(({ name }) => name.text === field)?.value;
      this.#known.set(made, value?.kind === 'out' ? value.bind.text : this.#free(made));
    }
  }

  written(argument: string): string {
    return argument.replace(/(?<=[=>[])[a-z_]\w*/g, (name) => this.#known.get(name) ?? name);
  }

  /** A name that the scenario does not use. */
  #free(wanted: string): string {
    let name = wanted;
    for (let number = 2; new RegExp(`\\b${name}\\b`).test(this.#text); number++) name = `${wanted}${number}`;
    return name;
  }
}

function optionsOf(parsed: ParsedScenario): TranslateOptions {
  const devices = [...contentsOfKind(parsed, 'device'), ...contentsOfKind(parsed, 'mdev')].map(({ content }) => {
    const option = (key: string) => content.options.find((one) => one.key.text === key)?.value.text;
    const name = content.kind === 'device' ? content.bdf.text : content.name.text;
    return { name, group: option('group'), isPassed: (option('driver') ?? 'vfio-pci') === 'vfio-pci' };
  });
  return {
    all: true,
    nodeOf: (cdev) => devices[Number(/\d+$/.exec(cdev)?.[0])]?.name,
    groupOf: (bdf) => devices.find(({ name }) => name === bdf)?.group,
    devicesOf: (group) => devices.filter((one) => one.group === group && one.isPassed).map(({ name }) => name),
    likelyGroups: devices.flatMap(({ group, isPassed }) => (isPassed && group !== undefined ? [group] : [])),
    runningVcpus: [],
    addresses: [],
  };
}
