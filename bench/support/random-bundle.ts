import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import { exportGenerator, initializeGenerator } from '@easel/exporter/generator';
import { featureCount } from '@easel/sdk/generator';
import { type DeviceProfile, parseProfile } from '@easel/sdk/profile';
import { randomSupernet } from '@easel/sdk/profiling';
import { Random } from '@easel/sdk/random';
import { optionCount, presetSpace } from '@easel/sdk/space';

/** Hidden units of the generator, as in a trained bundle. */
const hidden = 64;

/**
 * A bundle of the form of a trained one (mobile-32, ten classes, the committed device profiles) with random weights:
 * what it chooses means nothing, how long choosing takes does.
 */
export async function withRandomBundle<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const space = presetSpace('mobile-32');
  const random = new Random(1);
  const classes = Array.from({ length: 10 }, (_, i) => `class-${i}`);
  const features = featureCount(space, classes.length);
  const weights = initializeGenerator(
    { mean: new Float32Array(features), deviation: new Float32Array(features).fill(1) },
    hidden,
    Float32Array.from({ length: optionCount(space) }, () => random.normal()),
    random,
  );
  weights.outputWeight.data.forEach((_, i, data) => {
    data[i] = random.normal() / Math.sqrt(hidden);
  });
  const parent = await mkdtemp(join(tmpdir(), 'easel-bench-'));
  try {
    const directory = join(parent, 'bundle');
    await writeBundle(directory, {
      ...randomSupernet(space, classes.length),
      name: 'random',
      classes,
      tasks: Object.fromEntries([2, 3, 5, 10].map((count) => [`first-${count}`, classes.slice(0, count)])),
      preprocessing: { mean: [127, 127, 127], std: [64, 64, 64] },
      generator: exportGenerator(weights),
      profiles: await committedProfiles(space.name),
      provenance: { command: 'npm run bench -- scenarios', seed: 1, date: new Date().toISOString() },
    });
    return await use(directory);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/** Those of device-profiles/ (seen from the compiled bench/dist/support) that were measured for a search space. */
async function committedProfiles(space: string): Promise<DeviceProfile[]> {
  const directory = new URL('../../../device-profiles/', import.meta.url);
  const files = (await readdir(directory)).filter((file) => file.endsWith('.json')).sort();
  const profiles = await Promise.all(
    files.map(async (file) => parseProfile(JSON.parse(await readFile(new URL(file, directory), 'utf8')))),
  );
  return profiles.filter((profile) => profile.space.name === space);
}
