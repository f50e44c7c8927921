import type { Random } from '@easel/sdk/random';

/** Where a point of the image lies in the character's cell: a linear map, then waves along both axes. */
interface Warp {
  /** [a, b, c, d]: cell x = a x + b y, cell y = c x + d y, all relative to the centres, in cell pixels. */
  readonly linear: readonly [number, number, number, number];
  readonly shift: readonly [number, number];
  /** Displacement of x as a wave along y, and of y as a wave along x. */
  readonly waves: readonly [Wave, Wave];
}

interface Wave {
  /** In cell pixels. */
  readonly amplitude: number;
  /** Periods over the image. */
  readonly frequency: number;
  readonly phase: number;
}

/**
 * The ink of one character, distorted: rotated, slanted, scaled, shifted, bent, drawn bolder or blurred.
 * `cell` is [side, side] from 0 to 1; the result, of the same kind, is written to `ink`, [resolution, resolution].
 */
export function drawShape(
  cell: Float32Array,
  side: number,
  ink: Float32Array,
  scratch: Float32Array,
  resolution: number,
  random: Random,
): void {
  sample(cell, side, ink, resolution, drawWarp(random));
  // Bolder: spread the ink by a part of a pixel, then raise it above its old edge.
  const boldness = random.uniform(0, 0.25);
  blur(ink, scratch, resolution, boldness);
  amplify(ink, 1 + 3 * boldness);
  // Out of focus, half of the time.
  if (random.float() < 0.5) {
    const softness = random.uniform(0.05, 0.25);
    blur(ink, scratch, resolution, softness);
    if (softness > 0.17) blur(ink, scratch, resolution, softness);
  }
}

function drawWarp(random: Random): Warp {
  const angle = random.normal() * 0.1; // radians; sigma is 6 degrees
  const slant = random.uniform(-0.28, 0.28);
  // The range is small enough that c and C can mostly be told apart.
  const scale = random.uniform(0.9, 1.2);
  const stretch = Math.exp(random.normal() * 0.08);
  const scaleX = scale * stretch;
  const scaleY = scale / stretch;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  // The inverse of rotation after slant after scaling, since image points are mapped back to the cell.
  const linear = [(cos + slant * sin) / scaleX, (sin - slant * cos) / scaleX, -sin / scaleY, cos / scaleY] as const;
  const wave = (): Wave => ({
    amplitude: random.uniform(0, 1.1),
    frequency: random.uniform(0.5, 1.4),
    phase: random.uniform(0, 2 * Math.PI),
  });
  const shift = [random.uniform(-2.5, 2.5), random.uniform(-2, 2)] as const;
  return { linear, shift, waves: [wave(), wave()] };
}

/** Bilinear; no ink outside the cell. */
function sample(cell: Float32Array, side: number, ink: Float32Array, resolution: number, warp: Warp): void {
  const [a, b, c, d] = warp.linear;
  const step = side / resolution;
  const alongX = waveTable(warp.waves[1], resolution);
  const alongY = waveTable(warp.waves[0], resolution);
  // In cell coordinates a pixel centre of the cell is at an integer.
  const centre = (side - 1) / 2;
  for (let y = 0; y < resolution; y++) {
    const v = (y + 0.5) * step - side / 2 - warp.shift[1];
    const offsetX = centre + b * v + (alongY[y] as number);
    const offsetY = centre + d * v;
    for (let x = 0; x < resolution; x++) {
      const u = (x + 0.5) * step - side / 2 - warp.shift[0];
      const cellX = a * u + offsetX;
      const cellY = c * u + offsetY + (alongX[x] as number);
      const left = Math.floor(cellX);
      const top = Math.floor(cellY);
      let value = 0;
      if (left >= 0 && top >= 0 && left < side - 1 && top < side - 1) {
        const fx = cellX - left;
        const fy = cellY - top;
        const at = top * side + left;
        const upper = (cell[at] as number) * (1 - fx) + (cell[at + 1] as number) * fx;
        const lower = (cell[at + side] as number) * (1 - fx) + (cell[at + side + 1] as number) * fx;
        value = upper * (1 - fy) + lower * fy;
      }
      ink[y * resolution + x] = value;
    }
  }
}

function waveTable({ amplitude, frequency, phase }: Wave, resolution: number): Float32Array {
  const table = new Float32Array(resolution);
  for (let i = 0; i < resolution; i++) {
    table[i] = amplitude * Math.sin((2 * Math.PI * frequency * i) / resolution + phase);
  }
  return table;
}

/** [weight, 1 - 2 weight, weight] along rows, then along columns, in place; beyond the edge is no ink. */
function blur(ink: Float32Array, scratch: Float32Array, resolution: number, weight: number): void {
  const middle = 1 - 2 * weight;
  for (let y = 0; y < resolution; y++) {
    let left = 0;
    for (let i = y * resolution; i < (y + 1) * resolution; i++) {
      const here = ink[i] as number;
      const right = i + 1 < (y + 1) * resolution ? (ink[i + 1] as number) : 0;
      scratch[i] = weight * (left + right) + middle * here;
      left = here;
    }
  }
  const area = resolution * resolution;
  for (let i = 0; i < area; i++) {
    const above = i >= resolution ? (scratch[i - resolution] as number) : 0;
    const below = i + resolution < area ? (scratch[i + resolution] as number) : 0;
    ink[i] = weight * (above + below) + middle * (scratch[i] as number);
  }
}

/** Scales to full ink, so that hairlines stay visible, times `gain`, cut off at 1. */
function amplify(ink: Float32Array, gain: number): void {
  let most = 0;
  for (let i = 0; i < ink.length; i++) most = Math.max(most, ink[i] as number);
  const factor = most > 0 ? gain / most : 0;
  for (let i = 0; i < ink.length; i++) ink[i] = Math.min(1, (ink[i] as number) * factor);
}
