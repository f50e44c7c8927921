import type { Architecture, SearchSpace } from '@easel/sdk/space';
import type { ProgressiveOptions } from './options.js';

/** Which subnets take part: the largest alone; those of full width; all. */
export type Stage = 'largest' | 'depth' | 'all';

/** @param progress of the steps before batch norm is frozen, 0..1; afterwards 1 */
export function stageAt(progress: number, progressive: ProgressiveOptions | null): Stage {
  if (!progressive) return 'all';
  if (progress < progressive.largest) return 'largest';
  return progress < progressive.largest + progressive.depth ? 'depth' : 'all';
}

/** The architecture of a stage that is most like this one: at full width, where widths do not vary yet. */
export function inStage(space: SearchSpace, architecture: Architecture, stage: Stage): Architecture {
  if (stage === 'all') return architecture;
  const units = architecture.units.map((blocks, u) => {
    const { expandRatios } = space.units[u] as SearchSpace['units'][number];
    const expandRatio = expandRatios.at(-1) as number;
    return blocks.map(({ kernel }) => ({ kernel, expandRatio }));
  });
  return { ...architecture, units };
}
