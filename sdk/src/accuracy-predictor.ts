import { adapterFor, type ManifestEssentials, predictorInputs, predictorOutputs } from './bundle/index.js';
import type { Runtime, Session } from './runtime/index.js';
import { type Architecture, type Decision, encodeArchitecture } from './space/index.js';
import { type Tensor, tensor } from './tensor/index.js';

/** What accuracy a subnet should have on images that nobody has seen. */
export interface PredictedAccuracy {
  /** 0..1 */
  readonly value: number;
  /** Standard deviation of its error. */
  readonly deviation: number;
}

/** predictor.onnx: class sets and architectures to accuracies. */
export class AccuracyPredictor {
  private constructor(
    readonly session: Session,
    readonly decisions: readonly Decision[],
    readonly manifest: ManifestEssentials,
  ) {}

  static async open(model: Uint8Array, decisions: readonly Decision[], manifest: ManifestEssentials, runtime: Runtime) {
    return new AccuracyPredictor(await runtime.createSession(model), decisions, manifest);
  }

  /** @param classes indices, at least two */
  async predict(classes: readonly number[], architectures: readonly Architecture[]): Promise<PredictedAccuracy[]> {
    const rows = architectures.map((each) => encodeArchitecture(this.decisions, each));
    const width = rows[0]?.length ?? 0;
    const classCount = this.manifest.classes.length;
    const sets = tensor([rows.length, classCount]);
    const chosen = tensor([rows.length, width]);
    rows.forEach((row, i) => {
      for (const index of classes) sets.data[i * classCount + index] = 1;
      chosen.data.set(row, i * width);
    });
    const outputs = await this.session.run({ [predictorInputs[0]]: sets, [predictorInputs[1]]: chosen });
    const [values, deviations] = predictorOutputs.map((name) => (outputs[name] as Tensor).data);
    // The model has learned from subnets without adapters.
    const gain = adapterFor(this.manifest, classes)?.gain ?? 0;
    return rows.map((_, i) => ({
      value: Math.min(1, (values?.[i] as number) + gain),
      deviation: deviations?.[i] as number,
    }));
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}
