/**
 * Random tests begin with one seed, so that the same commit gives the same answer everywhere. `SEED=random` takes
 * another each time, `SEED=123` that one; fast-check prints the seed of what failed.
 */
import fc from 'fast-check';

const asked = process.env.SEED;
if (asked !== 'random') fc.configureGlobal({ seed: asked === undefined ? 20261122 : Number(asked) });
