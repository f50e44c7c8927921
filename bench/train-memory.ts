import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '@easel/exporter/data';
import { openEngine } from '@easel/exporter/engine';
import { TrainingInterruptedError } from '@easel/exporter/errors';
import { type TrainingEvent, trainSupernet } from '@easel/exporter/training';
import { presetSpace } from '@easel/sdk/space';
import { type Benchmark, median, rounded } from './benchmark.js';
import { parseFlags, wholeNumber } from './support/flags.js';

export const benchmark: Benchmark = {
  summary: 'resident memory of a training over its steps, and the share of time it waits for data',

  async run(args) {
    const values = parseFlags(args, {
      space: { type: 'string', default: 'mobile-32' },
      data: { type: 'string', default: 'glyphs' },
      batch: { type: 'string', default: '128' },
      steps: { type: 'string', default: '2000' },
    });
    const count = (name: 'batch' | 'steps') => wholeNumber(name, values[name] as string);
    const [batchSize, steps] = [count('batch'), Math.max(20, count('steps'))];
    const { engine } = await openEngine();
    console.log(`${steps} steps of ${values.space} on ${values.data}, batches of ${batchSize}; ${engine.name}`);
    const directory = await mkdtemp(join(tmpdir(), 'easel-bench-'));
    const enough = new AbortController();
    const events: Extract<TrainingEvent, { kind: 'step' }>[] = [];
    const every = Math.max(1, Math.floor(steps / 40));
    const dataset = await openDataset(values.data);
    const epochs = ((steps + every) * batchSize) / dataset.train.size;
    try {
      await trainSupernet({
        dataset,
        space: presetSpace(values.space),
        options: { batchSize, epochs, finishingEpochs: 0 },
        directory,
        engine,
        evaluationEpochs: 0,
        reportSteps: every,
        signal: enough.signal,
        onEvent(event) {
          if (event.kind !== 'step') return;
          events.push(event);
          const { step, memoryMiB, imagesPerSecond, dataShare } = event;
          console.log(
            `  step ${step}: ${memoryMiB} MiB, ${imagesPerSecond.toFixed(0)} images/s, ` +
              `${(100 * dataShare).toFixed(2)} % waiting for data`,
          );
          if (step >= steps) enough.abort();
        },
      });
    } catch (error) {
      if (!(error instanceof TrainingInterruptedError)) throw error;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    // The first tenth fills the pool of subnets; then a quarter at the beginning against one at the end.
    const settled = events.slice(Math.ceil(events.length / 10));
    const quarter = Math.max(1, Math.floor(settled.length / 4));
    const memory = (part: typeof events) => median(part.map(({ memoryMiB }) => memoryMiB));
    const [first, last] = [memory(settled.slice(0, quarter)), memory(settled.slice(-quarter))];
    return {
      steps: events.at(-1)?.step,
      peak_mib: Math.max(...events.map(({ memoryMiB }) => memoryMiB)),
      first_quarter_mib: first,
      last_quarter_mib: last,
      growth: rounded(last / first - 1, 4),
      data_share: rounded(settled.reduce((sum, { dataShare }) => sum + dataShare, 0) / settled.length, 5),
    };
  },
};
