import { availableParallelism } from 'node:os';
import { openDataset } from '@easel/exporter/data';
import { SubnetRunner, taskAccuracy } from '@easel/exporter/evaluation';
import type { BaselineContext } from '@easel/exporter/evaluation/baselines';
import { type Bundle, loadBundle, predictorInputs, predictorOutputs } from '@easel/sdk/bundle';
import { directorySource, nodeRuntime } from '@easel/sdk/node';
import type { DeviceProfile } from '@easel/sdk/profile';
import { Random } from '@easel/sdk/random';
import { decisionsOf, encodeArchitecture } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';

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
  if (!bundle.predictor) throw new Error(`${directory} has no predictor.onnx; make the bundle again`);
  const session = await nodeRuntime.createSession(bundle.predictor);
  const decisions = decisionsOf(space);
  const context: BaselineContext = {
    space,
    decisions,
    seed,
    async predict(set, architectures) {
      const rows = architectures.map((architecture) => encodeArchitecture(decisions, architecture));
      const width = rows[0]?.length ?? 0;
      const sets = tensor([rows.length, classes.length]);
      const chosen = tensor([rows.length, width]);
      rows.forEach((row, i) => {
        for (const index of set) sets.data[i * classes.length + index] = 1;
        chosen.data.set(row, i * width);
      });
      const outputs = await session.run({ [predictorInputs[0]]: sets, [predictorInputs[1]]: chosen });
      return [...(outputs[predictorOutputs[0]] as Tensor).data];
    },
    measure: async (set, architecture) => taskAccuracy(await validation.logitsOfClasses(architecture, set), set),
  };
  return { bundle, validation, test, context, dispose: () => session.dispose() };
}

/** A device that nobody measured: kernel sizes, expand ratios and units of another one get dearer or cheaper. */
export function perturbedProfile(profile: DeviceProfile, seed: number): DeviceProfile {
  const random = new Random(seed);
  const factor = (deviation: number) => Math.exp(deviation * random.normal());
  const shared = new Map<string, number>();
  const of = (key: string, deviation: number) => {
    const known = shared.get(key) ?? factor(deviation);
    shared.set(key, known);
    return known;
  };
  const perturbed = (costs: Readonly<Record<string, number>>, unit: number) =>
    Object.fromEntries(
      Object.entries(costs).map(([option, cost]) => {
        const [kernel, ratio] = option.split('x');
        return [option, cost * of(`unit ${unit}`, 0.3) * of(`kernel ${kernel}`, 0.3) * of(`ratio ${ratio}`, 0.15)];
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
