import { type Architecture, formatArchitecture, largestArchitecture, smallestArchitecture } from '@easel/sdk/space';
import { type Logits, taskAccuracy } from '../evaluation/index.js';
import { imagesOfClasses, openSubnet, type PassRequest, type SplitName, type SubnetSetting } from './passes.js';

/**
 * Accuracy over all classes on images that a supernet was trained with, as they are (not augmented), and on others. Much
 * better on training images: it overfits. Hardly better, and not good: it underfits.
 */
export interface Overfitting {
  /** Of every split: at most as many as of the test images. */
  readonly images: Readonly<Record<SplitName, number>>;
  readonly largest: Readonly<Record<SplitName, number>>;
  readonly smallest: Readonly<Record<SplitName, number>>;
}

const splits = ['train', 'validation', 'test'] as const;

/**
 * Runs the largest and the smallest subnet over images of every split.
 * @param most images of a split
 * @param tested passes over as many test images that were made already, by architecture
 */
export async function measureOverfitting(
  request: SubnetSetting & Pick<PassRequest, 'onProgress'>,
  most: number,
  tested: ReadonlyMap<string, Logits> = new Map(),
): Promise<Overfitting> {
  const { bundle, dataset, onProgress } = request;
  const { space, classes } = bundle.manifest;
  const ofSplits = async <Value>(value: (split: SplitName) => Value | Promise<Value>) => {
    const entries: [SplitName, Value][] = [];
    for (const split of splits) entries.push([split, await value(split)]);
    return Object.fromEntries(entries) as Record<SplitName, Value>;
  };
  const images = await ofSplits((split) => imagesOfClasses(dataset, split, classes, most));
  let passes = 0;
  const total = 2 * splits.length;
  const accuraciesOf = async (architecture: Architecture) => {
    const subnet = await openSubnet(architecture, request);
    const pass = (split: SplitName) =>
      subnet.passOver({
        split,
        images: images[split],
        onProgress: (done, all) => onProgress(passes + done / all, total),
      });
    return ofSplits(async (split) => {
      const known = split === 'test' ? tested.get(formatArchitecture(architecture)) : undefined;
      const accuracy = taskAccuracy(known ?? (await pass(split)));
      onProgress(++passes, total);
      return accuracy;
    }).finally(() => subnet.dispose());
  };
  return {
    images: await ofSplits((split) => images[split].length),
    largest: await accuraciesOf(largestArchitecture(space)),
    smallest: await accuraciesOf(smallestArchitecture(space)),
  };
}
