/** What is shown of a movement that takes long, in editors that show progress. */
import { counted } from '@snoopscope/sim-core';
import type { SessionState } from '../session-state.ts';

/** Looks at the client's messages after which a movement is long enough to show its progress: tenths of a second. */
const PROGRESS_AFTER = 100;

/** A run that takes long says so, and can be cancelled, in editors that show progress. */
export function tellProgress(state: SessionState): void {
  const { progress } = state;
  progress.pauses++;
  if (!progress.supported || progress.pauses % PROGRESS_AFTER !== 0) return;
  const message = `${counted(state.launched?.cursor.run.steps ?? 0, 'micro-step')}`;
  if (progress.id !== undefined) {
    state.emit('progressUpdate', { progressId: progress.id, message });
    return;
  }
  progress.id = `run ${++progress.count}`;
  state.emit('progressStart', { progressId: progress.id, title: 'Running the scenario', cancellable: true, message });
}

export function progressOver({ emit, progress }: SessionState): void {
  if (progress.id !== undefined) emit('progressEnd', { progressId: progress.id });
  progress.id = undefined;
  progress.pauses = 0;
}
