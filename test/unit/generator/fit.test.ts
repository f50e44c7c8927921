import {
  answerOf,
  exportGenerator,
  fitNetwork,
  initializeGenerator,
  type Lesson,
  measureFeatures,
} from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fitOptions, options } from './synthetic.js';

describe('generator', () => {
  const random = new Random(9);
  const featureCount = 5;
  const rows = Array.from({ length: 400 }, () =>
    Float32Array.from({ length: featureCount }, () => random.uniform(2, 4)),
  );
  const common = Float32Array.from({ length: options }, () => random.normal());
  const untrained = initializeGenerator(measureFeatures(rows), 16, common, random);
  const all: Lesson[] = rows.map((features) => ({
    features,
    targets: Float32Array.from({ length: options }, (_, o) => {
      const effect = o % 2 === 0 ? (features[0] as number) - 3 : 3 - (features[1] as number);
      return effect + 0.3 * random.normal();
    }),
  }));
  const split = (lessons: readonly Lesson[]) => ({ lessons: lessons.slice(80), heldOut: lessons.slice(0, 80) });

  it('answers with the common utilities before it is trained', () => {
    expect([...answerOf(untrained, rows[0] as Float32Array)]).to.deep.equal([...common]);
  });

  it('learns what a request changes, however small it is', async () => {
    for (const scale of [1, 1e-3]) {
      const scaled = all.map((lesson) => ({ ...lesson, targets: lesson.targets.map((target) => scale * target) }));
      const { weights, heldOutRatio } = await fitNetwork(untrained, split(scaled), fitOptions);
      expect(heldOutRatio).to.be.lessThan(0.5);
      const [low, high] = [2, 4].map((value) => answerOf(weights, Float32Array.of(value, 3, 3, 3, 3)));
      expect(((high?.[0] as number) - (low?.[0] as number)) / scale).to.be.closeTo(2, 0.6);
      expect(((high?.[1] as number) - (low?.[1] as number)) / scale).to.be.closeTo(0, 0.6);
    }
  });

  it('keeps the common utilities where lessons are nothing but noise', async () => {
    const noise = all.map((lesson) => ({ ...lesson, targets: lesson.targets.map(() => random.normal()) }));
    const { heldOutRatio, weights } = await fitNetwork(untrained, split(noise), { ...fitOptions, epochs: 8 });
    expect(heldOutRatio).to.be.within(0.97, 1);
    const change = answerOf(weights, rows[0] as Float32Array).map((utility, o) => utility - (common[o] as number));
    expect(Math.max(...change.map(Math.abs))).to.be.lessThan(0.3);
  });

  it('is exported as an ONNX model that computes the same', async () => {
    const { weights } = await fitNetwork(untrained, split(all), { ...fitOptions, epochs: 3 });
    const session = await InferenceSession.create(exportGenerator(weights), { intraOpNumThreads: 1 });
    const batch = rows.slice(0, 3);
    const data = Float32Array.from(batch.flatMap((row) => [...row]));
    const { utilities } = await session.run({ request: new Tensor('float32', data, [3, featureCount]) });
    batch.forEach((row, i) => {
      answerOf(weights, row).forEach((expected, o) => {
        expect(Number(utilities?.data[i * options + o])).to.be.closeTo(expected, 1e-4);
      });
    });
    await session.release();
  });

  it('refuses too few lessons', async () => {
    let message = '';
    await fitNetwork(untrained, { lessons: all.slice(0, 20) }, fitOptions).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain('too few');
  });
});
