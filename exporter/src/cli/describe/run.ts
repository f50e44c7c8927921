import { stat } from 'node:fs/promises';
import { namesIn } from '../../pipeline/files.js';
import { readRecord } from '../../pipeline/run-directory.js';
import { readCheckpoint } from '../../training/checkpoint.js';
import { checkpointFile, scheduleOf } from '../../training/index.js';
import { formatSeconds } from '../progress.js';
import { shortCount } from '../table.js';
import { formatFields, formatTasks } from './fields.js';

export async function describeRun(directory: string): Promise<string> {
  const record = await readRecord(directory);
  const names = await namesIn(directory);
  const { provenance, data, space, options } = record as NonNullable<typeof record>;
  const run = formatFields(`run ${directory}`, [
    ['made by', provenance.command],
    ['started', `${provenance.date}${provenance.commit ? `, commit ${provenance.commit}` : ''}`],
    ['data', data.spec],
    ['search space', space.name],
    [
      'options',
      `seed ${options.seed}, ${options.epochs} + ${options.finishingEpochs} epochs of batches of ${options.batchSize}`,
    ],
    ['generator', names.includes('generator.onnx') ? 'trained' : `not yet: easel generator --run ${directory}`],
  ]);
  if (!names.includes('checkpoint.bin')) return `${run}\n  nothing saved yet`;
  return `${run}\n\n${await describeCheckpoint(checkpointFile(directory))}`;
}

export async function describeCheckpoint(file: string): Promise<string> {
  const { run, step, imagesSeen, seconds, statistics, weights } = await readCheckpoint(file);
  const { totalSteps } = scheduleOf(run.options, run.trainSize);
  const numbers = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
  return formatFields(`checkpoint ${file} (${shortCount((await stat(file)).size)}B)`, [
    ['step', `${step} of ${totalSteps}${step >= totalSteps ? ': finished' : ''}`],
    ['trained', `${shortCount(imagesSeen)} images in ${formatSeconds(seconds)}`],
    ['search space', run.space.name],
    ['weights', `${shortCount(numbers)} in ${weights.size} tensors`],
    ['statistics', statistics ? `of ${statistics.size} layers` : 'not collected yet'],
    ['classes', String(run.classes.length)],
    ['tasks', formatTasks(run.tasks)],
  ]);
}
