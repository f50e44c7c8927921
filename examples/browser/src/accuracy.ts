import { type Architecture, decisionsOf, encodeArchitecture, type SearchSpace } from '@easel/sdk/space';

/** What the bundle's manifest knows about one task: accuracy as a sum over an architecture's choices. */
interface AdditiveAccuracy {
  readonly mean: number;
  readonly gains: readonly number[];
}

/**
 * The share of images told apart rightly, 0..1, that architectures are predicted to reach: for bundles that come without
 * predictor.onnx, which `easel.predict` would ask.
 */
export class AccuracyModel {
  readonly #tasks: Readonly<Record<string, AdditiveAccuracy>>;
  readonly #space: SearchSpace;

  private constructor(tasks: Readonly<Record<string, AdditiveAccuracy>>, space: SearchSpace) {
    this.#tasks = tasks;
    this.#space = space;
  }

  /** From the figures that were measured when the bundle was made; a bundle without them predicts nothing. */
  static async load(bundle: URL, space: SearchSpace): Promise<AccuracyModel> {
    const manifest = await (await fetch(`${bundle}/manifest.json`)).json();
    return new AccuracyModel(manifest.accuracy?.predictor?.tasks ?? {}, space);
  }

  /** The mean over the tasks: how well each is told apart within itself. */
  predict(tasks: readonly string[], architecture: Architecture): number | undefined {
    const encoded = encodeArchitecture(decisionsOf(this.#space), architecture);
    const known = tasks
      .flatMap((task) => this.#tasks[task] ?? [])
      .filter(({ gains }) => gains.length === encoded.length);
    if (known.length === 0 || known.length < tasks.length) return undefined;
    const accuracies = known.map(({ mean, gains }) =>
      encoded.reduce((sum, chosen, option) => sum + chosen * (gains[option] as number), mean),
    );
    return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  }
}
