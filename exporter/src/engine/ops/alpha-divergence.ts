import type { Emitter } from '../emitter.js';
import { ShapeError } from '../errors.js';
import type { Call, Op, Shape } from '../graph.js';

export interface AlphaDivergenceAttributes {
  /** Largest ratio of the student's to the teacher's probability that counts. */
  readonly clip: number;
}

/**
 * AlphaNet's adaptive distillation loss (Wang et al. 2021, section 4; α₋ = -1, α₊ = 1): of every image the larger of
 * two divergences between the teacher's p and the student's q = softmax(logits + mask), averaged over the batch. The one,
 * Σ q (min(q / p, clip) - 1) / 2, punishes a student that is sure where the teacher is not; the other, Σ p log(p / q), one
 * that misses what the teacher sees. Inputs: logits and teacher `[batch, classes]`, the latter rows that sum to one over
 * the classes that take part; mask `[1 or batch, classes]` as in `softCrossEntropy`. Output: the loss `[]`. Only the logits
 * carry a gradient, in which the clipped ratio counts as a constant: as published, it bounds the gradient's variance.
 */
export const alphaDivergence: Op<AlphaDivergenceAttributes> = {
  name: 'alphaDivergence',
  shapes([logits, teacher, mask]) {
    const masks = [`1,${logits?.[1]}`, logits?.join()];
    if (logits?.length !== 2 || logits.join() !== teacher?.join() || !masks.includes(mask?.join())) {
      throw new ShapeError('alphaDivergence', [logits, teacher, mask] as Shape[], 'two [b, n] and a [1 or b, n]');
    }
    return [[]];
  },
  emit(e, call) {
    const { over, under } = divergences(e, call);
    return [e.reduceMean(e.node('Max', [over, under]), [0, 1])];
  },
  gradient(e, call) {
    const { inputs, shapes, gradient } = call;
    const { student, ratio, over, under } = divergences(e, call);
    const overestimates = e.isPositive(e.subtract(over, under));
    const expected = e.reduceSum(e.multiply(student, ratio), [1], true);
    const ofOver = e.multiply(student, e.subtract(ratio, expected));
    const ofUnder = e.subtract(student, inputs[1] as string);
    // The one or the other, row by row.
    const perLogit = e.add(ofUnder, e.multiply(overestimates, e.subtract(ofOver, ofUnder)));
    return [e.multiply(e.scale(perLogit, 1 / (shapes[0]?.[0] as number)), gradient), undefined, undefined];
  },
};

/** Both divergences, `[batch, 1]`, and what they are made of, `[batch, classes]`. */
function divergences(e: Emitter, { inputs, attributes: { clip } }: Call<AlphaDivergenceAttributes>) {
  const [logits, teacher, mask] = inputs as [string, string, string];
  const logStudent = e.node('LogSoftmax', [e.add(logits, mask)], { axis: 1 });
  const student = e.node('Exp', [logStudent]);
  // Classes that do not take part have a p and a q of 0, and must count nothing.
  const positive = e.node('Max', [teacher, e.scalar(SMALLEST)]);
  const ratio = e.node('Min', [e.divide(student, positive), e.scalar(clip)]);
  const over = e.reduceSum(e.scale(e.multiply(student, e.subtract(ratio, e.scalar(1))), 0.5), [1], true);
  const logTeacher = e.node('Log', [positive]);
  const under = e.reduceSum(e.multiply(teacher, e.subtract(logTeacher, logStudent)), [1], true);
  return { student, ratio, over, under };
}

/** Below it a probability counts as this. */
const SMALLEST = 1e-12;
