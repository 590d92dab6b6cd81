/**
 * The code of a session as a debugger of machine code would list it: a micro-step is an instruction. The statements of
 * the scenario come first, in the order of the actors, then the kernel's functions as its pages have them. Addresses are
 * made up; they only have to be in this order.
 */
import type { AnyRoutine } from '@snoopscope/sim-core';
import type { KernelStep } from './kernel-source.ts';
import type { Debuggee } from './launch.ts';
import { lineText, stoppingPlaces } from './source-lines.ts';

export interface Instruction {
  readonly address: number;
  readonly text: string;
  /** The actor or the function that it is in. */
  readonly symbol: string;
  /** Its line, 0-based, in a source of the scenario or a page of the kernel. */
  readonly place: { readonly file: number; readonly line: number } | { readonly page: number; readonly line: number };
  /** What it was made of: a statement of the scenario, or micro-steps of a kernel function. */
  readonly origin:
    | { readonly kind: 'statement'; readonly node: number }
    | { readonly kind: 'kernel'; readonly steps: readonly KernelStep[] };
}

/** Room below for editors that ask for what is before the first instruction. */
const FIRST = 0x100000;
const SIZE = 4;

export class Listing {
  readonly #debuggee: Debuggee;
  readonly #statements: readonly Instruction[];
  readonly #indexOfNode = new Map<number, number>();
  #kernel: { readonly all: readonly Instruction[]; readonly firstOfPage: readonly number[] } | undefined;

  constructor(debuggee: Debuggee) {
    const { model } = debuggee;
    this.#debuggee = debuggee;
    const nodes = model.nodes.filter((node) => stoppingPlaces(node).length > 0);
    this.#statements = nodes.map((node, index): Instruction => {
      this.#indexOfNode.set(node.id, index);
      const { place } = node;
      return {
        address: addressOf(index),
        text: lineText(debuggee, place),
        symbol: place.calls.at(-1)?.proc ?? model.world.topology.actors[node.actor]?.name ?? '',
        place: { file: place.file, line: place.line },
        origin: { kind: 'statement', node: node.id },
      };
    });
  }

  /** `count` instructions from one on that is so many after an address; undefined where there is none. */
  from(address: number, offset: number, count: number): { address: number; instruction: Instruction | undefined }[] {
    const first = Math.floor((address - FIRST) / SIZE) + offset;
    return Array.from({ length: count }, (_, index) => ({
      address: addressOf(first + index),
      instruction: this.#at(first + index),
    }));
  }

  /** The instruction with exactly this address. */
  at(address: number): Instruction | undefined {
    return (address - FIRST) % SIZE === 0 ? this.#at((address - FIRST) / SIZE) : undefined;
  }

  ofNode(node: number): number | undefined {
    const index = this.#indexOfNode.get(node);
    return index === undefined ? undefined : addressOf(index);
  }

  /** The address of the micro-step that a line of a kernel page belongs to. */
  ofKernelLine(page: number, line: number): number | undefined {
    const { all, firstOfPage } = this.#functions();
    const first = firstOfPage[page] ?? 0;
    let found: number | undefined;
    for (let index = first; index < (firstOfPage[page + 1] ?? all.length); index++)
      if (all[index]!.place.line <= line) found = all[index]?.address;
    return found;
  }

  #at(index: number): Instruction | undefined {
    return this.#statements[index] ?? (index < 0 ? undefined : this.#functions().all[index - this.#statements.length]);
  }

  #functions(): { readonly all: readonly Instruction[]; readonly firstOfPage: readonly number[] } {
    if (this.#kernel) return this.#kernel;
    const { kernel, model } = this.#debuggee;
    const all: Instruction[] = [];
    const firstOfPage = kernel.map(({ stops, text }, page) => {
      const lines = text.split('\n');
      const first = all.length;
      for (const [line, steps] of stops) {
        const routine: AnyRoutine | undefined = model.world.routines.routines[steps[0]?.routine ?? -1];
        all.push({
          address: addressOf(this.#statements.length + all.length),
          text: (lines[line] ?? '').replace(/^\s*\|?\s*/, ''),
          symbol: routine?.name ?? '',
          place: { page, line },
          origin: { kind: 'kernel', steps },
        });
      }
      return first;
    });
    this.#kernel = { all, firstOfPage };
    return this.#kernel;
  }
}

function addressOf(index: number): number {
  return FIRST + index * SIZE;
}

/** `0x100004` as the protocol has addresses. */
export function writtenAddress(address: number): string {
  return `0x${address.toString(16)}`;
}

export function addressIn(text: unknown): number | undefined {
  const known = typeof text === 'string' && /^(?:0x[0-9a-f]+|\d+)$/i.test(text.trim());
  return known ? Number(text.trim()) : undefined;
}
