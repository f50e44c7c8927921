import { defaultAugmentation } from '@easel/exporter/data';
import { completeOptions, scheduleOf, trainingOptions } from '@easel/exporter/training';
import { InvalidRequestError } from '@easel/sdk/errors';
import { expect } from 'chai';

describe('scheduleOf', () => {
  const options = trainingOptions({ epochs: 10, finishingEpochs: 4, batchSize: 10, warmUpEpochs: 0.5 });
  const schedule = scheduleOf(options, 1000);

  it('counts steps by images seen', () => {
    expect(schedule.stepsPerEpoch).to.equal(100);
    expect(schedule.trainingSteps).to.equal(1000);
    expect(schedule.totalSteps).to.equal(1400);
    expect([schedule.phase(999), schedule.phase(1000)]).to.deep.equal(['training', 'finishing']);
  });

  it('warms up from a tenth, peaks, and falls to zero twice', () => {
    const { learningRate, finishingLearningRate } = options;
    expect(schedule.learningRate(0)).closeTo(learningRate / 10, 1e-9);
    expect(schedule.learningRate(50)).closeTo(learningRate, 1e-9);
    expect(schedule.learningRate(525)).closeTo(learningRate / 2, 1e-9);
    expect(schedule.learningRate(999)).below(learningRate / 1000);
    expect(schedule.learningRate(1000)).closeTo(finishingLearningRate, 1e-9);
    expect(schedule.learningRate(1399)).below(finishingLearningRate / 1000);
  });

  it('has a step per epoch at least, and warms up for a tenth of a short training at most', () => {
    const short = scheduleOf({ ...options, epochs: 20 }, 4);
    expect([short.stepsPerEpoch, short.totalSteps]).to.deep.equal([1, 24]);
    const hurried = scheduleOf({ ...options, epochs: 1, warmUpEpochs: 5 }, 1000);
    expect(hurried.learningRate(9)).below(options.learningRate);
    expect(hurried.learningRate(10)).closeTo(options.learningRate, 1e-9);
  });

  it('collects statistics before each of the first finishing epochs', () => {
    expect(schedule.collections).to.deep.equal([1000, 1100, 1200]);
    expect(scheduleOf({ ...options, finishingEpochs: 1.5 }, 1000).collections).to.deep.equal([1000, 1100]);
    expect(scheduleOf({ ...options, finishingEpochs: 0 }, 1000).collections).to.deep.equal([1000]);
  });
});

describe('trainingOptions', () => {
  it('names an option out of range, or unknown', () => {
    expect(() => trainingOptions({ momentum: 1 })).to.throw(InvalidRequestError, 'momentum must be from 0 to below 1');
    expect(() => trainingOptions({ learningRate: Number.NaN })).to.throw(InvalidRequestError, 'learningRate');
    const { taskDropout } = trainingOptions();
    expect(() => trainingOptions({ taskDropout: { ...taskDropout, keepAll: 2 } })).to.throw('taskDropout.keepAll');
    expect(() => trainingOptions({ taskDropout: { ...taskDropout, per: 'batch' as 'step' } })).to.throw(
      'taskDropout.per must be step or image, got "batch"',
    );
    expect(() => trainingOptions({ learnRate: 1 } as object)).to.throw('learnRate');
    expect(() => trainingOptions({ taskDropout: { ...taskDropout, pre: 'image' } as never })).to.throw(
      'option of taskDropout must be one of per, keepAll, singleTask, randomClasses, got "pre"',
    );
    expect(() => trainingOptions({ progressive: { widest: 1 } } as never)).to.throw('option of progressive');
    expect(() => trainingOptions({ divergence: 'js' } as object)).to.throw('divergence must be kl or alpha, got "js"');
    expect(() => trainingOptions({ divergence: 'alpha', temperature: 2 })).to.throw('temperature must be 1');
    expect(() => trainingOptions({ averaging: 1 })).to.throw('averaging');
    // Any text is true, the text "false" too.
    expect(() => trainingOptions({ distillation: 'false' } as object)).to.throw('distillation must be true or false');
    for (const group of ['taskDropout', 'pool', 'statistics', 'augmentation', 'progressive']) {
      expect(() => trainingOptions({ [group]: true })).to.throw(InvalidRequestError, `${group} must be an object`);
    }
    expect(() => trainingOptions({ pool: null } as object)).to.throw('with any of size, uses, got null');
    expect(() => trainingOptions({ progressive: { largest: 0.6, depth: 0.6 } })).to.throw('progressive.largest +');
  });

  it('names what is wrong with an augmentation', () => {
    const augmented = (over: object) => () =>
      trainingOptions({ augmentation: { ...defaultAugmentation, ...over } } as object);
    expect(augmented({ cropPadding: -1 })).to.throw('augmentation.cropPadding must be zero or a positive integer');
    expect(augmented({ cutMix: 2 })).to.throw('augmentation.cutMix must be from 0 to 1, got 2');
    expect(augmented({ cutout: 2.5 })).to.throw('augmentation.cutout');
    expect(augmented({ scale: 0.8 })).to.throw('augmentation.scale must be two numbers');
    expect(augmented({ scale: [0, 1] })).to.throw('augmentation.scale[0] must be a positive number');
    expect(augmented({ scale: [1.2, 0.8] })).to.throw('augmentation.scale[1] must be not below the first');
    expect(augmented({ scale: [0.8, 0.8] })).not.to.throw();
  });
});

describe('completeOptions', () => {
  it('reads options that an earlier version did not have as off', () => {
    const { divergence, temperature, ratioClip, averaging, progressive, taskDropout, ...others } = trainingOptions();
    const { scale, ...augmentation } = defaultAugmentation;
    const rest = { ...others, augmentation };
    const { keepAll, singleTask } = taskDropout;
    const early = { ...rest, taskDropout: { keepAll, singleTask } } as unknown as ReturnType<typeof trainingOptions>;
    expect(completeOptions(early)).to.deep.equal({
      ...early,
      divergence: 'kl',
      temperature: 1,
      ratioClip: 5,
      averaging: 0,
      progressive: null,
      taskDropout: { per: 'step', keepAll, singleTask, randomClasses: 0 },
      augmentation: { ...augmentation, scale: [1, 1] },
    });
    expect(completeOptions({ ...early, augmentation: null }).augmentation).to.equal(null);
    const now = trainingOptions({ divergence: 'alpha', averaging: 0.9 });
    expect(completeOptions(now)).to.deep.equal(now);
  });
});
