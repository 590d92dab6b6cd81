/** Where an intent leads in a run, for hosts that move its cursor. */
import type { Intent } from './draw/index.ts';

/** One of these, as `snoopscope/seek` takes it. */
export interface Destination {
  readonly position?: number;
  readonly event?: number;
  readonly finding?: 'next' | 'previous';
  readonly actor?: number;
}

/** Undefined for intents that leave the cursor where it is. */
export function destinationOf(intent: Intent): Destination | undefined {
  switch (intent.kind) {
    case 'goTo':
      return { position: intent.position };
    case 'goToEvent':
    case 'explain':
      return { event: intent.event };
    case 'finding':
      return { finding: intent.forwards ? 'next' : 'previous' };
    case 'select':
      return { actor: intent.actor };
    default:
      return undefined;
  }
}
