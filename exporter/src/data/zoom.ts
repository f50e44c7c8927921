/**
 * Draws an image at another size around its centre, into `output`: both bytes [resolution, resolution, 3]. Bilinear; a
 * smaller image is surrounded by its own edge pixels.
 * @param scale of the drawn image's side to the original's
 */
export function zoom(image: Uint8Array, output: Uint8Array, resolution: number, scale: number): void {
  // Of rows as of columns.
  const places = sourceOf(resolution, scale);
  const row = resolution * 3;
  let to = 0;
  for (const { first: top, second: bottom, weight: down } of places) {
    for (const { first: left, second: right, weight: across } of places) {
      for (let channel = 0; channel < 3; channel++) {
        const [before, after] = [left * 3 + channel, right * 3 + channel];
        const upper = blend(image[top * row + before] as number, image[top * row + after] as number, across);
        const lower = blend(image[bottom * row + before] as number, image[bottom * row + after] as number, across);
        output[to++] = blend(upper, lower, down) + 0.5;
      }
    }
  }
}

const blend = (first: number, second: number, weight: number) => first * (1 - weight) + second * weight;

/** Between which two source pixels an output pixel lies, and how near the second one. */
interface Between {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

function sourceOf(resolution: number, scale: number): readonly Between[] {
  const centre = (resolution - 1) / 2;
  return Array.from({ length: resolution }, (_, i) => {
    const place = Math.min(resolution - 1, Math.max(0, (i - centre) / scale + centre));
    const first = Math.floor(place);
    return { first, second: Math.min(first + 1, resolution - 1), weight: place - first };
  });
}
