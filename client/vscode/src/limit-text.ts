// Which limit ended an exploration, and the way out in the editor.

import type { ExploreLimit } from '@snoopscope/sim-core';
import { counted } from '@snoopscope/sim-core';

export function limitNotice(limit: ExploreLimit): string {
  switch (limit.kind) {
    case 'states':
      return `The limit of ${counted(limit.at, 'state')} was reached; the setting snoopscope.limits.states raises it.`;
    case 'bytes':
      return `The limit of ${limit.at / 1e6} MB for states was reached; the setting snoopscope.limits.megabytes raises it.`;
    case 'depth':
      return `The limit of ${counted(limit.at, 'move')} on one path was reached.`;
    case 'switches':
      return `Interleavings with more than ${limit.at} ${limit.at === 1 ? 'switch' : 'switches'} were not visited.`;
    case 'stopped':
      return 'The exploration was cancelled before it had seen everything: this is what is known so far.';
    case 'finding':
      return `The exploration stopped at the first ${limit.finding}.`;
    case 'model':
    case 'thread':
      return limit.message;
  }
}
