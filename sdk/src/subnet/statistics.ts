import { blockOptions, layersOf, type SearchSpace } from '../space/index.js';

/** One batch norm of one block choice. */
export interface Normalization {
  readonly layer: string;
  readonly key: string;
  readonly channels: number;
}

/** Every batch norm that some architecture of the space has: what `Statistics` must hold to serve them all. */
export function normalizationsOf(space: SearchSpace): readonly Normalization[] {
  const found = new Map<string, Normalization>();
  // A key depends on the resolution, the block's own choice and the last unit's depth: networks that are uniform in
  // option and in depth show them all.
  const options = Math.max(...space.units.map((unit) => blockOptions(unit).length));
  const depths = Math.max(...space.units.map((unit) => unit.depths.length));
  for (const resolution of space.resolutions) {
    for (let option = 0; option < options; option++) {
      for (let depth = 0; depth < depths; depth++) {
        const units = space.units.map((unit) => {
          const choice = cyclic(blockOptions(unit), option);
          return Array.from({ length: cyclic(unit.depths, depth) }, () => choice);
        });
        for (const layer of layersOf(space, { resolution, units }, 1)) {
          if (layer.kind !== 'convolution') continue;
          const { name, statisticsKey: key, outputChannels: channels } = layer;
          found.set(`${name} ${key}`, { layer: name, key, channels });
        }
      }
    }
  }
  return [...found.values()];
}

function cyclic<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}
