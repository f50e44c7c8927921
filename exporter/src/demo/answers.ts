import { type Classifier, Easel } from '@easel/sdk';
import { CostTables } from '@easel/sdk/generator';
import { formatArchitecture } from '@easel/sdk/space';
import { type Column, formatTable, milliseconds, percent } from '../cli/table.js';
import type { Dataset } from '../data/index.js';
import { InterruptedError } from '../errors/index.js';
import { budgetLevels } from '../pipeline/evaluate.js';
import { measureLatencies } from '../pipeline/latency.js';

export interface Questions {
  readonly tasks: readonly string[];
  /** Per task, spread between the fastest and the slowest subnet. */
  readonly budgets: number;
  /** Test images per task. */
  readonly images: number;
}

export interface Answer {
  readonly task: string;
  readonly budgetMs: number;
  readonly architecture: string;
  readonly predictedMs: number;
  readonly measuredMs: number;
  readonly predictedAccuracy: number;
  readonly measuredAccuracy: number;
  readonly images: number;
}

/** What an application does: load the bundle, ask for a subnet, classify images with it. */
export async function askBundle(
  bundle: string,
  dataset: Dataset,
  options: Questions & { signal?: AbortSignal; onProgress?: (done: number, total: number) => void },
): Promise<Answer[]> {
  const { tasks, budgets, images: most, signal, onProgress } = options;
  const easel = await Easel.load(bundle, { device: 'this-machine' });
  const tables = new CostTables(easel.space, easel.profile);
  const asked = tasks.flatMap((task) =>
    budgetLevels(tables, 'latencyMs', easel.classes.length, budgets).map((budgetMs) => ({ task, budgetMs })),
  );
  const answers: Omit<Answer, 'measuredMs'>[] = [];
  const subjects: { model: Uint8Array; resolution: number }[] = [];
  for (const { task, budgetMs } of asked) {
    const classifier = await easel.specialize({ tasks: [task], budget: { latencyMs: budgetMs } });
    const { architecture, predicted } = classifier;
    const images = imagesOf(dataset, classifier.classes, most);
    let right = 0;
    for (const [i, image] of images.entries()) {
      if (signal?.aborted) throw new InterruptedError('the demo');
      if (await isRight(classifier, dataset, image)) right++;
      onProgress?.(answers.length * images.length + i + 1, asked.length * images.length);
    }
    answers.push({
      task,
      budgetMs,
      architecture: formatArchitecture(architecture),
      predictedMs: predicted.latencyMs as number,
      predictedAccuracy: predicted.accuracy as number,
      measuredAccuracy: right / images.length,
      images: images.length,
    });
    subjects.push({ model: classifier.toOnnx(), resolution: architecture.resolution });
    await classifier.dispose();
  }
  await easel.dispose();
  const measured = await measureLatencies(subjects, { threads: easel.threads });
  return answers.map((answer, i) => ({ ...answer, measuredMs: measured[i] as number }));
}

async function isRight(classifier: Classifier, { test, classes, resolution: side }: Dataset, image: number) {
  const data = new Uint8Array(side * side * 3);
  test.read([image], data);
  const [best] = await classifier.classify({ data, width: side, height: side, channels: 3 });
  return best?.className === classes[test.labels[image] as number];
}

/** The first test images of these classes. */
function imagesOf({ test, classes }: Dataset, wanted: readonly string[], most: number): number[] {
  return [...test.labels.keys()]
    .filter((i) => wanted.includes(classes[test.labels[i] as number] as string))
    .slice(0, most);
}

export function formatAnswers(answers: readonly Answer[]): string {
  const right = { align: 'right' as const };
  const columns: Column<Answer>[] = [
    { title: 'task', text: ({ task }) => task },
    { title: 'budget', ...right, text: ({ budgetMs }) => milliseconds(budgetMs) },
    { title: 'architecture', text: ({ architecture }) => architecture },
    { title: 'latency: predicted', ...right, text: ({ predictedMs }) => milliseconds(predictedMs) },
    { title: 'measured', ...right, text: ({ measuredMs }) => milliseconds(measuredMs) },
    { title: 'accuracy: predicted', ...right, text: ({ predictedAccuracy }) => percent(predictedAccuracy) },
    { title: 'measured', ...right, text: ({ measuredAccuracy }) => percent(measuredAccuracy) },
    { title: 'images', ...right, text: ({ images }) => String(images) },
  ];
  return [
    'Latency per image (one thread), and accuracy on fonts that were never seen:',
    '',
    formatTable(columns, answers),
    '',
    'Predicted accuracy holds for images like those of the validation set; the test images here are of new fonts.',
    'architecture = resolution : kernel size x expand ratio of each block, a group per unit',
  ].join('\n');
}
