import { BundleError } from '../errors/index.js';
import type { SearchSpace } from '../space/index.js';
import { type Moments, normalizationsOf, type Statistics } from '../subnet/index.js';
import type { Tensor } from '../tensor/index.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';

/** Batch-norm statistics as a safetensors file: `LAYER/KEY/mean` and `LAYER/KEY/variance`, `[channels]` each. */
export function encodeStatistics(statistics: Statistics): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor>();
  for (const [layer, keys] of statistics) {
    for (const [key, { mean, variance }] of keys) {
      tensors.set(`${layer}/${key}/mean`, mean);
      tensors.set(`${layer}/${key}/variance`, variance);
    }
  }
  return encodeSafetensors(tensors);
}

/** @throws BundleError if any batch norm of the space has no statistics, or has them for another number of channels. */
export function decodeStatistics(file: string, bytes: Uint8Array, space: SearchSpace): Statistics {
  const tensors = readTensors(file, bytes);
  const statistics = new Map<string, Map<string, Moments>>();
  for (const { layer, key, channels } of normalizationsOf(space)) {
    const moment = (name: 'mean' | 'variance'): Tensor => {
      const found = tensors.get(`${layer}/${key}/${name}`);
      if (!found) throw new BundleError(file, `has no ${name} of ${layer} with choice ${key}`);
      if (found.shape.join() !== String(channels)) {
        const shape = found.shape.join(', ');
        throw new BundleError(file, `${name} of ${layer} with choice ${key} is [${shape}], expected [${channels}]`);
      }
      return found;
    };
    const ofLayer = statistics.get(layer) ?? new Map<string, Moments>();
    statistics.set(layer, ofLayer);
    ofLayer.set(key, { mean: moment('mean'), variance: moment('variance') });
  }
  return statistics;
}

function readTensors(file: string, bytes: Uint8Array): Map<string, Tensor> {
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    throw new BundleError(file, (cause as Error).message, { cause });
  }
}
