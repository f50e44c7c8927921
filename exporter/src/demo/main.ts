import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { profileWarnings } from '@easel/sdk/profile';
import { presetSpace } from '@easel/sdk/space';
import { note, print } from '../cli/command.js';
import { showGeneratorEvent } from '../cli/commands/generator.js';
import { TrainingView } from '../cli/commands/train.js';
import { interruptible } from '../cli/interrupt.js';
import { formatSeconds } from '../cli/progress.js';
import { ProgressGroup } from '../cli/progress-group.js';
import { reportError } from '../cli/report-error.js';
import { InterruptedError, TrainingInterruptedError } from '../errors/index.js';
import { exportRun } from '../pipeline/export.js';
import { trainGeneratorOfRun } from '../pipeline/generator.js';
import { profileThisDevice } from '../pipeline/profile.js';
import { train } from '../pipeline/train.js';
import { askBundle, formatAnswers } from './answers.js';
import * as settings from './settings.js';

/**
 * Everything once, small: train an elastic network, profile this machine, train the generator, write a bundle, and let an
 * application ask it for nine subnets. The stages are those of the CLI's commands.
 */
async function demo(bundle: string, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'easel-demo-'));
  const run = join(directory, 'run');
  const progress = new ProgressGroup();
  const command = 'npm run demo';
  const stage = (title: string) => {
    progress.stop();
    note(`\n[${formatSeconds((performance.now() - started) / 1000)}] ${title}`);
  };
  try {
    const space = presetSpace('tiny-32');
    stage('Training one elastic network to read characters (easel train)');
    const view = new TrainingView(progress);
    const { dataset } = await train({
      directory: run,
      data: { spec: 'glyphs' },
      space,
      options: settings.training,
      evaluationEpochs: 0,
      command,
      signal,
      onStart: (start) => view.start(run, start),
      onEvent: (event) => view.event(event),
    });

    stage('Measuring how long its subnets take on this machine (easel profile)');
    const profile = join(directory, 'this-machine.json');
    const measured = await profileThisDevice(space, {
      ...settings.profile,
      out: profile,
      name: 'this-machine',
      signal,
      onProgress: ({ done, total, secondsLeft }) => progress.update('measuring', done, total, '', secondsLeft),
    });

    progress.stop();
    for (const warning of profileWarnings(measured)) note(warning);

    stage('Training the generator, which chooses the subnet for a task and a budget (easel generator)');
    await trainGeneratorOfRun({
      directory: run,
      profiles: [profile],
      options: settings.generator,
      command,
      signal,
      onEvent: (event) => showGeneratorEvent(progress, event),
    });

    stage(`Writing the bundle that devices get: ${bundle} (easel export)`);
    await exportRun({ directory: run, out: bundle, name: 'demo', overwrite: true, command });

    stage('Asking the bundle for a subnet per task and budget, and classifying unseen images with it');
    const answers = await askBundle(bundle, dataset, {
      ...settings.questions,
      signal,
      onProgress: (done, total) => progress.update('classifying', done, total),
    });
    progress.stop();
    print(`\n${formatAnswers(answers)}`);
    note(`\nDone in ${formatSeconds((performance.now() - started) / 1000)}. The bundle is yours to try:`);
    note(
      `  npx easel specialize --bundle ${bundle} --tasks digits --latency-ms ${firstBudget(answers)} --out digits.onnx`,
    );
  } finally {
    progress.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function firstBudget([answer]: Awaited<ReturnType<typeof askBundle>>): string {
  return (answer?.budgetMs ?? 1).toFixed(3);
}

const { values } = parseArgs({
  options: { bundle: { type: 'string', default: 'demo-bundle' }, debug: { type: 'boolean', default: false } },
});
try {
  await interruptible('stopping', (signal) => demo(values.bundle, signal));
} catch (error) {
  const stopped = error instanceof InterruptedError || error instanceof TrainingInterruptedError;
  if (stopped) note('stopped');
  else reportError(error, values.debug);
  process.exitCode ||= 1;
}
