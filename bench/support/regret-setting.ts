import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, openDataset, type Split, spreadOverClasses } from '@easel/exporter/data';
import { LogitsStore, openBundlePredictor, SubnetRunner, taskAccuracy } from '@easel/exporter/evaluation';
import type { BaselineContext } from '@easel/exporter/evaluation/baselines';
import { adapterFor, type Bundle, loadBundle, supernetFor } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { decisionsOf } from '@easel/sdk/space';
import type { Supernet } from '@easel/sdk/subnet';
import { wholeNumber } from './flags.js';
import type { Progress } from './progress.js';

/** A bundle with its data set, ready to try subnets on. */
export interface Setting {
  readonly directory: string;
  readonly bundle: Bundle;
  /** Of the supernet without adapters. */
  readonly validation: SubnetRunner;
  readonly test: SubnetRunner;
  /** Of the supernet that a device takes for these classes. */
  readonly runnersFor: (classes: readonly number[]) => Promise<Runners>;
  readonly context: BaselineContext;
  readonly dispose: () => Promise<void>;
}

export type Runners = Readonly<Record<'validation' | 'test', SubnetRunner>>;

export interface SettingOptions {
  readonly data: string;
  /** Test images, at most. */
  readonly images: number | undefined;
  readonly seed: number;
  readonly threads: number;
  /** Folder for logits. */
  readonly cache: string | undefined;
  readonly progress: Progress;
}

/** Flags of benchmarks that open a setting; each has seeds and numbers of threads of its own. */
export const settingFlags = {
  bundle: { type: 'string', default: 'examples/bundles/cifar10' },
  data: { type: 'string' },
  images: { type: 'string' },
  cache: { type: 'string' },
} as const;

/** @throws RangeError that names the flag */
export function settingOptions(
  data: string,
  flags: { readonly images?: string; readonly cache?: string; readonly seed: string; readonly threads: string },
  progress: Progress,
): SettingOptions {
  return {
    data,
    images: flags.images === undefined ? undefined : wholeNumber('images', flags.images),
    seed: wholeNumber('seed', flags.seed, 0),
    threads: wholeNumber('threads', flags.threads),
    cache: flags.cache,
    progress,
  };
}

/** @param datasets opened before, by resolution */
export async function openSetting(
  directory: string,
  { data, images, seed, threads, cache, progress }: SettingOptions,
  datasets: Map<number, Dataset> = new Map(),
): Promise<Setting> {
  const bundle = await loadBundle(directorySource(directory));
  const { space, classes, preprocessing } = bundle.manifest;
  const resolution = space.resolutions.at(-1) as number;
  const dataset = datasets.get(resolution) ?? (await openDataset(data, { resolution }));
  datasets.set(resolution, dataset);
  if (dataset.classes.join() !== classes.join()) throw new Error(`${data} has other classes than ${directory}`);
  const predictor = await openBundlePredictor(bundle);
  if (!predictor) throw new Error(`${directory} has no predictor.onnx; make the bundle again`);
  if (cache) await mkdir(cache, { recursive: true });
  const opened = new Map<string, Promise<Runners>>();
  const open = async (supernet: Supernet): Promise<Runners> => {
    const runner = async (name: string, split: Split, most?: number) => {
      const identity = identityOf(bundle, supernet.adapter, split, name, most);
      const file = cache && join(cache, `${bundle.manifest.name}-${name}-${identity.slice(0, 8)}.logits`);
      return new SubnetRunner({
        supernet,
        classes: classes.length,
        resolution,
        normalization: preprocessing,
        threads,
        split,
        ...(most ? { images: most } : {}),
        ...(file ? { store: await LogitsStore.open(file, identity) } : {}),
        onRun: (count) => progress.ran(count),
      });
    };
    return {
      validation: await runner('validation', dataset.validation),
      test: await runner('test', dataset.test, images),
    };
  };
  const runnersFor = (set: readonly number[]): Promise<Runners> => {
    const adapter = adapterFor(bundle.manifest, set)?.task ?? '';
    const runners = opened.get(adapter) ?? open(supernetFor(bundle, set));
    opened.set(adapter, runners);
    return runners;
  };
  // Classes of no task have no adapter.
  const { validation, test } = await open(bundle.supernet);
  opened.set('', Promise.resolve({ validation, test }));
  const context: BaselineContext = {
    space,
    decisions: decisionsOf(space),
    seed,
    predict: predictor.predict,
    measure: async (set, architecture) =>
      taskAccuracy(await (await runnersFor(set)).validation.logits(architecture, set), set),
  };
  const dispose = async () => {
    const runners = await Promise.all(opened.values());
    await Promise.all([
      predictor.dispose(),
      ...runners.flatMap(({ validation, test }) => [validation.close(), test.close()]),
    ]);
  };
  return { directory, bundle, validation, test, runnersFor, context, dispose };
}

/** Equal only for the same subnets on the same images. */
function identityOf(
  { manifest }: Bundle,
  adapter: string | undefined,
  split: Split,
  name: string,
  images: number | undefined,
): string {
  const { files, supernet, statistics, preprocessing } = manifest;
  const adapted = adapter === undefined ? [] : [manifest.adapters?.[adapter]?.file as string];
  const sums = [supernet, statistics, ...adapted].map((file) => files[file]?.sha256);
  const hash = createHash('sha256').update(JSON.stringify([sums, preprocessing, name, images ?? split.size]));
  hash.update(split.labels);
  // Which ones, where they are some of the split only.
  if (images !== undefined && images < split.size) hash.update(spreadOverClasses(split.labels, images));
  return hash.digest('hex');
}
