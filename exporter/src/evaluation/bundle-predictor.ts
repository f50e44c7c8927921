import { type Bundle, predictorInputs, predictorOutputs } from '@easel/sdk/bundle';
import { nodeRuntime } from '@easel/sdk/node';
import { type Architecture, decisionsOf, encodeArchitecture } from '@easel/sdk/space';
import { type Tensor, tensor } from '@easel/sdk/tensor';

/** A bundle's accuracy predictor, for searches that ask it about many architectures at a time. */
export interface BundlePredictor {
  /** Predicted accuracies (0..1) on a class set, given by indices. */
  readonly predict: (classes: readonly number[], architectures: readonly Architecture[]) => Promise<number[]>;
  readonly dispose: () => Promise<void>;
}

/** Undefined where the bundle has none. */
export async function openBundlePredictor({ manifest, predictor }: Bundle): Promise<BundlePredictor | undefined> {
  if (!predictor) return undefined;
  const session = await nodeRuntime.createSession(predictor);
  const decisions = decisionsOf(manifest.space);
  const total = manifest.classes.length;
  return {
    async predict(classes, architectures) {
      const rows = architectures.map((architecture) => encodeArchitecture(decisions, architecture));
      const width = rows[0]?.length ?? 0;
      const sets = tensor([rows.length, total]);
      const chosen = tensor([rows.length, width]);
      rows.forEach((row, i) => {
        for (const index of classes) sets.data[i * total + index] = 1;
        chosen.data.set(row, i * width);
      });
      const outputs = await session.run({ [predictorInputs[0]]: sets, [predictorInputs[1]]: chosen });
      return [...(outputs[predictorOutputs[0]] as Tensor).data];
    },
    dispose: () => session.dispose(),
  };
}
