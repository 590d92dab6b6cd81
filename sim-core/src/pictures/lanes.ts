/** The lanes of a timeline: who moves, then the environment, then where data is. */
import type { Model } from '../engine/model.ts';
import type { ActorModel } from '../topology.ts';

export interface LaneName {
  readonly name: string;
  readonly kind: ActorModel['kind'] | 'environment' | 'cache' | 'dram';
}

/** Numbers of lanes: actors have their own. */
export interface Lanes {
  readonly all: readonly LaneName[];
  readonly environment: number;
  readonly dram: number;
  cache(cpu: number): number;
}

export function lanesOf({ environment, world }: Model): Lanes {
  const { actors, cpu } = world.topology;
  const first = actors.length + (environment.length > 0 ? 1 : 0);
  return {
    all: [
      ...actors.map(({ name, kind }): LaneName => ({ name, kind })),
      ...(environment.length > 0 ? [{ name: 'environment', kind: 'environment' } as const] : []),
      ...Array.from({ length: cpu.count }, (_, i): LaneName => ({ name: `cpu${i}`, kind: 'cache' })),
      { name: 'DRAM', kind: 'dram' },
    ],
    environment: actors.length,
    dram: first + cpu.count,
    cache: (index) => first + index,
  };
}
