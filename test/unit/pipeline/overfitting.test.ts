import { join } from 'node:path';
import { writeBundle } from '@easel/exporter/bundle';
import type { Dataset, Split } from '@easel/exporter/data';
import { measureOverfitting, passOver } from '@easel/exporter/pipeline';
import { loadBundle } from '@easel/sdk/bundle';
import { directorySource } from '@easel/sdk/node';
import { Random } from '@easel/sdk/random';
import { largestArchitecture } from '@easel/sdk/space';
import { expect } from 'chai';
import { bundleClasses, randomBundleContents, withDirectory } from '#fixtures/bundle';
import { plainSpace } from '#fixtures/tiny-spaces';

const resolution = 16;
const imageBytes = resolution ** 2 * 3;

function noise(count: number, seed: number): Split {
  const random = new Random(seed);
  const images = Array.from({ length: count }, () =>
    Uint8Array.from({ length: imageBytes }, () => random.integer(256)),
  );
  return {
    size: count,
    labels: new Int32Array(count),
    read(indices, target) {
      for (let i = 0; i < indices.length; i++) {
        target.set(images[indices[i] as number] as Uint8Array, i * imageBytes);
      }
    },
  };
}

describe('overfitting', () => {
  it('shows in the accuracy on training images against that on others', () =>
    withDirectory(async (parent) => {
      const directory = join(parent, 'bundle');
      await writeBundle(directory, randomBundleContents(plainSpace));
      const bundle = await loadBundle(directorySource(directory));
      const unlabelled: Dataset = {
        name: 'noise',
        classes: bundleClasses,
        tasks: {},
        resolution,
        horizontalFlip: false,
        train: noise(30, 1),
        validation: noise(12, 2),
        test: noise(20, 3),
      };
      const request = { bundle, threads: 1, onProgress: () => undefined };
      const answersOn = async (split: 'train' | 'validation' | 'test') => {
        const images = Int32Array.from({ length: unlabelled[split].size }, (_, i) => i);
        const { logits } = await passOver(largestArchitecture(plainSpace), {
          ...request,
          dataset: unlabelled,
          split,
          images,
        });
        return images.map((image) => {
          const own = logits.subarray(image * bundleClasses.length, (image + 1) * bundleClasses.length);
          return own.indexOf(Math.max(...own));
        });
      };
      // What the largest subnet answers is right on training images, wrong on validation images, and on every other test image.
      const wrong = (answer: number) => (answer + 1) % bundleClasses.length;
      const dataset: Dataset = {
        ...unlabelled,
        train: { ...unlabelled.train, labels: await answersOn('train') },
        validation: { ...unlabelled.validation, labels: (await answersOn('validation')).map(wrong) },
        test: {
          ...unlabelled.test,
          labels: (await answersOn('test')).map((answer, image) => (image % 2 ? wrong(answer) : answer)),
        },
      };
      const progress: number[] = [];
      const { images, largest, smallest } = await measureOverfitting(
        { ...request, dataset, onProgress: (done, total) => progress.push(done / total) },
        20,
      );
      expect(images).to.deep.equal({ train: 20, validation: 12, test: 20 });
      expect(largest).to.deep.equal({ train: 1, validation: 0, test: 0.5 });
      expect(smallest).to.not.deep.equal(largest);
      expect(progress.at(-1)).to.equal(1);
      expect(progress).to.deep.equal([...progress].sort((a, b) => a - b));
    }));
});
