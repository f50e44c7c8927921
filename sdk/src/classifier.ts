import type { Preprocessing } from './bundle/index.js';
import { DisposedError } from './errors/index.js';
import type { Host } from './host/index.js';
import { coverPixels, type ImageInput, squareTensor } from './image/index.js';
import { InFlight, type Lease, type Session } from './runtime/index.js';
import type { Architecture } from './space/index.js';
import { imageInput, logitsOutput } from './subnet/index.js';
import type { Tensor } from './tensor/index.js';

export interface Result {
  readonly className: string;
  /** Among the classifier's own classes, all of which add up to 1. */
  readonly probability: number;
}

/** What a subnet costs. */
export interface Costs {
  /** One inference, by the device profile; absent where Easel was loaded without one. */
  readonly latencyMs?: number;
  /** What the table's latency was multiplied by, where Easel was loaded with `correct`: 1.1 on a slow day. */
  readonly correction?: number;
  readonly macs: number;
  readonly parameters: number;
  /** Exactly the length of `toOnnx()`. */
  readonly modelBytes: number;
}

/** One run of a network. */
export interface Inference {
  /** On the clock of `performance.now()`, in ms. */
  readonly startedAt: number;
  /** From handing the image's tensor to the runtime until the logits are there. */
  readonly ms: number;
}

/** What a subnet costs, and what it should achieve. */
export interface Prediction extends Costs {
  /** Share of unseen images of its classes that it gets right, 0..1; absent where the bundle has no predictor. */
  readonly accuracy?: number;
  /** Where that share lies with a probability of 95 %, for images like those of the validation set. */
  readonly accuracyInterval?: readonly [low: number, high: number];
}

/** What a classifier is made of. */
export interface ClassifierParts {
  readonly classes: readonly string[];
  readonly architecture: Architecture;
  readonly predicted: Prediction;
  readonly note: string | undefined;
  readonly adapter: string | undefined;
  /** Assembles the model, as often as wanted: a session does not need it to be kept. */
  readonly assemble: () => Uint8Array;
  readonly lease: Lease<Session>;
  readonly preprocessing: Preprocessing;
  /** The largest resolution of the search space, in px: at which training read images. */
  readonly sourceResolution: number;
  readonly host: Pick<Host, 'readImage'>;
  /** Told of every inference that succeeded. */
  readonly onInference?: ((inference: Inference) => void) | undefined;
}

/** A subnet for one task, ready to run. Several images may be classified at once. */
export class Classifier {
  /** In the bundle's order, which is that of the model's logits. */
  readonly classes: readonly string[];
  readonly architecture: Architecture;
  readonly predicted: Prediction;
  /** Something that whoever asked should know, such as that a smaller budget would do as well. */
  readonly note: string | undefined;
  /** The bundle's task that the subnet's weights were adapted to, if it has an adapter for one with all of the classes. */
  readonly adapter: string | undefined;
  readonly #parts: ClassifierParts;
  readonly #classifying = new InFlight();
  #disposed = false;

  /** Made by `Easel.specialize`. */
  constructor(parts: ClassifierParts) {
    this.classes = parts.classes;
    this.architecture = parts.architecture;
    this.predicted = parts.predicted;
    this.note = parts.note;
    this.adapter = parts.adapter;
    this.#parts = parts;
  }

  /**
   * @returns every class with its probability, the most probable first
   * @throws ImageError that names the image if it is missing, truncated or malformed
   * @throws DisposedError after `dispose`
   */
  async classify(image: ImageInput): Promise<readonly Result[]> {
    this.#assertUsable();
    return this.#classifying.track(this.#classify(image));
  }

  /**
   * The subnet as an ONNX model: input `image` [1, 3, resolution, resolution], normalized; output `logits` [1, classes].
   * @throws DisposedError after `dispose`
   */
  toOnnx(): Uint8Array {
    this.#assertUsable();
    return this.#parts.assemble().slice();
  }

  /** Gives the session back, once images under way are done. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#classifying.ended();
    await this.#parts.lease.release();
  }

  async #classify(image: ImageInput): Promise<readonly Result[]> {
    const { preprocessing, lease, host, sourceResolution, onInference } = this.#parts;
    // Training reads images at the source resolution and scales them down from there.
    const pixels = coverPixels(await host.readImage(image), sourceResolution);
    const input = squareTensor(pixels, this.architecture.resolution, preprocessing);
    const startedAt = performance.now();
    const { [logitsOutput]: logits } = await lease.value.run({ [imageInput]: input });
    onInference?.({ startedAt, ms: performance.now() - startedAt });
    const probabilities = softmax((logits as Tensor).data);
    return this.classes
      .map((className, i) => ({ className, probability: probabilities[i] as number }))
      .sort((a, b) => b.probability - a.probability);
  }

  #assertUsable(): void {
    if (this.#disposed) throw new DisposedError('classifier');
  }
}

function softmax(logits: Float32Array): readonly number[] {
  const largest = Math.max(...logits);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
