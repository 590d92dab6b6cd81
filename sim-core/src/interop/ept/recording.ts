/**
 * Recordings of leaves: a guest of a few instructions on real KVM, what KVM traced of its page tables, and what the
 * hardware used.
 *
 * A recording is a file of JSON lines: a header with the kernel, then one step a line. Steps are grouped in sequences; a
 * step is a call of the VMM or a run of a vCPU with some instructions. Everything is checked here, so that a damaged file
 * is refused with a line number and nothing after this file meets a value of the wrong kind.
 */

export interface EptHeader {
  /** As uname prints it, with the release of the distribution. */
  readonly kernel: string;
}

/** A leaf that KVM made. */
export interface MadeLeaf {
  readonly gfn: bigint;
  readonly level: number;
  /** `WB+IPAT`. Without EPT it says nothing. */
  readonly type: string;
  readonly entry: bigint;
}

/** An entry of a page table that changed, traced by the TDP MMU only. */
export interface ChangedEntry {
  readonly gfn: bigint;
  readonly level: number;
  readonly before: bigint;
  readonly after: bigint;
}

/** What the hardware used for one translation. */
export interface EptTranslation {
  readonly address: bigint;
  readonly type: string;
  readonly ipat: boolean;
  /** The guest's PAT type. */
  readonly pat: number;
}

export interface EptStep {
  /** 1-based line of the file. */
  readonly line: number;
  readonly op: string;
  readonly made: readonly MadeLeaf[];
  readonly changed: readonly ChangedEntry[];
  /** Traced functions, `wbinvd_ipi<-flush_smp_call_function_queue@cpu1`. */
  readonly functions: readonly string[];
  readonly exits: readonly string[];
  readonly translations: readonly EptTranslation[];
  readonly wbinvd: readonly { readonly cpu: number; readonly guest: boolean }[];
  readonly notes: readonly string[];
  /** `0`, `-1 EINVAL`. */
  readonly result: string;
}

export interface EptSequence {
  readonly id: string;
  readonly steps: readonly EptStep[];
}

export interface EptRecording {
  readonly header: EptHeader;
  readonly sequences: readonly EptSequence[];
}

/** Does a text begin like a recording of leaves, and not like another one? */
export function looksLikeEptRecording(text: string): boolean {
  return (
    /^\s*\{[^\n]*"type"\s*:\s*"header"/.test(text) && !/^[^\n]*"groups"/.test(text) && /^[^\n]*"kernel"\s*:/.test(text)
  );
}

/** Reads a recording of leaves. What is damaged is a SyntaxError that names the line. */
export function parseEptRecording(text: string): EptRecording {
  const lines = text.split('\n').map((content, index) => ({ content, number: index + 1 }));
  const [first, ...rest] = lines.filter(({ content }) => content.trim() !== '');
  if (first === undefined) throw new SyntaxError('The recording is empty: its first line has to be a header.');
  const header = new Reader(first.content, first.number);
  const kernel = header.text('kernel');
  const sequences: { id: string; steps: EptStep[] }[] = [];
  for (const { content, number } of rest) {
    const reader = new Reader(content, number);
    const id = reader.text('seq');
    const step = stepOf(reader, number);
    if (step.op.startsWith('seq ') || sequences.at(-1)?.id !== id) sequences.push({ id, steps: [] });
    sequences.at(-1)?.steps.push(step);
  }
  return { header: { kernel }, sequences };
}

function stepOf(reader: Reader, line: number): EptStep {
  return {
    line,
    op: reader.text('op'),
    made: reader.list('set').map((value) => {
      const one = reader.inner(value);
      return { gfn: one.hex('gfn'), level: one.number('level'), type: one.text('type'), entry: one.hex('spte') };
    }),
    changed: reader.list('changed').map((value) => {
      const [gfn, level, before, after] = Array.isArray(value) ? value : [];
      if (typeof level !== 'number') throw reader.problem('an entry of "changed" is not [gfn, level, before, after]');
      return { gfn: reader.asHex(gfn), level, before: reader.asHex(before), after: reader.asHex(after) };
    }),
    functions: reader.texts('fn'),
    exits: reader.texts('exits'),
    translations: reader.list('hw').map((value) => {
      const one = reader.inner(value);
      return { address: one.hex('la'), type: one.text('mt'), ipat: one.number('ipat') !== 0, pat: one.number('pat') };
    }),
    wbinvd: reader.list('wbinvd').map((value) => {
      const one = reader.inner(value);
      return { cpu: one.number('cpu'), guest: one.number('guest') !== 0 };
    }),
    notes: reader.texts('notes'),
    result: reader.text('ret'),
  };
}

/** Reads the fields of one JSON object, and refuses what is of another kind. */
class Reader {
  readonly #line: number;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(content: string | object, line: number) {
    this.#line = line;
    let value: unknown = content;
    if (typeof content === 'string') {
      try {
        value = JSON.parse(content);
      } catch {
        throw this.problem('it is not JSON');
      }
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.problem('it is not an object');
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  problem(what: string): SyntaxError {
    return new SyntaxError(`Line ${this.#line} of the recording is damaged: ${what}.`);
  }

  inner(value: unknown): Reader {
    if (typeof value !== 'object' || value === null) throw this.problem('a list holds something that is not an object');
    return new Reader(value, this.#line);
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw this.problem(`"${name}" is not a string`);
    return value;
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw this.problem(`"${name}" is not a whole number`);
    return value;
  }

  hex(name: string): bigint {
    return this.asHex(this.#fields[name]);
  }

  asHex(value: unknown): bigint {
    if (typeof value !== 'string' || !/^(0x)?[\da-f]{1,16}$/i.test(value))
      throw this.problem(`${JSON.stringify(value) ?? 'nothing'} is not a hexadecimal number`);
    return BigInt(`0x${value.replace(/^0x/i, '')}`);
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.problem(`"${name}" is not a list`);
    return value;
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value !== 'string') throw this.problem(`"${name}" holds something that is not a string`);
      return value;
    });
  }
}
