/** Tells the client which sources there are: the files of the scenario at once, pages of the kernel when one is shown. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { launchedOf, type SessionState } from '../session-state.ts';

/** After a launch or restart: what is new, what may have changed, and what is not there any more. */
export function tellSources(state: SessionState): void {
  const { convert, debuggee } = launchedOf(state);
  const left = new Map(state.sources);
  for (const file of debuggee.sources.keys()) {
    const source = convert.source(file);
    tell(state, left.delete(keyOf(source)) ? 'changed' : 'new', source);
  }
  for (const [key, source] of left) {
    const index = source.sourceReference ? debuggee.kernel.findIndex(({ path }) => keyOfPage(path) === key) : -1;
    if (index >= 0) tell(state, 'changed', convert.kernelSource(index), key);
    else tell(state, 'removed', source, key);
  }
}

/** A page of the kernel is about to be shown. */
export function tellPage(state: SessionState, page: number): void {
  const { convert, debuggee } = launchedOf(state);
  const key = keyOfPage(debuggee.kernel[page]?.path ?? '');
  if (!state.sources.has(key)) tell(state, 'new', convert.kernelSource(page), key);
}

function tell(
  state: SessionState,
  reason: 'new' | 'changed' | 'removed',
  source: DebugProtocol.Source,
  key = keyOf(source),
): void {
  if (reason === 'removed') state.sources.delete(key);
  else state.sources.set(key, source);
  state.emit('loadedSource', { reason, source });
}

function keyOf({ path, name }: DebugProtocol.Source): string {
  return path ?? name ?? '';
}

function keyOfPage(path: string): string {
  return `kernel ${path}`;
}
