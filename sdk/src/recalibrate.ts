import type { CalibrationImages, Preprocessing } from './bundle/index.js';
import { imageTensor } from './image/index.js';
import type { Session } from './runtime/index.js';
import type { Architecture } from './space/index.js';
import { imageInput, measuredStatistics, type Statistics, type Supernet, statisticsModel } from './subnet/index.js';
import { tensor } from './tensor/index.js';

export interface RecalibrationParts {
  readonly images: CalibrationImages;
  readonly preprocessing: Preprocessing;
  createSession(model: Uint8Array): Promise<Session>;
}

/** Batch-norm statistics of one architecture, exact for these images: one run of the subnet over all of them. */
export async function recalibratedStatistics(
  supernet: Supernet,
  architecture: Architecture,
  { images: { images, resolution: side, bytes }, preprocessing, createSession }: RecalibrationParts,
): Promise<Statistics> {
  const { resolution } = architecture;
  const input = tensor([images, 3, resolution, resolution]);
  const imageBytes = side * side * 3;
  for (let i = 0; i < images; i++) {
    const data = bytes.subarray(i * imageBytes, (i + 1) * imageBytes);
    const { data: image } = imageTensor({ data, width: side, height: side, channels: 3 }, resolution, preprocessing);
    input.data.set(image, i * image.length);
  }
  const session = await createSession(statisticsModel(supernet, architecture));
  try {
    return measuredStatistics(supernet, architecture, await session.run({ [imageInput]: input }));
  } finally {
    await session.dispose();
  }
}
