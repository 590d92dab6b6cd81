/**
 * Mappings of containers and address spaces. Logs of calls show the request and its result, but not the range: ranges are
 * then laid out one after the other, and unmapped in the order in which they were mapped.
 */
import type { KnownArguments } from '../log/record.ts';

export interface Range {
  readonly iova: string;
  readonly size: string;
  readonly vaddr: string;
}

/** Where nothing is mapped in user memory: the first page. */
const NOTHING = '0x1000';
const USER_MEMORY = '0x7f0000000000';
/** Distance of assumed ranges. */
const STRIDE = 0x100_0000n;

export class LoggedMappings {
  readonly #of = new Map<string, Range[]>();
  #next = 0n;

  /** The range of a call that maps, and whether it was known. */
  map(where: string, failed: boolean, known: KnownArguments | undefined): Range {
    const range: Range = {
      iova: known?.iova ?? hex(this.#next * STRIDE),
      size: known?.size ?? 'PAGE',
      vaddr: failed ? NOTHING : (known?.vaddr ?? USER_MEMORY),
    };
    this.#next++;
    if (!failed) this.#live(where).push(range);
    return range;
  }

  /** The range of a call that unmaps; one where nothing is mapped if the call found nothing. */
  unmap(where: string, foundNothing: boolean, known: KnownArguments | undefined): Pick<Range, 'iova' | 'size'> {
    const live = foundNothing ? [] : this.#live(where);
    if (known?.iova !== undefined) {
      const at = live.findIndex(({ iova }) => iova === known.iova);
      if (at >= 0) live.splice(at, 1);
      return { iova: known.iova, size: known.size ?? 'PAGE' };
    }
    return live.shift() ?? { iova: hex(this.#next++ * STRIDE), size: 'PAGE' };
  }

  /** Nothing is mapped any more: the container or address space is gone. */
  forget(where: string): void {
    this.#of.delete(where);
  }

  #live(where: string): Range[] {
    const live = this.#of.get(where) ?? [];
    this.#of.set(where, live);
    return live;
  }
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
