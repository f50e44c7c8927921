import { type Logits, percentileInterval } from '@easel/exporter/evaluation';
import { Random } from '@easel/sdk/random';

/** For every image, which of several questions it belongs to, and whether it was answered right. */
export interface Answers {
  readonly images: number;
  /** Per question (a subnet on a task): 1 where the image belongs to it. */
  readonly asked: readonly Uint8Array[];
  /** 1 where it was answered right. */
  readonly right: readonly Uint8Array[];
}

/** What one subnet's pass over a split says about every task: told apart are just the task's classes. */
export function answersOf({ logits, labels }: Logits, tasks: readonly (readonly number[])[]): Answers {
  const width = logits.length / labels.length;
  const asked = tasks.map(() => new Uint8Array(labels.length));
  const right = tasks.map(() => new Uint8Array(labels.length));
  tasks.forEach((task, t) => {
    labels.forEach((label, image) => {
      if (!task.includes(label)) return;
      (asked[t] as Uint8Array)[image] = 1;
      const own = logits[image * width + label] as number;
      const wins = task.every((other) => other === label || own > (logits[image * width + other] as number));
      if (wins) (right[t] as Uint8Array)[image] = 1;
    });
  });
  return { images: labels.length, asked, right };
}

/** Answers of several subnets to the same images, side by side. */
export function joined(answers: readonly Answers[]): Answers {
  return {
    images: answers[0]?.images ?? 0,
    asked: answers.flatMap(({ asked }) => asked),
    right: answers.flatMap(({ right }) => right),
  };
}

/** The mean over questions of the share answered right, every image counting as often as `weights` says. */
export function meanAccuracy({ asked, right, images }: Answers, weights?: Uint8Array): number {
  let total = 0;
  asked.forEach((belongs, question) => {
    let count = 0;
    let hits = 0;
    for (let image = 0; image < images; image++) {
      if (!belongs[image]) continue;
      const weight = weights ? (weights[image] as number) : 1;
      count += weight;
      hits += weight * (right[question]?.[image] as number);
    }
    total += hits / count;
  });
  return total / asked.length;
}

/** Shares as points of accuracy, with their sign. */
export const signedPoints = (share: number) => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)}`;

/** 95 % interval of a difference whose both sides were drawn alike: what both find hard cancels. */
export function differenceInterval(values: readonly number[], base: readonly number[]) {
  return percentileInterval(values.map((value, i) => value - (base[i] as number)));
}

/** How often each image is drawn when as many are drawn with replacement: the bootstrap's samples (Efron 1979). */
export function resamples(images: number, count: number, random = new Random(1)): readonly Uint8Array[] {
  return Array.from({ length: count }, () => {
    const weights = new Uint8Array(images);
    for (let i = 0; i < images; i++) {
      const drawn = random.integer(images);
      weights[drawn] = (weights[drawn] as number) + 1;
    }
    return weights;
  });
}
