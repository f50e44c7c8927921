/** What every file of this folder exports as `benchmark`. */
export interface Benchmark {
  /** One line for the list of benchmarks. */
  readonly summary: string;
  /** Prints what it does as it goes; the result becomes the last line of the output. */
  run(args: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export const rounded = (value: number, digits = 3) => Number(value.toFixed(digits));
