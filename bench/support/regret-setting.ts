import { availableParallelism } from 'node:os';
import { openDataset } from '@easel/exporter/data';
import { openBundlePredictor, SubnetRunner, taskAccuracy } from '@easel/exporter/evaluation';
import type { BaselineContext } from '@easel/exporter/evaluation/baselines';
import { sharedFactors } from '@easel/exporter/generator';
import { type Bundle, loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import type { DeviceProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { decisionsOf } from '@easel/sdk/space';

/** A bundle with its data set, ready to try subnets on. */
export interface Setting {
  readonly bundle: Bundle;
  readonly validation: SubnetRunner;
  readonly test: SubnetRunner;
  readonly context: BaselineContext;
  readonly dispose: () => Promise<void>;
}

export interface SettingOptions {
  readonly data: string;
  readonly images?: number;
  readonly seed: number;
}

export async function openSetting(directory: string, { data, images, seed }: SettingOptions): Promise<Setting> {
  const bundle = await loadBundle(directorySource(directory));
  const { space, classes, preprocessing } = bundle.manifest;
  const dataset = await openDataset(data, { resolution: space.resolutions.at(-1) as number });
  if (dataset.classes.join() !== classes.join()) throw new Error(`${data} has other classes than ${directory}`);
  const shared = {
    supernet: bundle.supernet,
    classes: classes.length,
    resolution: dataset.resolution,
    normalization: preprocessing,
    threads: availableParallelism(),
  };
  const validation = new SubnetRunner({ ...shared, split: dataset.validation });
  const test = new SubnetRunner({ ...shared, split: dataset.test, ...(images ? { images } : {}) });
  const predictor = await openBundlePredictor(bundle);
  if (!predictor) throw new Error(`${directory} has no predictor.onnx; make the bundle again`);
  const decisions = decisionsOf(space);
  const context: BaselineContext = {
    space,
    decisions,
    seed,
    predict: predictor.predict,
    measure: async (set, architecture) => taskAccuracy(await validation.logitsOfClasses(architecture, set), set),
  };
  return { bundle, validation, test, context, dispose: predictor.dispose };
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
