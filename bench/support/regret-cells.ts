import { readFile } from 'node:fs/promises';
import type { Cell } from '@easel/exporter/evaluation/baselines';
import { sharedFactors } from '@easel/exporter/generator';
import type { Bundle } from '@easel/sdk/bundle';
import { costRange } from '@easel/sdk/generator';
import { type DeviceProfile, latencyTable, parseProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { decisionsOf } from '@easel/sdk/space';

/** Class sets by name, as names of classes: the bundle's tasks, then random sets of two to five classes. */
export function classSets({ manifest }: Bundle, count: number, seed: number): Map<string, readonly string[]> {
  const sets = new Map<string, readonly string[]>(Object.entries(manifest.tasks).slice(0, count));
  const random = new Random(seed + 5);
  const most = Math.min(5, manifest.classes.length);
  // A data set with few classes has few sets.
  for (let tries = 0; sets.size < count && tries < 100 * count; tries++) {
    const chosen = random.shuffle([...manifest.classes]).slice(0, 2 + random.integer(most - 1));
    sets.set([...chosen].sort().join('+'), chosen);
  }
  return sets;
}

/** Every class set within budgets spread over the range of every device. */
export function cellsOf(
  { manifest: { space, classes } }: Bundle,
  sets: ReadonlyMap<string, readonly string[]>,
  profiles: readonly DeviceProfile[],
  budgets: number,
): Cell[] {
  return profiles.flatMap((profile) => {
    const table = latencyTable(profile, space);
    const { smallest, largest } = costRange(decisionsOf(space), table);
    return [...sets].flatMap(([task, names]) =>
      Array.from({ length: budgets }, (_, i): Cell => {
        const most = smallest + ((largest - smallest) * (i + 0.5)) / budgets;
        const members = names.map((name) => classes.indexOf(name)).sort((a, b) => a - b);
        return { task, classes: members, device: profile.name, table, most };
      }),
    );
  });
}

/** @param wanted names of the bundle's profiles, or paths of others, separated by commas */
export function readProfiles(wanted: string, { manifest, profiles }: Bundle): Promise<DeviceProfile[]> {
  const read = async (name: string) => {
    const known = profiles.get(name);
    if (known) return known;
    const text = await readFile(name, 'utf8').catch(() => {
      throw new Error(
        `"${name}" is neither a profile's file nor one of the bundle's: ${[...profiles.keys()].join(', ')}`,
      );
    });
    return parseProfile(JSON.parse(text), manifest.space);
  };
  return Promise.all(wanted.split(',').map(read));
}

/** A device that nobody measured: kernel sizes, expand ratios and units of another one get dearer or cheaper. */
export function perturbedProfile(profile: DeviceProfile, seed: number): DeviceProfile {
  // Wider than what the generator is trained on.
  const factor = sharedFactors(new Random(seed), { unit: 0.3, kernel: 0.3, expandRatio: 0.15 });
  const perturbed = (costs: Readonly<Record<string, number>>, unit: number) =>
    Object.fromEntries(
      Object.entries(costs).map(([option, cost]) => {
        const [kernel, expandRatio] = option.split('x').map(Number) as [number, number];
        return [option, cost * factor(unit, { kernel, expandRatio })];
      }),
    );
  return {
    ...profile,
    name: `${profile.name}-perturbed-${seed}`,
    terms: profile.terms.map((term) => ({
      ...term,
      units: term.units.map(({ first, later }, u) => ({ first: perturbed(first, u), later: perturbed(later, u) })),
    })),
  };
}
