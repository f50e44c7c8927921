import type { ModelBuilder } from '@easel/sdk/onnx';
import { tensor } from '@easel/sdk/tensor';

/** What the predictor knows of classes. */
export interface ClassSetFacts {
  /** `[classes, classes]` each, of the less and of the more accurate half of the subnets; see `ClassScorer.confusions`. */
  readonly confusions: readonly [Float32Array, Float32Array];
  /** Validation images per class. */
  readonly images: readonly number[];
}

/**
 * How many numbers describe a class set: four per table of confusions, two of its size, and one per class.
 *
 * Which error follows from pairwise confusions depends on how often two wrong classes win on the same image: never (the
 * sum), independently (1 - exp(-sum)), or often to always (2- and 4-norm: the worst rival counts most). A set's error
 * lies between them, so all four are given, each averaged over the set's classes.
 */
export function classSetFeatureCount(classes: number): number {
  return 4 * 2 + 2 + classes;
}

/** @param classes indices @returns `[classSetFeatureCount]` */
export function classSetFeatures({ confusions, images }: ClassSetFacts, classes: readonly number[]): number[] {
  const total = images.length;
  const size = classes.length;
  const features: number[] = [];
  for (const table of confusions) {
    const means = [0, 0, 0, 0] as [number, number, number, number];
    for (const c of classes) {
      let [sum, squares, fourths] = [0, 0, 0];
      for (const d of classes) {
        const confusion = table[c * total + d] as number;
        sum += confusion;
        squares += confusion ** 2;
        fourths += confusion ** 4;
      }
      means[0] += sum / size;
      means[1] += (1 - Math.exp(-sum)) / size;
      means[2] += Math.sqrt(squares) / size;
      means[3] += fourths ** 0.25 / size;
    }
    features.push(...means);
  }
  const shares = new Array<number>(total).fill(0);
  for (const c of classes) shares[c] = 1 / size;
  return [...features, Math.log(size), 1 / size, ...shares];
}

/** The same as nodes of a model. @param set `[batch, classes]`, 0 or 1 @returns `[batch, classSetFeatureCount]` */
export function addClassSetFeatures(model: ModelBuilder, { confusions, images }: ClassSetFacts, set: string): string {
  const total = images.length;
  const ones = model.initializer('ones', tensor([total, 1], new Float32Array(total).fill(1)));
  const size = model.node('MatMul', [set, ones]);
  const meanOverSet = (values: string) =>
    model.node('Div', [model.node('MatMul', [model.node('Mul', [set, values]), ones]), size]);
  const features: string[] = [];
  for (const [half, table] of confusions.entries()) {
    const rows = model.initializer(`confusions.${half}`, tensor([total, total], table));
    const confusion = model.node('Transpose', [rows], { perm: [1, 0] });
    const square = model.node('Mul', [confusion, confusion]);
    const fourth = model.node('Mul', [square, square]);
    // Of every class, over its rivals in the set.
    const sum = model.node('MatMul', [set, confusion]);
    const independent = model.node('Sub', [model.scalar(1), model.node('Exp', [model.node('Neg', [sum])])]);
    const norm2 = model.node('Sqrt', [model.node('MatMul', [set, square])]);
    const norm4 = model.node('Sqrt', [model.node('Sqrt', [model.node('MatMul', [set, fourth])])]);
    features.push(...[sum, independent, norm2, norm4].map(meanOverSet));
  }
  const shares = model.node('Div', [set, size]);
  return model.node('Concat', [...features, model.node('Log', [size]), model.node('Reciprocal', [size]), shares], {
    axis: 1,
  });
}
