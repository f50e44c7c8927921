import { host } from '#host';
import type { Scenario } from './architecture-generator.js';
import type { BundleReader } from './bundle/index.js';
import { Classifier, type Inference } from './classifier.js';
import type { Planner } from './planner.js';
import type { LatencyCorrection } from './profile/index.js';
import type { SpecializeRequest } from './request.js';
import { type Execution, type Lease, type Session, SessionPool } from './runtime/index.js';
import { type Architecture, formatArchitecture } from './space/index.js';
import { imageInput, type Supernet, writeSubnet } from './subnet/index.js';
import type { SupernetVariants } from './supernet-variants.js';
import { tensor } from './tensor/index.js';

/** A session, and what its model weighs. */
export interface OpenSubnet extends Session {
  readonly modelBytes: number;
}

/** A subnet of a scenario, held open. */
export interface HeldSubnet {
  readonly architecture: Architecture;
  readonly lease: Lease<OpenSubnet>;
}

/** From a request to a classifier: assembles and opens the subnet that the planner chooses, or takes one that is open. */
export class Specializer {
  readonly #subnets: SessionPool<OpenSubnet>;
  #variants: SupernetVariants | undefined;
  /** Where models are assembled: ONNX Runtime copies what it opens. Absent while somebody uses it. */
  #memory: ArrayBuffer | undefined;

  constructor(
    readonly reader: BundleReader,
    readonly supernet: Supernet,
    readonly planner: Planner,
    readonly execution: Execution,
    /** Only where wanted. */
    readonly correction: LatencyCorrection | undefined,
    idleSubnets: number,
  ) {
    this.#subnets = new SessionPool(idleSubnets);
  }

  /** @param onInference is told of every inference: who watches them corrects by itself, and wants the first to be fast */
  async specialize(request: SpecializeRequest, onInference?: (inference: Inference) => void): Promise<Classifier> {
    const { planner } = this;
    const { manifest } = this.reader;
    const scenario = await planner.scenario(request);
    const { classes, limits } = scenario;
    // Before a session is held: reading it may fail.
    await planner.predictor();
    const { recalibrate = false } = request;
    const correction = onInference ? undefined : this.correction;
    const hold = async (architecture: Architecture): Promise<HeldSubnet> => {
      const key = `${formatArchitecture(architecture)} ${classes} ${recalibrate}`;
      const open = async () =>
        this.#open(await this.#source(architecture, classes, recalibrate), architecture, classes);
      return { architecture, lease: await this.#subnets.acquire(key, open) };
    };
    const { architecture, lease } = correction
      ? // Bundlers put it into a file of its own, which only pages that correct load.
        await (await import('./corrected.js')).holdCorrected(request, scenario, { correction, planner, hold })
      : await hold(await planner.chosen(request, scenario));
    try {
      if (onInference) await warmUp(lease.value, architecture);
      const source = await this.#source(architecture, classes, recalibrate);
      const [accuracy] = await planner.accuracies(classes, [architecture]);
      const note = await planner.note(limits, request.budget?.accuracy, correction?.factor);
      planner.assertUsable();
      return new Classifier({
        classes: classes.map((index) => manifest.classes[index] as string),
        architecture,
        predicted: {
          ...planner.costs(architecture, classes.length, correction),
          modelBytes: lease.value.modelBytes,
          ...accuracy,
        },
        note,
        adapter: source.adapter,
        assemble: () => writeSubnet(source, architecture, classes),
        lease,
        preprocessing: manifest.preprocessing,
        sourceResolution: manifest.space.resolutions.at(-1) as number,
        host,
        onInference,
      });
    } catch (error) {
      // Such as `dispose` meanwhile.
      await lease.release();
      throw error;
    }
  }

  /** Frees idle subnets; the others follow when their classifiers are disposed. */
  dispose(): Promise<void> {
    this.#memory = undefined;
    return this.#subnets.close();
  }

  async #source(architecture: Architecture, classes: Scenario['classes'], recalibrate: boolean): Promise<Supernet> {
    if (!recalibrate && !this.reader.manifest.adapters) return this.supernet;
    const { SupernetVariants } = await import('./supernet-variants.js');
    this.#variants ??= new SupernetVariants(this.reader, this.supernet, this.execution);
    return this.#variants.get(architecture, classes, recalibrate);
  }

  async #open(source: Supernet, architecture: Architecture, classes: Scenario['classes']): Promise<OpenSubnet> {
    const memory = this.#memory;
    this.#memory = undefined;
    const model = writeSubnet(source, architecture, classes, { memory });
    const { threads, provider } = this.execution;
    const session = await host.runtime.createSession(model, { threads, provider });
    this.#memory = model.buffer;
    const subnet = Object.assign(session, { modelBytes: model.length });
    // WebGPU compiles in the first run, and may fail in it. On CPUs, a first image warms up just as well.
    if (provider === 'webgpu') await warmUp(subnet, architecture);
    return subnet;
  }
}

/** The first run of a session allocates memory and is slower than all others. */
async function warmUp(subnet: OpenSubnet, { resolution }: Architecture): Promise<void> {
  await subnet.run({ [imageInput]: tensor([1, 3, resolution, resolution]) });
}
