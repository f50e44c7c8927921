import type { Dataset, Split } from '@easel/exporter/data';
import { DatasetError } from '@easel/exporter/errors';
import { trainGenerator } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { macsTable } from '@easel/sdk/space';
import { expect } from 'chai';
import { randomSupernet } from '#fixtures/random-supernet';
import { plainSpace } from '#fixtures/tiny-spaces';

const classes = ['ant', 'bee', 'cat'];

function datasetOf(labels: readonly number[]): Dataset {
  const split: Split = { size: labels.length, labels: Int32Array.from(labels), read: () => {} };
  return {
    ...{ name: 'insects', classes, tasks: { all: classes }, resolution: 16, horizontalFlip: true },
    ...{ train: split, validation: split, test: split },
  };
}

describe('generator', () => {
  it('says which class has too few validation images, and what to do, before anything is measured', async () => {
    for (const [labels, images, told] of [
      [[0, 0, 1, 2, 2], 10, 'class "bee" has 1 of the validation images; 2 are needed'],
      [[0, 0, 1, 1], 10, 'class "cat" has 0 of'],
      [[0, 0, 0, 1, 1, 1, 2, 2, 2], 5, 'take more than 5 (--images)'],
    ] as const) {
      const events: unknown[] = [];
      const error = await trainGenerator({
        ...{ dataset: datasetOf(labels), ...randomSupernet(plainSpace, 3, new Random(2)) },
        normalization: { mean: [120, 120, 120], std: [60, 60, 60] },
        devices: [macsTable(plainSpace, 3)],
        featuresOf: () => new Float32Array(1),
        options: { images },
        onEvent: (event) => events.push(event),
      }).catch((cause) => cause);
      expect(error)
        .to.be.instanceOf(DatasetError)
        .property('message')
        .include(told)
        .and.include('--validation-fraction');
      expect(events).to.deep.equal([]);
    }
  });
});
