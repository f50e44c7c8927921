import {
  exportGenerator,
  fitGenerator,
  fitUtilities,
  initializeGenerator,
  type Lesson,
  logLikelihood,
  measureFeatures,
  perturbedDevice,
  randomScenario,
  type ScenarioSource,
  utilitiesOf,
} from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  decisionsOf,
  encodeArchitecture,
  largestArchitecture,
  macsTable,
  optionCount,
  presetSpace,
  randomArchitecture,
  smallestArchitecture,
} from '@easel/sdk/space';
import { expect } from 'chai';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const space = presetSpace('tiny-32');
const decisions = decisionsOf(space);
const options = optionCount(space);
const source: ScenarioSource = {
  space,
  decisions,
  tasks: [
    [0, 1, 2],
    [3, 4],
  ],
  classes: 6,
  devices: [macsTable(space, 6)],
};
const fitOptions = {
  epochs: 30,
  batch: 32,
  learningRate: 3e-3,
  weightDecay: 1e-3,
  heldOut: 0.2,
  seed: 3,
};

describe('closed-form utilities', () => {
  it('knows the log-likelihood of a softmax over some classes', () => {
    const logits = Float32Array.of(1, 2, 50, 0, 3, 50);
    const first = Math.log(Math.exp(1) / (Math.exp(1) + Math.exp(2)));
    const second = Math.log(Math.exp(3) / (Math.exp(0) + Math.exp(3)));
    expect(logLikelihood(logits, Int32Array.of(0, 1), 3, [0, 1])).to.be.closeTo((first + second) / 2, 1e-6);
    expect(() => logLikelihood(logits, Int32Array.of(0, 1), 3, [2])).to.throw(RangeError);
  });

  it('orders unseen architectures as the additive truth that its measurements came from', () => {
    const random = new Random(5);
    const truth = Float32Array.from({ length: options }, () => random.normal());
    const score = (encoded: Float32Array) => encoded.reduce((sum, on, o) => sum + on * (truth[o] as number), 0);
    const architectures = Array.from({ length: 300 }, () => randomArchitecture(space, random));
    // Logits of two classes whose difference grows with the architecture's score.
    const logits = architectures.map((architecture) => {
      const margin = score(encodeArchitecture(decisions, architecture)) / 10 + 0.02 * random.normal();
      return Float32Array.of(margin, 0, 0, margin);
    });
    const table = { architectures, logits, labels: Int32Array.of(0, 1), classes: 2 };
    const fitted = fitUtilities(decisions, table, [[0, 1]]);
    const fresh = Array.from({ length: 60 }, () => encodeArchitecture(decisions, randomArchitecture(space, random)));
    const predicted = fresh.map((row) => row.reduce((sum, on, o) => sum + on * (fitted[o] as number), 0));
    expect(correlation(fresh.map(score), predicted)).to.be.greaterThan(0.98);
  });
});

describe('generator', () => {
  const random = new Random(9);
  const featureCount = 5;
  const rows = Array.from({ length: 400 }, () =>
    Float32Array.from({ length: featureCount }, () => random.uniform(2, 4)),
  );
  const common = Float32Array.from({ length: options }, () => random.normal());
  const untrained = initializeGenerator(measureFeatures(rows), 16, common, random);
  const known = new Float32Array(options).fill(1);
  const lessons: Lesson[] = rows.map((features) => ({
    features,
    gains: Float32Array.from({ length: options }, (_, o) => {
      const effect = o % 2 === 0 ? (features[0] as number) - 3 : 3 - (features[1] as number);
      return effect + 0.3 * random.normal();
    }),
    known,
  }));

  it('answers with the common utilities before it is trained', () => {
    expect([...utilitiesOf(untrained, rows[0] as Float32Array)]).to.deep.equal([...common]);
  });

  it('learns what a request changes, and keeps it only because held-out lessons agree', async () => {
    const { weights, heldOutRatio } = await fitGenerator(untrained, lessons, fitOptions);
    expect(heldOutRatio).to.be.lessThan(0.5);
    const low = utilitiesOf(weights, Float32Array.of(2, 3, 3, 3, 3));
    const high = utilitiesOf(weights, Float32Array.of(4, 3, 3, 3, 3));
    expect((high[0] as number) - (low[0] as number)).to.be.closeTo(2, 0.6);
    expect((high[1] as number) - (low[1] as number)).to.be.closeTo(0, 0.6);
  });

  it('learns just as well from gains that are a thousand times smaller', async () => {
    const small = lessons.map((lesson) => ({ ...lesson, gains: lesson.gains.map((gain) => gain / 1000) }));
    const { weights, heldOutRatio } = await fitGenerator(untrained, small, fitOptions);
    expect(heldOutRatio).to.be.lessThan(0.5);
    const [low, high] = [2, 4].map((value) => utilitiesOf(weights, Float32Array.of(value, 3, 3, 3, 3)));
    expect((high?.[0] as number) - (low?.[0] as number)).to.be.closeTo(2e-3, 6e-4);
  });

  it('keeps the common utilities where lessons are nothing but noise', async () => {
    const noise = lessons.map((lesson) => ({ ...lesson, gains: lesson.gains.map(() => random.normal()) }));
    const { weights, heldOutRatio } = await fitGenerator(untrained, noise, { ...fitOptions, epochs: 8 });
    expect(heldOutRatio).to.be.within(0.97, 1);
    const change = utilitiesOf(weights, rows[0] as Float32Array).map((utility, o) => utility - (common[o] as number));
    expect(Math.max(...change.map(Math.abs))).to.be.lessThan(0.3);
  });

  it('is exported as an ONNX model that computes the same', async () => {
    const { weights } = await fitGenerator(untrained, lessons, { ...fitOptions, epochs: 3 });
    const session = await InferenceSession.create(exportGenerator(weights), { intraOpNumThreads: 1 });
    const batch = rows.slice(0, 3);
    const data = Float32Array.from(batch.flatMap((row) => [...row]));
    const { utilities } = await session.run({ request: new Tensor('float32', data, [3, featureCount]) });
    batch.forEach((row, i) => {
      utilitiesOf(weights, row).forEach((expected, o) => {
        expect(Number(utilities?.data[i * options + o])).to.be.closeTo(expected, 1e-4);
      });
    });
    await session.release();
  });

  it('refuses too few lessons', async () => {
    let message = '';
    await fitGenerator(untrained, lessons.slice(0, 20), fitOptions).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain('too few');
  });
});

describe('scenarios', () => {
  it('stay within the range of their device, and ask for two classes or more', () => {
    const random = new Random(11);
    for (let i = 0; i < 100; i++) {
      const { classes, latency, latencyMs } = randomScenario(source, random);
      expect(classes.length).to.be.greaterThan(1);
      expect([...classes]).to.deep.equal([...new Set(classes)].sort((a, b) => a - b));
      const cheapest = architectureCost(latency, decisions, smallestArchitecture(space));
      const dearest = architectureCost(latency, decisions, largestArchitecture(space));
      expect(latencyMs).to.be.within(Math.min(cheapest, dearest), Math.max(cheapest, dearest));
    }
  });

  it('perturb a device reproducibly, and keep every cost positive', () => {
    const device = source.devices[0] as ReturnType<typeof macsTable>;
    const once = perturbedDevice(source, device, new Random(2));
    expect(perturbedDevice(source, device, new Random(2))).to.deep.equal(once);
    expect(once.blocks).to.not.deep.equal(device.blocks);
    expect(once.blocks.flat(2).every((cost) => cost > 0)).to.equal(true);
  });
});

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0);
  return covariance(a, b, meanA, meanB) / Math.sqrt(covariance(a, a, meanA, meanA) * covariance(b, b, meanB, meanB));
}
