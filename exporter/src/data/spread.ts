/** At most `most` of `size` indices, spread evenly, ascending. */
export function spreadEvenly(size: number, most: number): Int32Array {
  const count = Math.min(most, size);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

/**
 * At most `most` images of a split, spread evenly over its classes and, within each, over the split; ascending indices.
 * Where labels repeat, images at equal distances would be of some classes only: every second of 62 classes in turn.
 */
export function spreadOverClasses(labels: Int32Array, most: number): Int32Array {
  const byClass = Int32Array.from(labels.keys()).sort((a, b) => (labels[a] as number) - (labels[b] as number) || a - b);
  return spreadEvenly(byClass.length, most)
    .map((place) => byClass[place] as number)
    .sort();
}
