/** For each output position the source positions it averages: `taps` entries of weight and index each. */
export interface ResizeKernel {
  readonly taps: number;
  readonly weights: Float32Array;
  readonly indices: Int32Array;
}

/**
 * Square planes `[planes, from, from]` to `[planes, to, to]`, rows and columns one after the other: smaller ones by
 * averaging areas, larger ones by bilinear interpolation. The same size is returned as it is.
 */
export function resizePlanes(data: Float32Array, planes: number, from: number, to: number): Float32Array {
  if (from === to) return data;
  const { taps, weights, indices } = resizeKernel(from, to);
  const columns = new Float32Array(planes * from * to);
  for (let row = 0; row < planes * from; row++) {
    for (let x = 0; x < to; x++) {
      let sum = 0;
      for (let tap = x * taps; tap < (x + 1) * taps; tap++) {
        sum += (weights[tap] as number) * (data[row * from + (indices[tap] as number)] as number);
      }
      columns[row * to + x] = sum;
    }
  }
  const resized = new Float32Array(planes * to * to);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < to; y++) {
      const target = (plane * to + y) * to;
      for (let tap = y * taps; tap < (y + 1) * taps; tap++) {
        const weight = weights[tap] as number;
        const source = (plane * from + (indices[tap] as number)) * to;
        for (let x = 0; x < to; x++) {
          resized[target + x] = (resized[target + x] as number) + weight * (columns[source + x] as number);
        }
      }
    }
  }
  return resized;
}

export function resizeKernel(from: number, to: number): ResizeKernel {
  return to < from ? areaKernel(from, to) : bilinearKernel(from, to);
}

/** Each output pixel is the mean of the source interval that it covers. */
function areaKernel(from: number, to: number): ResizeKernel {
  const scale = from / to;
  const taps = Math.ceil(scale) + 1;
  const weights = new Float32Array(to * taps);
  const indices = new Int32Array(to * taps);
  for (let x = 0; x < to; x++) {
    const begin = x * scale;
    const end = begin + scale;
    for (let tap = 0; tap < taps; tap++) {
      const position = Math.floor(begin) + tap;
      const overlap = Math.min(end, position + 1) - Math.max(begin, position);
      indices[x * taps + tap] = Math.min(position, from - 1);
      weights[x * taps + tap] = Math.max(0, overlap) / scale;
    }
  }
  return { taps, weights, indices };
}

/** Pixel centres at (x + 0.5), edges clamped. */
function bilinearKernel(from: number, to: number): ResizeKernel {
  const weights = new Float32Array(to * 2);
  const indices = new Int32Array(to * 2);
  for (let x = 0; x < to; x++) {
    const position = Math.min(Math.max(((x + 0.5) * from) / to - 0.5, 0), from - 1);
    const lower = Math.floor(position);
    const fraction = position - lower;
    indices[2 * x] = lower;
    indices[2 * x + 1] = Math.min(lower + 1, from - 1);
    weights[2 * x] = 1 - fraction;
    weights[2 * x + 1] = fraction;
  }
  return { taps: 2, weights, indices };
}
