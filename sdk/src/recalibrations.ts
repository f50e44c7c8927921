import { host } from '#host';
import { type BundleReader, type CalibrationImages, calibrationImages } from './bundle/index.js';
import { InvalidRequestError } from './errors/index.js';
import { recalibratedStatistics } from './recalibrate.js';
import { remember } from './remember.js';
import type { Execution } from './runtime/index.js';
import { type Architecture, formatArchitecture } from './space/index.js';
import type { Supernet } from './subnet/index.js';

/** Supernets with statistics that fit one architecture, measured when they are first needed; the newest are remembered. */
export class Recalibrations {
  #calibration: Promise<CalibrationImages | undefined> | undefined;
  readonly #measured = new Map<string, Promise<Supernet>>();

  constructor(
    readonly reader: BundleReader,
    readonly execution: Execution,
  ) {}

  /** @throws InvalidRequestError if the bundle has no images for it */
  get(supernet: Supernet, architecture: Architecture): Promise<Supernet> {
    const name = `${formatArchitecture(architecture)} ${supernet.adapter}`;
    const known = this.#measured.get(name);
    if (known) return known;
    const measured = this.#measure(supernet, architecture).catch((error) => {
      this.#measured.delete(name);
      throw error;
    });
    remember(this.#measured, name, measured);
    return measured;
  }

  async #measure(supernet: Supernet, architecture: Architecture): Promise<Supernet> {
    this.#calibration ??= calibrationImages(this.reader).catch((error) => {
      this.#calibration = undefined;
      throw error;
    });
    const images = await this.#calibration;
    if (!images) {
      throw new InvalidRequestError(
        'recalibrate',
        true,
        'false: this bundle holds no calibration images; export it with --calibration-images 256',
      );
    }
    const { threads, provider } = this.execution;
    const statistics = await recalibratedStatistics(supernet, architecture, {
      images,
      preprocessing: this.reader.manifest.preprocessing,
      createSession: (model) => host.runtime.createSession(model, { threads, provider }),
    });
    return { ...supernet, statistics };
  }
}
