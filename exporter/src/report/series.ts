/** Rows of numbers, at most `most` of them: where there are more, each is the mean of equally many neighbours. */
export function thinned(
  rows: readonly (readonly (number | undefined)[])[],
  most: number,
): readonly (readonly (number | null)[])[] {
  const each = Math.max(1, Math.ceil(rows.length / most));
  const groups = Array.from({ length: Math.ceil(rows.length / each) }, (_, i) => rows.slice(i * each, (i + 1) * each));
  return groups.map((group) => (group[0] ?? []).map((_, column) => meanOf(group.map((row) => row[column]))));
}

function meanOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return null;
  return Number((known.reduce((sum, value) => sum + value, 0) / known.length).toPrecision(5));
}
