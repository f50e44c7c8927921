import type { Engine } from '@easel/exporter/engine';
import { initializeWeights } from '@easel/exporter/supernet';
import { GradientSum, Sgd, TrainableSubnet, trainingOptions } from '@easel/exporter/training';
import { Random } from '@easel/sdk/random';
import type { Architecture, SearchSpace } from '@easel/sdk/space';

export interface StepOptions {
  readonly space: SearchSpace;
  readonly architecture: Architecture;
  readonly classes: number;
  readonly batch: number;
  readonly engine: Engine;
}

export interface TrainingStep {
  /** Forward, backward and optimizer. */
  run(): Promise<void>;
  dispose(): Promise<void>;
}

/** What one step of the trainer does with one subnet, on random images that stay the same. */
export async function trainingStep(options: StepOptions): Promise<TrainingStep> {
  const { space, architecture, classes, batch, engine } = options;
  const random = new Random(1);
  const weights = initializeWeights(space, classes, random);
  const state = new Map([...weights].map(([name, { data }]) => [name, data]));
  const subnet = await TrainableSubnet.compile(architecture, {
    space,
    classes,
    batch,
    norm: 'batch',
    engine,
  });
  const optimizer = new Sgd(weights, trainingOptions());
  const gradients = new GradientSum(weights);
  const side = architecture.resolution;
  const images = Float32Array.from({ length: batch * 3 * side * side }, () => random.normal());
  const targets = new Float32Array(batch * classes);
  for (let image = 0; image < batch; image++) targets[image * classes + random.integer(classes)] = 1;
  const mask = new Float32Array(batch * classes);
  return {
    async run() {
      gradients.clear();
      const result = await subnet.run({ state, images, targets, mask });
      for (const [name, gradient] of result.gradients) gradients.add(name, gradient);
      optimizer.step(gradients.tensors, 0.05);
    },
    dispose: () => subnet.dispose(),
  };
}
