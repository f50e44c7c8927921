/**
 * Draws an image at another size around its centre, into `output`: both bytes [resolution, resolution, 3]. Bilinear; a
 * smaller image is surrounded by its own edge pixels.
 * @param scale of the drawn image's side to the original's
 */
export function zoom(image: Uint8Array, output: Uint8Array, resolution: number, scale: number): void {
  const columns = sourceOf(resolution, scale);
  const row = resolution * 3;
  let to = 0;
  for (const { first: top, second: bottom, weight: down } of columns) {
    for (const { first: left, second: right, weight: across } of columns) {
      for (let channel = 0; channel < 3; channel++) {
        const at = (y: number, x: number) => image[y * row + x * 3 + channel] as number;
        const upper = at(top, left) * (1 - across) + at(top, right) * across;
        const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
        output[to++] = upper * (1 - down) + lower * down + 0.5;
      }
    }
  }
}

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
