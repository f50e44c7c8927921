import { generatorOptions } from '@easel/exporter/pipeline';
import { InvalidRequestError } from '@easel/sdk/errors';
import { expect } from 'chai';

describe('generator options', () => {
  it('come from a file and from flags, which win; a part of `fit` keeps the rest of it', () => {
    const options = generatorOptions({ subnets: 20, fit: { epochs: 3, seed: -1 } }, { subnets: 30 });
    expect(options.subnets).to.equal(30);
    expect(options.fit).to.include({ epochs: 3, batch: 64, weightDecay: 0.01, seed: -1 });
  });

  it('are refused where they would be ignored or cannot be meant', () => {
    const refused: readonly [options: Record<string, unknown>, told: string][] = [
      [{ subnet: 20 }, 'generator option must be one of seed, subnets'],
      [{ subnets: 9.5 }, 'subnets must be a whole number above 0, got 9.5'],
      [{ subnets: 7 }, 'at least 8'],
      [{ hidden: '96' }, 'hidden must be a whole number above 0, got "96"'],
      [{ seed: 0.5 }, 'seed must be an integer'],
      [{ fit: 3 }, 'fit must be an object with any of epochs, batch'],
      [{ fit: { epoch: 3 } }, 'option of fit must be one of epochs, batch'],
      [{ fit: { batch: 0 } }, 'batch must be a whole number above 0, got 0'],
      [{ fit: { learningRate: -1 } }, 'learningRate must be a number above 0'],
      [{ fit: { weightDecay: null } }, 'weightDecay must be a number, 0 or more'],
      [{ constructor: 1 }, 'generator option must be one of'],
    ];
    for (const [options, told] of refused) expect(() => generatorOptions(options)).to.throw(InvalidRequestError, told);
  });
});
