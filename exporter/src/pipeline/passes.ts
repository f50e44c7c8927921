import type { Bundle } from '@easel/sdk/bundle';
import { nodeRuntime } from '@easel/sdk/node';
import type { Architecture } from '@easel/sdk/space';
import { assemble } from '@easel/sdk/subnet';
import { type Dataset, spreadOverClasses } from '../data/index.js';
import { DatasetError } from '../errors/index.js';
import { type Logits, modelLogits } from '../evaluation/index.js';

export type SplitName = 'train' | 'validation' | 'test';

export interface SubnetSetting {
  readonly bundle: Pick<Bundle, 'manifest' | 'supernet'>;
  readonly dataset: Dataset;
  readonly threads: number;
}

export interface PassRequest {
  readonly split: SplitName;
  /** Indices into the split. */
  readonly images: Int32Array;
  readonly onProgress: (done: number, total: number) => void;
}

/** An open subnet that tells all of the bundle's classes apart: its accuracy on every task follows from one pass. */
export interface PassingSubnet {
  passOver(request: PassRequest): Promise<Logits>;
  dispose(): Promise<void>;
}

export async function openSubnet(
  architecture: Architecture,
  { bundle, dataset, threads }: SubnetSetting,
): Promise<PassingSubnet> {
  const { supernet, manifest } = bundle;
  const all = manifest.classes.map((_, index) => index);
  const model = assemble(supernet, architecture, all, { batch: 'batch' });
  const session = await nodeRuntime.createSession(model, { threads });
  return {
    passOver: ({ split, images, onProgress }) =>
      modelLogits(session, dataset[split], {
        images,
        imageResolution: dataset.resolution,
        modelResolution: architecture.resolution,
        normalization: manifest.preprocessing,
        classOf: (label) => manifest.classes.indexOf(dataset.classes[label] as string),
        onProgress,
      }),
    dispose: () => session.dispose(),
  };
}

/** One pass of an architecture over images. */
export async function passOver(architecture: Architecture, request: SubnetSetting & PassRequest): Promise<Logits> {
  const subnet = await openSubnet(architecture, request);
  return subnet.passOver(request).finally(() => subnet.dispose());
}

/**
 * A split's images of the wanted classes, at most so many, spread evenly over the classes.
 * @throws DatasetError if the data set lacks one of the classes
 */
export function imagesOfClasses(dataset: Dataset, split: SplitName, wanted: readonly string[], most = Infinity) {
  const { name, classes } = dataset;
  const { labels } = dataset[split];
  const missing = wanted.find((className) => !classes.includes(className));
  if (missing !== undefined) {
    throw new DatasetError(name, `has no class "${missing}" of the bundle; it has: ${classes.slice(0, 24).join(', ')}`);
  }
  const known = new Set(wanted.map((className) => classes.indexOf(className)));
  const all = Int32Array.from(labels.keys()).filter((index) => known.has(labels[index] as number));
  const labelsOfAll = all.map((index) => labels[index] as number);
  return spreadOverClasses(labelsOfAll, most).map((place) => all[place] as number);
}
