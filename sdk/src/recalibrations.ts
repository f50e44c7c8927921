import { host } from '#host';
import { type BundleReader, type CalibrationImages, calibrationImages } from './bundle/index.js';
import { InvalidRequestError } from './errors/index.js';
import { Memo } from './memo.js';
import { recalibratedStatistics } from './recalibrate.js';
import type { Execution } from './runtime/index.js';
import { type Architecture, formatArchitecture } from './space/index.js';
import type { Statistics, Supernet } from './subnet/index.js';

/** Statistics that are kept: without the weights, which are the supernet's. */
const most = 64;

/** Supernets with statistics that fit one architecture, measured when they are first needed; the newest are remembered. */
export class Recalibrations {
  #calibration: Promise<CalibrationImages | undefined> | undefined;
  readonly #measured = new Memo<Statistics>(most);

  constructor(
    readonly reader: BundleReader,
    readonly execution: Execution,
  ) {}

  /** @throws InvalidRequestError if the bundle has no images for it */
  async get(supernet: Supernet, architecture: Architecture): Promise<Supernet> {
    const name = `${formatArchitecture(architecture)} ${supernet.adapter}`;
    const statistics = await this.#measured.get(name, () => this.#measure(supernet, architecture));
    return { ...supernet, statistics };
  }

  async #measure(supernet: Supernet, architecture: Architecture): Promise<Statistics> {
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
    return recalibratedStatistics(supernet, architecture, {
      images,
      preprocessing: this.reader.manifest.preprocessing,
      createSession: (model) => host.runtime.createSession(model, { threads, provider }),
    });
  }
}
