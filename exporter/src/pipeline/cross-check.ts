import type { Easel } from '@easel/sdk';
import { type Architecture, formatArchitecture } from '@easel/sdk/space';
import type { Dataset } from '../data/index.js';
import type { Logits } from '../evaluation/index.js';

/** The same images by two ways: one by one through `classifier.classify`, and out of the pass over all classes. */
export interface CrossCheck {
  readonly task: string;
  readonly architecture: string;
  readonly images: number;
  /** Images that both ways put into the same class. */
  readonly agreeing: number;
  /** By `classifier.classify`. */
  readonly accuracy: number;
}

interface Context {
  readonly easel: Easel;
  readonly dataset: Dataset;
  /** The bundle's. */
  readonly classes: readonly string[];
  /** Of the architecture, over all classes; `images` are those that it went over. */
  readonly pass: Logits & { readonly images: Int32Array };
}

const MOST_IMAGES = 500;

/** Whether the accuracies of an evaluation are those that an application would see. */
export async function crossCheck(
  { task, architecture }: { readonly task: string; readonly architecture: Architecture },
  { easel, dataset, classes, pass: { images, logits, labels } }: Context,
): Promise<CrossCheck> {
  const name = formatArchitecture(architecture);
  const members = (easel.tasks[task] as readonly string[]).map((className) => classes.indexOf(className));
  const positions = [...images.keys()].filter((i) => members.includes(labels[i] as number)).slice(0, MOST_IMAGES);
  const side = dataset.resolution;
  const data = new Uint8Array(side * side * 3);
  const classifier = await easel.specialize({ tasks: [task], architecture });
  let agreeing = 0;
  let right = 0;
  try {
    for (const i of positions) {
      dataset.test.read([images[i] as number], data);
      const [best] = await classifier.classify({ data, width: side, height: side, channels: 3 });
      const row = logits.subarray(i * classes.length, (i + 1) * classes.length);
      const expected = members.reduce((a, b) => ((row[b] as number) > (row[a] as number) ? b : a));
      if (best?.className === classes[expected]) agreeing++;
      if (best?.className === classes[labels[i] as number]) right++;
    }
  } finally {
    await classifier.dispose();
  }
  return { task, architecture: name, images: positions.length, agreeing, accuracy: right / positions.length };
}
