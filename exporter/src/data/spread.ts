/** At most `most` of `size` indices, spread evenly, ascending. */
export function spreadEvenly(size: number, most: number): Int32Array {
  const count = Math.min(most, size);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}
