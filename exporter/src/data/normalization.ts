import type { Dataset } from './dataset.js';
import { spreadEvenly } from './spread.js';

/** What makes a byte a network input: (byte - mean) / std, per RGB channel, in units of 0..255. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const CHUNK = 64;

/** Mean and standard deviation per channel over `sample` images spread evenly over the train split. */
export function measureNormalization(dataset: Dataset, sample = 5000): Normalization {
  const { train, resolution } = dataset;
  const images = spreadEvenly(train.size, sample);
  const imageBytes = resolution * resolution * 3;
  const pixels = new Uint8Array(CHUNK * imageBytes);
  // Histograms: exact integer counts, so the result does not depend on the order of summation.
  const histogram = new Float64Array(3 * 256);
  for (let start = 0; start < images.length; start += CHUNK) {
    const indices = images.subarray(start, start + CHUNK);
    train.read(indices, pixels);
    for (let i = 0; i < indices.length * imageBytes; i += 3) {
      for (let channel = 0; channel < 3; channel++) {
        const bin = channel * 256 + (pixels[i + channel] as number);
        histogram[bin] = (histogram[bin] as number) + 1;
      }
    }
  }
  const moments = [0, 1, 2].map((channel) => momentsOf(histogram.subarray(channel * 256, (channel + 1) * 256)));
  const [red, green, blue] = moments as [Moments, Moments, Moments];
  return { mean: [red.mean, green.mean, blue.mean], std: [red.std, green.std, blue.std] };
}

interface Moments {
  mean: number;
  std: number;
}

function momentsOf(histogram: Float64Array): Moments {
  let count = 0;
  let sum = 0;
  let squares = 0;
  histogram.forEach((occurrences, value) => {
    count += occurrences;
    sum += occurrences * value;
    squares += occurrences * value * value;
  });
  const mean = sum / count;
  // At least one grey level: a channel that never varies must not divide by zero.
  return { mean, std: Math.max(1, Math.sqrt(Math.max(0, squares / count - mean * mean))) };
}
