import type { Manifest } from '@easel/sdk/bundle';
import { type Architecture, decisionsOf, optionCount } from '@easel/sdk/space';
import * as v from 'valibot';
import { predictAccuracy } from '../generator/index.js';

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const predictorSchema = v.object({
  predictor: v.object({
    kind: v.literal('additive'),
    tasks: v.record(
      v.string(),
      v.object({ mean: share, gains: v.array(v.number()), images: v.number(), fitError: v.number() }),
    ),
  }),
});

/** Predicts the accuracy (0..1) of an architecture on a named task. */
export type AccuracyPredictor = (task: string, architecture: Architecture) => number | undefined;

/** The bundle's own predictor; one that knows nothing where the bundle has none. */
export function predictorOf({ accuracy, space }: Manifest): AccuracyPredictor {
  const parsed = v.safeParse(predictorSchema, accuracy);
  if (!parsed.success) return () => undefined;
  const { tasks } = parsed.output.predictor;
  const decisions = decisionsOf(space);
  const count = optionCount(space);
  return (task, architecture) => {
    const model = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
    return model?.gains.length === count ? predictAccuracy(model, decisions, architecture) : undefined;
  };
}
