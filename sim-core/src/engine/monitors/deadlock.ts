import type { Monitor } from './monitors.ts';

/** A run or a search reports it when no actor can move and one of them waits for a lock. */
export const deadlock: Monitor<'deadlock'> = {
  finding: 'deadlock',
  label: 'Deadlock',
  doc: 'Actors wait for locks that none of them will ever release.',
  sources: [{ document: 'linux', place: 'Documentation/locking/lockdep-design.rst' }],
  fails: 'always',
  stopsByDefault: true,
  operands: ['actor', 'actors'],
  headline: (actor, all) =>
    all.includes(' and ')
      ? `${all} wait for each other's locks for ever`
      : `${actor} waits for a lock that is never released`,
  explainedBy: 'lock-cycle',
  needsVersions: false,
};
