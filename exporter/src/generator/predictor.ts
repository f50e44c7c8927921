import { float, ModelBuilder } from '@easel/sdk/onnx';
import type { Random } from '@easel/sdk/random';
import { tensor } from '@easel/sdk/tensor';
import { leastSetsToJudge, type SetScores } from './class-scores.js';
import {
  addClassSetFeatures,
  type ClassSetFacts,
  classSetFeatureCount,
  classSetFeatures,
} from './class-set-features.js';
import { answerOf, type FitOptions, fitNetwork, type Lesson } from './fit.js';
import { initializeGenerator, measureFeatures, type NetworkWeights } from './mlp.js';
import { type PredictorQuality, qualityOf } from './predictor-quality.js';

export interface Predictor {
  readonly weights: NetworkWeights;
  readonly facts: ClassSetFacts;
  readonly quality: PredictorQuality;
}

export interface PredictorInputs {
  /** Encoded architectures, `[options]` each. */
  readonly rows: readonly Float32Array[];
  readonly scores: readonly SetScores[];
  readonly facts: ClassSetFacts;
  readonly random: Random;
  readonly fit: FitOptions;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

const hidden = 64;
/** Of fewer subnets none is left out to judge by. */
const leastSubnetsToJudge = 4;
/** Pairs of subnet and class set to learn from, at most; and how often each pair may be drawn. */
const mostSamples = 30_000;
const repeats = 5;

/**
 * Fits accuracy to class sets and architectures: once without every fifth class set and every seventh subnet, to see how
 * well unseen ones are predicted, then with all of them. Of few class sets, or of few subnets, none is left out: then quality
 * is that of known ones, and says so by 0 class sets or subnets.
 */
export async function fitPredictor(inputs: PredictorInputs): Promise<Predictor> {
  const { rows, scores, facts, random, onProgress } = inputs;
  const leavesSetsOut = scores.length >= leastSetsToJudge;
  const leavesSubnetsOut = rows.length >= leastSubnetsToJudge;
  const isUnseenSet = scores.map((_, s) => leavesSetsOut && s % 5 === 0);
  const isUnseenRow = rows.map((_, r) => leavesSubnetsOut && r % 7 === 3);
  const all = (values: readonly unknown[]) => values.map((_, i) => i);
  const seenSets = all(scores).filter((s) => !isUnseenSet[s]);
  const seenRows = all(rows).filter((r) => !isUnseenRow[r]);
  const lesson = (set: number, row: number): Lesson => {
    const { classes, accuracy } = scores[set] as SetScores;
    return {
      features: predictorFeatures(facts, classes, rows[row] as Float32Array),
      targets: Float32Array.of(accuracy[row] as number),
    };
  };
  const fit = async (sets: readonly number[], subnets: readonly number[], half: 0 | 1) => {
    const samples = Math.max(inputs.fit.batch, Math.min(mostSamples, repeats * sets.length * subnets.length));
    const drawn = Array.from({ length: samples }, () => lesson(random.pick(sets), random.pick(subnets)));
    const average = drawn.reduce((sum, { targets }) => sum + (targets[0] as number), 0) / drawn.length;
    const features = measureFeatures(drawn.slice(0, 4000).map((each) => each.features));
    const initial = initializeGenerator(features, hidden, Float32Array.of(average), random);
    const lessons = drawn.map((each) => ({ ...each, targets: Float32Array.of((each.targets[0] as number) - average) }));
    const progress = (done: number, total: number) => onProgress?.(half * total + done, 2 * total);
    return (await fitNetwork(initial, { ...inputs, lessons, onProgress: progress }, inputs.fit)).weights;
  };

  const partial = await fit(seenSets, seenRows, 0);
  const judgedSets = all(scores).filter((s) => isUnseenSet[s] || !leavesSetsOut);
  const judgedRows = all(rows).filter((r) => isUnseenRow[r] || !leavesSubnetsOut);
  const quality = qualityOf(
    judgedSets.map((set) =>
      judgedRows.map((row) => {
        const { features, targets } = lesson(set, row);
        return { predicted: answerOf(partial, features)[0] as number, measured: targets[0] as number };
      }),
    ),
  );
  return {
    weights: await fit(all(scores), all(rows), 1),
    facts,
    quality: {
      ...quality,
      ...(leavesSetsOut ? {} : { classSets: 0 }),
      ...(leavesSubnetsOut ? {} : { subnets: 0 }),
    },
  };
}

/** `[set features + options]`: as the exported model derives them. */
export function predictorFeatures(
  facts: ClassSetFacts,
  classes: readonly number[],
  architecture: Float32Array,
): Float32Array {
  return Float32Array.from([...classSetFeatures(facts, classes), ...architecture]);
}

/**
 * predictor.onnx: `classes` [batch, classes] (0 or 1) and `architecture` [batch, options] (one-hot choices) to `accuracy`
 * [batch, 1] (0..1) and `deviation` [batch, 1], the standard deviation of its error: what unseen subnets and class sets
 * showed, and the sampling error of the validation images.
 */
export function exportPredictor({ weights, facts, quality }: Predictor): Uint8Array {
  const classes = facts.images.length;
  const [hiddenUnits, features] = weights.hiddenWeight.shape as [number, number];
  const options = features - classSetFeatureCount(classes);
  const model = new ModelBuilder('accuracy predictor');
  const scalar = (value: number) => model.scalar(value);
  const set = model.input('classes', ['batch', classes]);
  const architecture = model.input('architecture', ['batch', options]);
  const input = model.node('Concat', [addClassSetFeatures(model, facts, set), architecture], { axis: 1 });
  const standardized = model.node('Div', [
    model.node('Sub', [input, model.initializer('mean', weights.mean)]),
    model.initializer('scale', weights.deviation),
  ]);
  const hiddenLayer = model.node(
    'Gemm',
    [
      standardized,
      model.initializer('hidden.weight', tensor([hiddenUnits, features], weights.hiddenWeight.data)),
      model.initializer('hidden.bias', weights.hiddenBias),
    ],
    { transB: 1 },
  );
  const predicted = model.node(
    'Gemm',
    [
      model.node('Relu', [hiddenLayer]),
      model.initializer('output.weight', weights.outputWeight),
      model.initializer('output.bias', weights.common),
    ],
    { transB: 1, alpha: float(1) },
  );
  const accuracy = model.node('Clip', [predicted, scalar(0), scalar(1)]);
  const images = model.node('MatMul', [
    set,
    model.initializer('images', tensor([classes, 1], Float32Array.from(facts.images))),
  ]);
  const binomial = model.node('Mul', [accuracy, model.node('Sub', [scalar(1), accuracy])]);
  const variance = model.node('Add', [model.node('Div', [binomial, images]), scalar(quality.rootMeanSquareError ** 2)]);
  model.output(accuracy, ['batch', 1], 'accuracy');
  model.output(model.node('Sqrt', [variance]), ['batch', 1], 'deviation');
  return model.encode();
}
