import { overWhite, type Pixels } from './pixels.js';
import { resizeKernel } from './resize.js';

/** `coverSquare` of pixels that were checked already. */
export function coverPixels(pixels: Pixels, side: number): Pixels {
  const { data, width, height, channels } = pixels;
  const from = Math.min(width, height);
  if (channels === 3 && width === side && height === side) return pixels;
  const left = (width - from) >> 1;
  const top = (height - from) >> 1;
  const { taps, weights, indices } = resizeKernel(from, side);
  const bytes = new Uint8Array(from * 3);
  const narrow = (y: number): Float32Array => {
    squareRow(data, ((top + y) * width + left) * channels, channels, bytes);
    const row = new Float32Array(side * 3);
    for (let x = 0; x < side; x++) {
      for (let tap = x * taps; tap < (x + 1) * taps; tap++) {
        const weight = weights[tap] as number;
        const source = 3 * (indices[tap] as number);
        for (let channel = 0; channel < 3; channel++) {
          row[3 * x + channel] = (row[3 * x + channel] as number) + weight * (bytes[source + channel] as number);
        }
      }
    }
    return row;
  };
  // Neighbouring output rows share at most two source rows.
  let recent: { y: number; row: Float32Array }[] = [];
  const narrowed = (y: number): Float32Array => {
    const known = recent.find((each) => each.y === y);
    if (known) return known.row;
    const row = narrow(y);
    recent = [...recent.slice(-1), { y, row }];
    return row;
  };
  const covered = new Uint8ClampedArray(side * side * 3);
  const sums = new Float32Array(side * 3);
  for (let y = 0; y < side; y++) {
    sums.fill(0);
    for (let tap = y * taps; tap < (y + 1) * taps; tap++) {
      const weight = weights[tap] as number;
      if (weight === 0) continue;
      const row = narrowed(indices[tap] as number);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (row[i] as number);
    }
    covered.set(sums, y * side * 3);
  }
  return { data: covered, width: side, height: side, channels: 3 };
}

function squareRow(data: Pixels['data'], start: number, channels: 3 | 4, row: Uint8Array): void {
  if (channels === 3) {
    row.set(data.subarray(start, start + row.length));
    return;
  }
  for (let from = start, to = 0; to < row.length; from += 4, to += 3) {
    const alpha = data[from + 3] as number;
    for (let channel = 0; channel < 3; channel++) {
      row[to + channel] = overWhite(data[from + channel] as number, alpha);
    }
  }
}
