import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { exportGenerator, initializeGenerator } from '@easel/exporter/generator';
import { featureCount } from '@easel/sdk/generator';
import { type DeviceProfile, optionKey } from '@easel/sdk/profile';
import { randomSupernet } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import {
  blockOptions,
  type CostTable,
  decisionsOf,
  deepest,
  macsTable,
  parseSearchSpace,
  presetSpace,
  spaceFingerprint,
} from '@easel/sdk/space';

/** mobile-32 on large images: its largest subnet takes about ten milliseconds, as long as a scheduler's turns. */
export const side = 160;
export const space = parseSearchSpace({
  ...presetSpace('mobile-32'),
  name: `mobile-32-at-${side}`,
  resolutions: [side],
});
const classes = ['a', 'b', 'c', 'd'];
export const task = 'all';

/** A bundle with random weights, whose generator wants the largest that a budget allows. */
export async function withLargeImages<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const features = featureCount(space, classes.length);
  const unnormalized = { mean: new Float32Array(features), deviation: new Float32Array(features).fill(1) };
  const utilities = Float32Array.from(decisionsOf(space).flatMap(({ options }) => options.map((_, i) => i)));
  const parent = await mkdtemp(join(tmpdir(), 'easel-bench-'));
  try {
    const directory = join(parent, 'bundle');
    await writeBundle(directory, {
      ...randomSupernet(space, classes.length),
      name: 'random',
      classes,
      tasks: { [task]: classes },
      preprocessing: { mean: [127, 127, 127], std: [64, 64, 64] },
      generator: exportGenerator(initializeGenerator(unnormalized, 4, utilities, new Random(1))),
      profiles: [],
      provenance: { command: 'npm run bench -- adaptive', seed: 1, date: new Date().toISOString() },
    });
    return await use(directory);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/** A table that shares out by MACs what the largest subnet takes. */
export function proportionalTo(largestMs: number): DeviceProfile {
  const table: CostTable = macsTable(space, classes.length);
  const most = (table.base[0] as number) + (table.blocks[0] ?? []).reduce((sum, costs) => sum + Math.max(...costs), 0);
  const milliseconds = (macs: number) => (macs / most) * largestMs;
  let block = 0;
  const units = space.units.map((unit) => {
    const costs = (index: number) =>
      Object.fromEntries(
        blockOptions(unit).map((option, i) => [
          optionKey(option),
          milliseconds(table.blocks[0]?.[index]?.[i] as number),
        ]),
      );
    const shape = { first: costs(block), later: costs(block + 1) };
    block += deepest(unit);
    return shape;
  });
  return {
    schemaVersion: 1,
    name: 'proportional',
    space: { name: space.name, fingerprint: spaceFingerprint(space), classes: classes.length },
    device: { cpu: 'this machine', architecture: process.arch, cores: 1, os: process.platform },
    runtime: { engine: 'onnxruntime-node', version: 'any', provider: 'cpu', threads: 1 },
    measured: { date: new Date().toISOString(), subnets: 1, repeats: 1, quantile: 0.95, noise: 0 },
    terms: [{ resolution: side, base: milliseconds(table.base[0] as number), units }],
    error: { subnets: 0, medianRelative: 0, p90: 0, within5: 0, within10: 0 },
  };
}
