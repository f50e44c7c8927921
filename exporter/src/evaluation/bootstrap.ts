import type { Random } from '@easel/sdk/random';

/** Per cell, what two choices got right on the same images. */
export interface PairedCell {
  readonly task: string;
  /** Index of every image in the test split. */
  readonly images: Int32Array;
  /** 1 where right. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export interface Difference {
  /** Mean over cells of first - second, in percentage points. */
  readonly points: number;
  /** 95 %, bootstrap over tasks and images. */
  readonly interval: readonly [number, number];
}

/**
 * The mean difference in accuracy between two ways of choosing, and its bootstrap interval: tasks are drawn anew, and
 * images, an image counting equally often in all cells that hold it.
 */
export function pairedDifference(cells: readonly PairedCell[], random: Random, draws = 1000): Difference {
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const byTask = new Map(tasks.map((task) => [task, cells.filter((cell) => cell.task === task)]));
  const size = 1 + cells.reduce((most, { images }) => images.reduce((a, b) => Math.max(a, b), most), 0);
  const differences = new Map(
    cells.map((cell) => [
      cell,
      // Only where the two differ does an image matter to the sum.
      [...cell.images.keys()].filter((i) => cell.first[i] !== cell.second[i]),
    ]),
  );
  const counts = new Uint8Array(size);
  const mean = (chosen: readonly string[], weighted: boolean) => {
    let sum = 0;
    let cellCount = 0;
    for (const task of chosen) {
      for (const cell of byTask.get(task) as PairedCell[]) {
        let difference = 0;
        for (const i of differences.get(cell) as number[]) {
          const weight = weighted ? (counts[cell.images[i] as number] as number) : 1;
          difference += weight * ((cell.first[i] as number) - (cell.second[i] as number));
        }
        sum += difference / cell.images.length;
        cellCount++;
      }
    }
    return (100 * sum) / cellCount;
  };
  const resampled = Array.from({ length: draws }, () => {
    for (let i = 0; i < size; i++) counts[i] = poisson(random);
    return mean(
      tasks.map(() => random.pick(tasks)),
      true,
    );
  }).sort((a, b) => a - b);
  const at = (share: number) => resampled[Math.min(draws - 1, Math.floor(share * draws))] as number;
  return { points: mean(tasks, false), interval: [at(0.025), at(0.975)] };
}

/** How often an image is drawn: Poisson with mean 1, the limit of drawing with replacement. */
function poisson(random: Random): number {
  let count = 0;
  for (let product = random.float(); product > 0.36787944117144233; product *= random.float()) count++;
  return count;
}
