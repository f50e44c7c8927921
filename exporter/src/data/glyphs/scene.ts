import { Random } from '@easel/sdk/random';

/** Least difference of luminance (0 to 255) between the character and the mean of its background. */
const LEAST_CONTRAST = 75;

type Colour = readonly [red: number, green: number, blue: number];

/** Puts ink [resolution, resolution] in one colour on a background into `pixels`, [resolution, resolution, 3]. */
export function paintScene(ink: Float32Array, pixels: Uint8Array, resolution: number, random: Random): void {
  const contrast = random.uniform(LEAST_CONTRAST, 190);
  const dark = random.uniform(5, 250 - contrast);
  const inkIsDark = random.float() < 0.5;
  const ground = inkIsDark ? dark + contrast : dark;
  const inkColour = colour(inkIsDark ? dark : dark + contrast, random);
  const from = colour(ground, random);
  // The second colour of the background keeps at least two thirds of the contrast.
  const to = colour(ground + random.uniform(-0.33, 0.33) * contrast, random);
  const texture = drawTexture(resolution, random);
  const noise = noiseFrom(random, random.float() < 0.7 ? random.uniform(0, 14) : 0);
  for (let i = 0; i < resolution * resolution; i++) {
    const cover = ink[i] as number;
    const mix = texture[i] as number;
    const grain = noise.at(i);
    for (let channel = 0; channel < 3; channel++) {
      const first = from[channel] as number;
      const behind = first + ((to[channel] as number) - first) * mix;
      const value = behind + ((inkColour[channel] as number) - behind) * cover + grain;
      pixels[i * 3 + channel] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    }
  }
}

/** A random colour of the given luminance (Rec. 601), less saturated where the gamut ends. */
function colour(luminance: number, random: Random): Colour {
  const target = Math.min(250, Math.max(5, luminance));
  const red = random.uniform(-1, 1);
  const green = random.uniform(-1, 1);
  const blue = random.uniform(-1, 1);
  const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
  const tint = [red - grey, green - grey, blue - grey] as const;
  let saturation = random.uniform(0, 110);
  for (const part of tint) {
    if (part > 0) saturation = Math.min(saturation, (255 - target) / part);
    else if (part < 0) saturation = Math.min(saturation, target / -part);
  }
  return [target + tint[0] * saturation, target + tint[1] * saturation, target + tint[2] * saturation];
}

/** How much of the background's second colour each pixel has, 0 to 1: [resolution, resolution]. */
function drawTexture(resolution: number, random: Random): Float32Array {
  const mix = new Float32Array(resolution * resolution);
  switch (random.integer(5)) {
    case 0:
      break; // flat
    case 1:
      gradient(mix, resolution, random);
      break;
    case 2:
      clouds(mix, resolution, random);
      break;
    case 3:
      blobs(mix, resolution, random);
      break;
    default:
      stripes(mix, resolution, random);
  }
  return mix;
}

function gradient(mix: Float32Array, resolution: number, random: Random): void {
  const angle = random.uniform(0, 2 * Math.PI);
  const dx = Math.cos(angle) / resolution;
  const dy = Math.sin(angle) / resolution;
  for (let i = 0; i < mix.length; i++) {
    const x = (i % resolution) - resolution / 2;
    const y = Math.floor(i / resolution) - resolution / 2;
    mix[i] = Math.min(1, Math.max(0, 0.5 + x * dx + y * dy));
  }
}

/** Value noise: random numbers on a coarse grid, interpolated. */
function clouds(mix: Float32Array, resolution: number, random: Random): void {
  const cells = 2 + random.integer(7);
  const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => random.float());
  for (let y = 0; y < resolution; y++) {
    const v = (y * cells) / resolution;
    const row = Math.floor(v);
    const fy = v - row;
    for (let x = 0; x < resolution; x++) {
      const u = (x * cells) / resolution;
      const column = Math.floor(u);
      const fx = u - column;
      const at = row * (cells + 1) + column;
      const upper = (grid[at] as number) * (1 - fx) + (grid[at + 1] as number) * fx;
      const lower = (grid[at + cells + 1] as number) * (1 - fx) + (grid[at + cells + 2] as number) * fx;
      mix[y * resolution + x] = upper * (1 - fy) + lower * fy;
    }
  }
}

/** A few discs, some with soft edges. */
function blobs(mix: Float32Array, resolution: number, random: Random): void {
  const count = 1 + random.integer(4);
  for (let blob = 0; blob < count; blob++) {
    const centreX = random.uniform(0, resolution);
    const centreY = random.uniform(0, resolution);
    const radius = random.uniform(0.1, 0.35) * resolution;
    const softness = random.uniform(1, 0.1 * resolution + 1);
    for (let y = 0; y < resolution; y++) {
      for (let x = 0; x < resolution; x++) {
        const distance = Math.sqrt((x - centreX) ** 2 + (y - centreY) ** 2);
        const cover = (radius - distance) / softness + 0.5;
        const i = y * resolution + x;
        if (cover > (mix[i] as number)) mix[i] = Math.min(1, cover);
      }
    }
  }
}

/** Lines like those of ruled paper, wood or a fence. */
function stripes(mix: Float32Array, resolution: number, random: Random): void {
  const angle = random.uniform(0, Math.PI);
  const frequency = (2 * Math.PI * random.uniform(1.5, 6)) / resolution;
  const dx = Math.cos(angle) * frequency;
  const dy = Math.sin(angle) * frequency;
  const phase = random.uniform(0, 2 * Math.PI);
  const hardness = random.uniform(0.5, 2.5);
  for (let i = 0; i < mix.length; i++) {
    const x = i % resolution;
    const y = Math.floor(i / resolution);
    mix[i] = Math.min(1, Math.max(0, 0.5 + hardness * 0.5 * Math.sin(x * dx + y * dy + phase)));
  }
}

/** Gaussian grain, read from one table at a random place: drawing each number afresh would take half of the time. */
const NORMALS = normals(1 << 14);

function noiseFrom(random: Random, sigma: number): { at(i: number): number } {
  const start = random.integer(NORMALS.length);
  const stride = 1 + 2 * random.integer(64);
  const mask = NORMALS.length - 1;
  return { at: (i) => sigma * (NORMALS[(start + i * stride) & mask] as number) };
}

function normals(count: number): Float32Array {
  const random = new Random(count);
  return Float32Array.from({ length: count }, () => random.normal());
}
