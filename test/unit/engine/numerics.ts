/** ||actual - expected|| / ||expected||; infinite where a number is missing or is none. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 0): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) difference += ((actual[i] as number) - (expected[i] as number)) ** 2;
  if (difference === 0) return 0;
  const error = Math.sqrt(difference) / Math.max(norm(expected), floor);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

export function norm(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
