import type { Random } from '@easel/sdk/random';
import { percentileInterval } from './percentile-interval.js';

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
  return bootstrap([{ cells, sign: 1 }], random, draws);
}

/** How much larger the mean difference is over some cells than over others, both of the same tasks and images. */
export function differenceOfDifferences(
  cells: readonly PairedCell[],
  others: readonly PairedCell[],
  random: Random,
  draws = 1000,
): Difference {
  const groups = [
    { cells, sign: 1 },
    { cells: others, sign: -1 },
  ];
  return bootstrap(groups, random, draws);
}

interface Group {
  readonly cells: readonly PairedCell[];
  readonly sign: number;
}

/** What a cell adds to the mean: the images where the two differ, and by how much each counts. */
interface Term {
  readonly images: readonly number[];
  readonly values: readonly number[];
}

function bootstrap(groups: readonly Group[], random: Random, draws: number): Difference {
  const all = groups.flatMap(({ cells }) => cells);
  const tasks = [...new Set(all.map(({ task }) => task))];
  const size = 1 + all.reduce((most, { images }) => images.reduce((a, b) => Math.max(a, b), most), 0);
  const terms = groups.map(({ cells }) => {
    const byTask = new Map(tasks.map((task): [string, Term[]] => [task, []]));
    for (const cell of cells) byTask.get(cell.task)?.push(termOf(cell));
    return byTask;
  });
  const counts = new Uint8Array(size);
  const mean = (byTask: ReadonlyMap<string, readonly Term[]>, chosen: readonly string[]) => {
    let sum = 0;
    let cellCount = 0;
    for (const task of chosen) {
      for (const { images, values } of byTask.get(task) as readonly Term[]) {
        for (let i = 0; i < images.length; i++) sum += (counts[images[i] as number] as number) * (values[i] as number);
        cellCount++;
      }
    }
    return (100 * sum) / cellCount;
  };
  const contrast = (chosen: readonly string[]) =>
    groups.reduce((sum, { sign }, g) => sum + sign * mean(terms[g] as Map<string, Term[]>, chosen), 0);
  counts.fill(1);
  const points = contrast(tasks);
  const resampled = Array.from({ length: draws }, () => {
    for (let i = 0; i < size; i++) counts[i] = poisson(random);
    return contrast(tasks.map(() => random.pick(tasks)));
  });
  return { points, interval: percentileInterval(resampled) };
}

function termOf({ images, first, second }: PairedCell): Term {
  const differing = [...images.keys()].filter((i) => first[i] !== second[i]);
  return {
    images: differing.map((i) => images[i] as number),
    values: differing.map((i) => ((first[i] as number) - (second[i] as number)) / images.length),
  };
}

/** How often an image is drawn: Poisson with mean 1, the limit of drawing with replacement. */
function poisson(random: Random): number {
  let count = 0;
  for (let product = random.float(); product > 0.36787944117144233; product *= random.float()) count++;
  return count;
}
