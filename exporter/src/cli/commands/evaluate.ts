import { availableParallelism } from 'node:os';
import { budgetMetrics } from '@easel/sdk/generator';
import { type Command, Option } from 'commander';
import type { Evaluation, EvaluationRow } from '../../pipeline/evaluate.js';
import { integer, names, positiveInteger } from '../arguments.js';
import { easelCommand, note, print } from '../command.js';
import { interruptible } from '../interrupt.js';
import { ProgressGroup } from '../progress-group.js';
import { openEasel, withBundleOptions } from '../request-options.js';
import { type Column, formatTable, milliseconds, percent, shortCount } from '../table.js';

interface Flags {
  bundle: string;
  profile?: string;
  threads?: number;
  data: string;
  resolution?: number;
  dataSeed?: number;
  tasks?: readonly string[];
  budgets: number;
  metric?: Evaluation['metric'];
  images?: number;
  repeats?: number;
  json?: string;
  report?: string;
  overfitting?: boolean;
  quiet?: boolean;
}

export function evaluateCommand(): Command {
  const command = easelCommand('evaluate', 'Measure what a bundle answers to tasks and budgets, on test images.', [
    'easel evaluate --bundle bundle --data glyphs --tasks digits,vowels --budgets 5',
    'easel evaluate --bundle bundle --data photos.tar --profile phone.json --json results.json',
  ]);
  return withBundleOptions(command)
    .requiredOption(
      '--data <set>',
      '"glyphs", a folder or .tar of train/CLASS/*.jpg and test/CLASS/*.jpg, or the binary files of CIFAR-10/100',
    )
    .option('--resolution <px>', "side of the images (default: the data set's own)", positiveInteger)
    .option('--data-seed <n>', 'as in training; decides the test images of glyphs', integer)
    .option('--tasks <names>', 'separated by commas (default: all of the bundle)', names)
    .option('--budgets <n>', 'how many, spread between the smallest and the largest subnet', positiveInteger, 5)
    .addOption(
      new Option('--metric <metric>', 'of the budgets (default: latencyMs with a profile, else macs)').choices(
        budgetMetrics,
      ),
    )
    .option('--images <n>', 'at most so many test images (default: all)', positiveInteger)
    .option('--repeats <n>', 'timed runs per subnet (default: 60)', positiveInteger)
    .option('--json <file>', 'write the results, with more columns than the table')
    .option('--report <file>', 'write a page of plots (.html): accuracy against latency, beside what searches find')
    .option('--overfitting', 'also accuracy of the largest and the smallest subnet on training and validation images')
    .option('--quiet', 'no progress')
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { evaluate } = await import('../../pipeline/evaluate.js');
  const { openData } = await import('../../pipeline/run-directory.js');
  const { bundle, data, resolution, dataSeed, tasks, budgets, metric, images, repeats, json, report, overfitting } =
    flags;
  const easel = await openEasel(flags);
  const progress = new ProgressGroup(flags.quiet);
  try {
    const source = {
      spec: data,
      ...(resolution === undefined ? {} : { resolution }),
      ...(dataSeed === undefined ? {} : { seed: dataSeed }),
    };
    const dataset = await openData(source, (done, total) => progress.update('reading images', done, total));
    const evaluation = await interruptible('stopping; nothing will be written', (signal) =>
      evaluate({
        bundle,
        easel,
        dataset,
        budgets,
        threads: availableParallelism(),
        signal,
        ...(tasks === undefined ? {} : { tasks }),
        ...(metric === undefined ? {} : { metric }),
        ...(images === undefined ? {} : { images }),
        ...(repeats === undefined ? {} : { repeats }),
        ...(report === undefined ? {} : { baselines: true }),
        ...(overfitting ? { overfitting } : {}),
        onProgress: (stage, done, total) => progress.update(stage, done, total),
      }),
    );
    progress.stop();
    if (json !== undefined) {
      const { writeJson } = await import('../../pipeline/files.js');
      await writeJson(json, evaluation);
      note(`results: ${json}`);
    }
    if (report !== undefined) {
      const { writeFileAtomically } = await import('../../pipeline/files.js');
      const { paretoPage } = await import('../../pipeline/pareto-page.js');
      await writeFileAtomically(
        report,
        paretoPage(evaluation, new Date().toISOString().slice(0, 16).replace('T', ' ')),
      );
      note(`report: ${report}`);
    }
    print(formatEvaluation(evaluation));
  } finally {
    progress.stop();
    await easel.dispose();
  }
}

export function formatEvaluation({ rows, metric, device, threads, crossCheck, overfitting }: Evaluation): string {
  const right = { align: 'right' as const };
  const isCompared = rows.some(({ subnet }) => subnet.startsWith('searched'));
  const isAdapted = rows.some(({ withoutAdapter }) => withoutAdapter !== undefined);
  const columns: Column<EvaluationRow>[] = [
    { title: 'task', text: ({ task }) => task },
    ...(isCompared ? [{ title: 'subnet', text: ({ subnet }: EvaluationRow) => subnet }] : []),
    {
      title: 'budget',
      ...right,
      text: ({ budget, subnet }) => (budget === undefined ? subnet : amount(metric, budget)),
    },
    { title: 'architecture', text: ({ architecture }) => architecture },
    { title: 'MACs', ...right, text: ({ macs }) => shortCount(macs) },
    {
      title: 'predicted',
      ...right,
      text: ({ predictedMs }) => (predictedMs === undefined ? '-' : milliseconds(predictedMs)),
    },
    { title: 'measured', ...right, text: ({ measuredMs }) => milliseconds(measuredMs) },
    { title: '', text: exceeded },
    { title: 'accuracy', ...right, text: ({ accuracy }) => percent(accuracy) },
    ...(isAdapted
      ? [
          {
            title: 'without adapter',
            ...right,
            text: ({ withoutAdapter }: EvaluationRow) => (withoutAdapter === undefined ? '-' : percent(withoutAdapter)),
          },
        ]
      : []),
    { title: 'of all classes', ...right, text: ({ unspecialized }) => percent(unspecialized) },
    { title: 'all images', ...right, text: ({ allClasses }) => percent(allClasses) },
  ];
  const generated = rows.filter(({ subnet }) => subnet === 'generated');
  const count = (field: 'exceedsByTable' | 'exceedsMeasured') => generated.filter((row) => row[field]).length;
  const clearly = generated.filter(({ budget, measuredMs }) => measuredMs > 1.05 * (budget as number)).length;
  const measured =
    metric === 'latencyMs' ? `, ${count('exceedsMeasured')} when measured (${clearly} by more than 5 %)` : '';
  return [
    formatTable(columns, rows),
    '',
    "accuracy: the task's test images, told apart from each other; of all classes: the same images and architecture, told",
    'apart from all classes; all images: the same architecture on all test images and classes',
    `latency: predicted by ${device ?? 'no profile'}; measured here (median run), threads: ${threads}`,
    ...(crossCheck
      ? [
          `cross-check: classifier.classify agrees on ${crossCheck.agreeing} of ${crossCheck.images} images ` +
            `(${crossCheck.task}, ${crossCheck.architecture}, accuracy ${percent(crossCheck.accuracy)})`,
        ]
      : []),
    ...(overfitting ? ['', formatOverfitting(overfitting), ''] : []),
    `budgets exceeded, of ${generated.length}: ${count('exceedsByTable')} by the table${measured}`,
  ].join('\n');
}

function formatOverfitting({ images, ...accuracies }: NonNullable<Evaluation['overfitting']>): string {
  const column = (title: string, split: keyof typeof images): Column<keyof typeof accuracies> => ({
    title: `${title} (${images[split]})`,
    align: 'right',
    text: (subnet) => percent(accuracies[subnet][split]),
  });
  const columns: Column<keyof typeof accuracies>[] = [
    { title: 'over all classes, by images', text: (subnet) => subnet },
    column('training', 'train'),
    column('validation', 'validation'),
    column('test', 'test'),
  ];
  return formatTable(columns, ['largest', 'smallest']);
}

function amount(metric: Evaluation['metric'], value: number): string {
  return metric === 'latencyMs' ? milliseconds(value) : `${shortCount(value)}${metric === 'modelBytes' ? 'B' : ''}`;
}

function exceeded({ exceedsByTable, exceedsMeasured }: EvaluationRow): string {
  if (exceedsByTable) return 'over (table)';
  return exceedsMeasured ? 'over' : '';
}
