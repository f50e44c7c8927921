import { type LogitsTable, mean, type ScenarioSource } from '@easel/exporter/generator';
import { Random } from '@easel/sdk/random';
import {
  architectureCost,
  decisionsOf,
  encodeArchitecture,
  macsTable,
  optionCount,
  presetSpace,
  randomArchitecture,
} from '@easel/sdk/space';
import { correlation } from '#fixtures/correlation';

export const space = presetSpace('tiny-32');
export const decisions = decisionsOf(space);
export const options = optionCount(space);
export const source: ScenarioSource = {
  space,
  decisions,
  tasks: [
    [0, 1, 2],
    [3, 4],
  ],
  classes: 6,
  devices: [macsTable(space, 6)],
};
export const fitOptions = {
  epochs: 30,
  batch: 32,
  learningRate: 3e-3,
  weightDecay: 1e-3,
  seed: 3,
};

/** Of how two sets of weights order fresh architectures. */
export function correlationOf(weights: ArrayLike<number>, truth: ArrayLike<number>, random: Random): number {
  const fresh = Array.from({ length: 100 }, () => encodeArchitecture(decisions, randomArchitecture(space, random)));
  const sums = (values: ArrayLike<number>) =>
    fresh.map((row) => row.reduce((sum, on, o) => sum + on * (values[o] as number), 0));
  return correlation(sums(truth), sums(weights));
}

/**
 * Logits in which architectures matter in one way to all classes, and `own` times as much in another way to class 0 and 1;
 * `ofBudgets` times as much in yet another way to cheap ones, and the other way round to dear ones.
 */
export function syntheticTable(
  own: number,
  seed: number,
  { images = 1600, ofBudgets = 0 } = {},
): { table: LogitsTable; special: Float32Array; isCheap: readonly boolean[] } {
  const random = new Random(seed);
  const [shared, special] = [0, 1].map(() => Float32Array.from({ length: options }, () => random.normal()));
  const sum = (row: Float32Array, values?: Float32Array) =>
    row.reduce((total, on, o) => total + on * ((values as Float32Array)[o] as number), 0);
  const architectures = Array.from({ length: 120 }, () => randomArchitecture(space, random));
  const costs = architectures.map((architecture) => architectureCost(macsTable(space, 6), decisions, architecture));
  const middle = mean(costs);
  const isCheap = costs.map((cost) => cost < middle);
  const ofCheap = new Random(seed + 1);
  const cheap = Float32Array.from({ length: options }, () => ofCheap.normal());
  const labels = Int32Array.from({ length: images }, (_, i) => i % 4);
  const difficulty = Float32Array.from(labels, () => random.normal());
  const logits = architectures.map((architecture, a) => {
    const row = encodeArchitecture(decisions, architecture);
    const byCost = ((isCheap[a] ? ofBudgets : -ofBudgets) * sum(row, cheap)) / 8;
    const [common, extra] = [sum(row, shared) / 8 + byCost, (own * sum(row, special)) / 8];
    const values = new Float32Array(images * 4);
    labels.forEach((label, i) => {
      for (let c = 0; c < 4; c++) values[i * 4 + c] = random.normal() / 2;
      const margin = 1 + common + (label < 2 ? extra : -extra) + (difficulty[i] as number);
      values[i * 4 + label] = (values[i * 4 + label] as number) + margin;
    });
    return values;
  });
  return { table: { architectures, logits, labels, classes: 4 }, special: special as Float32Array, isCheap };
}

/** All of two classes or more, of the four that a synthetic table has. */
export const sets = [
  [0, 1],
  [2, 3],
  [0, 2],
  [1, 3],
  [0, 3],
  [1, 2],
  [0, 1, 2],
  [1, 2, 3],
  [0, 1, 3],
  [0, 2, 3],
  [0, 1, 2, 3],
];
