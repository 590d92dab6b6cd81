import type { SemanticTokens, SemanticTokensDelta } from 'vscode-languageserver';

/** The last colours sent for each document, so that an edit sends only what is different. */
export class TokenResults {
  readonly #last = new Map<string, { readonly id: string; readonly data: readonly number[] }>();
  #count = 0;

  full(uri: string, data: number[]): SemanticTokens {
    return { resultId: this.#remember(uri, data), data };
  }

  /** All of them when the client knows an older result than the last. */
  delta(uri: string, previous: string, data: number[]): SemanticTokens | SemanticTokensDelta {
    const last = this.#last.get(uri);
    if (last === undefined || last.id !== previous) return this.full(uri, data);
    const start = commonStart(last.data, data);
    const end = commonEnd(last.data, data, start);
    const resultId = this.#remember(uri, data);
    const deleteCount = last.data.length - start - end;
    const inserted = data.slice(start, data.length - end);
    return {
      resultId,
      edits: deleteCount === 0 && inserted.length === 0 ? [] : [{ start, deleteCount, data: inserted }],
    };
  }

  forget(uri: string): void {
    this.#last.delete(uri);
  }

  #remember(uri: string, data: readonly number[]): string {
    const id = String(++this.#count);
    this.#last.set(uri, { id, data });
    return id;
  }
}

function commonStart(left: readonly number[], right: readonly number[]): number {
  const most = Math.min(left.length, right.length);
  let count = 0;
  while (count < most && left[count] === right[count]) count++;
  return count;
}

function commonEnd(left: readonly number[], right: readonly number[], start: number): number {
  const most = Math.min(left.length, right.length) - start;
  let count = 0;
  while (count < most && left[left.length - 1 - count] === right[right.length - 1 - count]) count++;
  return count;
}
